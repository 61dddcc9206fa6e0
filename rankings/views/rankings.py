"""The annual ranking as people read it: the years, the draft with what if, the frozen boards, what is behind a line."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from inspections.queries.units import years as years_with_inspections
from printing.papers import stored_pdf
from rankings import columns, rules
from rankings.choices import PEOPLE_BOARDS, Board
from rankings.exports import board_response
from rankings.forms.rankings import BoardForm, WhatIfForm, board_of
from rankings.models import Ranking
from rankings.printouts import rankings as papers
from rankings.queries import drafts, evidence, frozen
from rankings.queries import years as year_queries
from rankings.queries.frozen import Line, YearBoard
from rankings.queries.records import may_open
from rankings.queries.secrecy import hide_secrets, name_has
from rankings.services.freezing import FIRST_YEAR, may_correct
from staff.choices import Action
from staff.gates import needs
from staff.lists import page_of
from staff.permissions import require_post

ROWS = 50
# So many of those without a place stand on the page; all of them in the workbook.
MOST_EXCLUDED = 200


# ── Years ───────────────────────────────────────────────────────────────────
@require_safe
def ranking_list(request):
    """The years that the reader may see, and the way to the draft of this one."""
    _require_business(request.user)
    rankings = year_queries.visible_rankings(request.user)
    this_year = timezone.localdate().year
    context = {
        "rankings": rankings,
        "this_year": this_year,
        "draft_years": _draft_years(this_year, {each.year for each in rankings}),
        "may_draft": request.user.may(Action.READ_RANKING_DRAFT),
        "may_read_inspections": request.user.may(Action.READ_INSPECTIONS),
    }
    return render(request, "rankings/ranking_list.html", context)


def _require_business(user) -> None:
    """三员分立: whoever configures or audits finds nothing here."""
    if not Ranking.objects.reads(user):
        raise Http404


def _draft_years(this_year: int, frozen_years: set[int]) -> list[int]:
    """This year and the last, while they are not frozen."""
    return [year for year in (this_year, this_year - 1) if year not in frozen_years]


@require_safe
def ranking_years(request):
    """How places and scores went from year to year."""
    _require_business(request.user)
    board = board_of(request.GET.get("board", ""))
    rankings = year_queries.visible_rankings(request.user)
    courses = year_queries.courses(rankings, board)
    form = BoardForm(request.GET, units=sorted({each.unit_name for each in courses if each.unit_name}))
    # A secret name is no search term for those from whom it is kept.
    hide_secrets(board, courses, request.user)
    shown = [each for each in courses if _matches(each, form.told)]
    page = page_of(request, shown, ROWS)
    years = sorted(each.year for each in rankings)[-year_queries.MOST_YEARS :]
    context = {
        "board": board, "years": years, "page": page, "form": form, "subject": columns.SUBJECT[board],
        "tabs": _tabs(reverse("rankings:ranking_years"), board), "keep": [("board", board.value)], "is_filtered": any(form.told.values()), "width": len(years) * year_queries.STEP,
        "height": year_queries.HEIGHT, "crumbs": [_home()],
    }  # fmt: skip
    return render(request, "rankings/ranking_years.html", context)


# ── The draft ───────────────────────────────────────────────────────────────
@require_safe
@needs(Action.READ_RANKING_DRAFT)
def ranking_draft(request):
    """排名测算: the year as it would be now, and what if."""
    year, board = _asked_year(request), board_of(request.GET.get("board", ""))
    drafted = drafts.draft(year, boards=_boards_read(board))
    found = frozen.board_of_draft(drafted, board)
    what_if = WhatIfForm(request.GET, user=request.user, year=year)
    other = _other(year, board, what_if, found)
    page, form = _page(request, found, only_changed=bool(other and request.GET.get("changed")))
    hide_secrets(board, [*page.object_list, *found.excluded], request.user)
    query = {"year": year, "board": board.value}
    reads = request.user.may(Action.READ_INSPECTIONS)
    context = _board_context(request, found, page, form) | {
        "what_if": what_if, "other": other, "draft": drafted, "least": drafted.least.of(board),
        "frozen": Ranking.objects.filter(year=year).first(), "may_freeze": request.user.may(Action.FREEZE_RANKING),
        "tabs": _tabs(f"{reverse('rankings:ranking_draft')}?{urlencode(_kept(request, year))}", board), "years": _years_to_draft(),
        "query": urlencode(query), "crumbs": [_home()],
        "sample_url": f"{reverse('inspections:list')}?state=&year={year}" if reads else "",
    }  # fmt: skip
    return render(request, "rankings/ranking_draft.html", context)


def _kept(request, year: int) -> dict:
    """What the other boards are asked beside their name: the year, and what if."""
    return {"year": year, **{name: value for name in ("without", "score") if (value := request.GET.get(name))}}


def _asked_year(request) -> int:
    text = request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else timezone.localdate().year
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise Http404
    return year


def _years_to_draft() -> list[int]:
    this_year = timezone.localdate().year
    return [year for year in years_with_inspections(this_year) if year <= this_year]


def _boards_read(board: Board) -> tuple[Board, ...]:
    return PEOPLE_BOARDS if board in PEOPLE_BOARDS else (Board.PROJECT, Board.UNIT)


def _other(year: int, board: Board, what_if: WhatIfForm, found: YearBoard) -> dict | None:
    """The ranking as it would be, beside each line: `line.other`; how many change. None where nothing is asked."""
    if not what_if.asks:
        return None
    inspection, score = what_if.inspection, what_if.cleaned_data["score"]
    changed = drafts.draft(year, boards=_boards_read(board), **evidence.changes_for(inspection, score))
    after = {each.subject: each for each in [*changed.boards[board], *changed.excluded[board]]}
    moved = 0
    for line in [*found.lines, *found.excluded]:
        line.other = after.get(line.subject)
        place, points = (line.other.place, line.other.score) if line.other else (None, None)
        line.is_changed = (place, points) != (line.place, line.score)
        line.step = rules.change_words(place, line.place) if place and line.place else ""
        moved += line.is_changed
    words = "不计入" if score is None else f"改为 {score} 分"
    return {"inspection": inspection, "score": score, "words": words, "moved": moved}


@require_safe
@needs(Action.READ_RANKING_DRAFT)
def ranking_draft_export(request):
    """The board as it would be now; what if beside, where it is asked for."""
    year, board = _asked_year(request), board_of(request.GET.get("board", ""))
    found = frozen.year_board_of_draft(year, board)
    other = _other(year, board, WhatIfForm(request.GET, user=request.user, year=year), found)
    if other and request.GET.get("changed"):
        found.lines = [line for line in found.lines if line.is_changed]
    return _export(request, found, other)


@require_safe
@needs(Action.READ_RANKING_DRAFT)
def ranking_draft_row(request, board, subject):
    """What a line of the draft rests on."""
    if board not in Board.values:
        raise Http404
    year, board = _asked_year(request), Board(board)
    found = frozen.year_board_of_draft(year, board)
    line = next((each for each in [*found.lines, *found.excluded] if each.subject == subject), None)
    if line is None:
        raise Http404
    ids, missed = line.evidence, []
    if board in PEOPLE_BOARDS:
        told = drafts.evidence_of_people(year, subject)[board, subject]
        ids, missed = told["deliverables"], told["findings"]
    back = f"{reverse('rankings:ranking_draft')}?year={year}&board={board.value}"
    crumbs = [_home(), {"title": f"{year} 年度排名测算", "url": back}]
    return _row_page(request, found, line, ids, missed, crumbs)


# ── Frozen ──────────────────────────────────────────────────────────────────
def load(request, year: int) -> Ranking:
    """The frozen ranking of a year, if the reader may see it; otherwise 404."""
    rows = Ranking.objects.visible_to(request.user).select_related("frozen_by", "published_by")
    return get_object_or_404(rows, year=year)


@require_safe
def ranking(request, year):
    """A board as it was frozen, corrections beside, against the former year."""
    row, board = load(request, year), board_of(request.GET.get("board", ""))
    stands = frozen.Standing(row, board)
    page, form = _frozen_page(request, stands)
    excluded = stands.lines(stands.excluded[:MOST_EXCLUDED])
    frozen.tell_changes(year, board, page.object_list, published=row.published_at is not None)
    hide_secrets(board, [*page.object_list, *excluded], request.user)
    found = YearBoard(year, board, page.object_list, excluded, row, excluded_count=stands.excluded.count())
    context = _board_context(request, found, page, form) | {
        "ranking": row, "basis": row.basis, "of_board": row.basis["boards"][board.value],
        "least": row.basis["boards"][board.value]["least"],
        "corrected": stands.corrected, "is_corrected": bool(stands.corrected),
        "may_act": request.user.may(Action.FREEZE_RANKING), "may_draft": request.user.may(Action.READ_RANKING_DRAFT),
        "tabs": _tabs(reverse("rankings:ranking", args=[year]), board), "crumbs": [_home()],
    }  # fmt: skip
    hide_secrets(board, stands.corrected, request.user)
    return render(request, "rankings/ranking_frozen.html", context)


def _frozen_page(request, stands: frozen.Standing):
    """The page of lines that the URL asks for, with the form that asks: the database finds and counts them."""
    entries = stands.placed
    units = entries.order_by().exclude(unit_name="").values_list("unit_name", flat=True).distinct()
    form = BoardForm(request.GET, units=sorted(units))
    told = form.told
    if told["unit"]:
        entries = entries.filter(unit_name=told["unit"])
    if told["q"]:
        entries = entries.filter(name_has(stands.board, told["q"], request.user))
    page = page_of(request, entries, ROWS)
    page.object_list = stands.lines(page.object_list)
    return page, form


@require_safe
def ranking_row(request, year, pk):
    """What a frozen line rests on, and its corrections."""
    row = load(request, year)
    entry = get_object_or_404(row.entries, pk=pk)
    board = Board(entry.board)
    stands = frozen.Standing(row, board)
    (line,) = stands.lines(stands.entries.filter(pk=pk))
    frozen.tell_changes(year, board, [line], published=row.published_at is not None)
    found = YearBoard(year, board, [line], [], row)
    back = f"{reverse('rankings:ranking', args=[year])}?board={board.value}"
    crumbs = [_home(), {"title": f"{year} 年度排名", "url": back}]
    missed = entry.facts.get("missed_ids", [])
    return _row_page(request, found, line, entry.evidence, missed, crumbs, ranking=row)


def _row_page(request, found: YearBoard, line: Line, ids: list[int], missed: list[int], crumbs, ranking=None):
    board, user = found.board, request.user
    hide_secrets(board, [line], user)
    behind = evidence.behind(user, found.year, board, line.subject, ids, missed)
    if line.is_hidden:
        behind = evidence.Behind(hidden_inspections=len(ids))
    for each in behind.other_inspections:
        each.reason = evidence.counts_no_more(each)
    context = {
        "year": found.year, "board": board, "line": line, "behind": behind, "ranking": ranking, "crumbs": crumbs,
        "subject": columns.SUBJECT[board], "formula": rules.FORMULAS[board], "ties": rules.TIE_RULES[board],
        "figures": [(each.title, _figure(each, value, behind)) for each, value in columns.pairs(board, line)],
        "is_person": board in PEOPLE_BOARDS, "may_act": ranking is not None and may_correct(user, ranking, board),
        "may_draft": user.may(Action.READ_RANKING_DRAFT),
    }  # fmt: skip
    if context["is_person"] and may_open(user, line.subject):
        context["record_of"] = line.subject
    context["stands_back"] = ranking is not None and user.may(Action.FREEZE_RANKING) and not context["may_act"]
    if ranking is not None:
        told = ranking.basis["boards"][board.value]
        context |= {"formula": told["formula"], "ties": told["ties"]}
    return render(request, "rankings/ranking_row.html", context)


def _figure(column: columns.Column, value, behind: evidence.Behind):
    """A figure of the line; the inspection that set the score leads to its page where the reader may open it."""
    if column.title == columns.SET_BY and (
        found := next((each for each in behind.inspections if each.sets_score), None)
    ):
        return format_html('<a href="{}">{}</a>', reverse("inspections:detail", args=[found.pk]), value)
    return "无数据" if value is None else str(value)


@require_safe
def ranking_export(request, year):
    load(request, year)
    return _export(request, frozen.year_board(year, board_of(request.GET.get("board", ""))))


@require_safe
def ranking_pdf(request, year):
    """The published paper; before that, for whoever publishes, what would be published."""
    row = load(request, year)
    if row.published_at is None:
        require_post(request.user, Action.FREEZE_RANKING)
        row.published_by, row.published_at = request.user, timezone.now()
        content, name = papers.ranking_paper(row, "", draft=True), f"{year} {papers.TITLE}（草稿）.pdf"
    else:
        content, name = stored_pdf(row.pdf, row.pdf_sha256), f"{year} {papers.TITLE}.pdf"
    if content is None:
        return render(request, "rankings/ranking_damaged.html", {"ranking": row, "crumbs": [_home()]}, status=500)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header("inline" not in request.GET, name)
    return response


# ── What the pages share ────────────────────────────────────────────────────
def _home() -> dict:
    return {"title": "年度排名", "url": reverse("rankings:ranking_list")}


def _tabs(url: str, board: Board) -> list[dict]:
    join = "&" if "?" in url else "?"
    return [
        {"title": each.label, "url": f"{url}{join}board={each.value}", "is_active": each == board} for each in Board
    ]


def _matches(line, told: dict) -> bool:
    return told["q"].lower() in line.label.lower() and told["unit"] in ("", line.unit_name)


def _page(request, found: YearBoard, *, only_changed: bool = False):
    """The page of lines that the URL asks for, with the form that asks."""
    lines = found.lines
    form = BoardForm(request.GET, units=sorted({line.unit_name for line in lines if line.unit_name}))
    told = form.told
    # A secret name is no search term for those from whom it is kept.
    if told["q"]:
        hide_secrets(found.board, lines, request.user)
    lines = [line for line in lines if _matches(line, told) and (line.is_changed or not only_changed)]
    page = page_of(request, lines, ROWS)
    page.object_list = list(page.object_list)
    return page, form


def _board_context(request, found: YearBoard, page, form) -> dict:
    board = found.board
    for line in [*page.object_list, *found.excluded]:
        line.cells = columns.shown(board, line)
    if board == Board.PROJECT:
        may_open = evidence.readable(request.user, page.object_list)
        for line in page.object_list:
            line.set_by = next((pk for pk in line.evidence[:1] if pk in may_open and not line.is_hidden), None)
    return {
        "year": found.year, "board": board, "found": found, "page": page, "form": form, "columns": [each for each in columns.COLUMNS[board] if each.is_shown],
        "subject": columns.SUBJECT[board], "formula": rules.FORMULAS[board], "ties": rules.TIE_RULES[board],
        "shared": rules.SHARED_PLACES, "population_rule": rules.POPULATIONS[board], "is_person": board in PEOPLE_BOARDS,
        "is_corrected": any(line.corrections for line in [*found.lines, *found.excluded]),
        "keep": [(name, value) for name in ("year", "board", "without", "score") if (value := request.GET.get(name))],
        "has_former": any(line.change for line in found.lines), "is_filtered": any(form.told.values()),
    }  # fmt: skip


def _export(request, found: YearBoard, other: dict | None = None):
    form = BoardForm(request.GET, units=sorted({line.unit_name for line in found.lines if line.unit_name}))
    hide_secrets(found.board, [*found.lines, *found.excluded], request.user)
    return board_response(found, form, other)
