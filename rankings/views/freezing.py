"""冻结、公布、更正: one page for each signed act."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inspections.choices import State
from rankings.choices import Board
from rankings.forms.rankings import CorrectForm, SignForm
from rankings.handled import AlreadyHandled
from rankings.models import Ranking
from rankings.queries import drafts, evidence, frozen
from rankings.queries.secrecy import hide_secrets
from rankings.services import freezing as services
from rankings.views.rankings import load
from rankings.views.settling import signed
from staff.choices import Action
from staff.gates import needs

PAGE = require_http_methods(["GET", "HEAD", "POST"])
TOP = 3


def tells_changed(view):
    """Whoever was too late, or saw other figures, gets a page that says so, with the way to how it is now. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except AlreadyHandled as late:
            return render(request, "rankings/ranking_handled.html", {"late": late}, status=409)

    return wrapped


@PAGE
@never_cache
@needs(Action.FREEZE_RANKING)
@tells_changed
def ranking_freeze(request, year):
    """What would be frozen, and the signature under it."""
    if not services.FIRST_YEAR <= year <= timezone.localdate().year:
        raise Http404
    services.refuse_frozen(year)
    drafted = drafts.draft(year)
    form = SignForm(request.POST or None)

    def act(confirmation):
        seen = form.cleaned_data["seen"]
        services.freeze(actor=request.user, year=year, seen=seen, confirmation=confirmation)

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, f"{year} 年度排名已冻结，可以公布。")
        return redirect("rankings:ranking", year=year)
    context = _freeze_context(year, drafted, form) | _grave_and_open(year)
    return render(request, "rankings/ranking_freeze.html", context)


def _grave_and_open(year: int) -> dict:
    """Those that failed or are serious and will not count, since their rectification is not closed: (inspection, in what words)."""
    rows = list(evidence.grave(year).exclude(state=State.CLOSED))
    named = [(row, evidence.grave_words(row)) for row in rows[: evidence.MOST_GRAVE]]
    return {"grave": named, "grave_more": len(rows) - len(named)}


def _freeze_context(year: int, drafted: drafts.Draft, form) -> dict:
    seen = drafts.digest(drafted)
    _show_seen(form, seen)
    population = drafted.population
    boards = [
        {"title": board.label, "value": board.value, "placed": len(rows), "out": len(drafted.excluded[board]),
         "top": rows[:TOP]}
        for board, rows in drafted.boards.items()
    ]  # fmt: skip
    facts = [
        ("所属年度", f"{year} 年"),
        ("计入检查", f"{population.counted} 次"),
        ("排名行", "，".join(f"{each['title']} {each['placed']}" for each in boards)),
        ("奖惩标准", f"第 {drafted.least.version} 版" if drafted.least.version else "未发布"),
        ("测算摘要", seen[:12]),
    ]
    return {
        "year": year, "form": form, "boards": boards, "facts": facts, "population": population,
        "is_running": year == timezone.localdate().year, "can_freeze": any(drafted.boards.values()),
        "back": f"{reverse('rankings:ranking_draft')}?year={year}", "crumbs": _crumbs(),
    }  # fmt: skip


def _crumbs(ranking: Ranking | None = None) -> list[dict]:
    crumbs = [{"title": "年度排名", "url": reverse("rankings:ranking_list")}]
    if ranking is not None:
        crumbs.append({"title": f"{ranking.year} 年度排名", "url": services.page_of(ranking.year)})
    return crumbs


def _show_seen(form, seen) -> None:
    """The page that is drawn now shows what `seen` stands for: whoever sends it (again) has seen that."""
    form.initial["seen"] = seen
    if form.is_bound:
        form.data = form.data.copy()
        form.data["seen"] = seen


@PAGE
@never_cache
@needs(Action.FREEZE_RANKING)
@tells_changed
def ranking_publish(request, year):
    """The paper beforehand, and the signature under the publication."""
    ranking = load(request, year)
    services.refuse_published(ranking)
    form = SignForm(request.POST or None)

    def act(confirmation):
        services.publish(actor=request.user, ranking=ranking, confirmation=confirmation)

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, f"{year} 年度排名已公布，已通知全体业务人员。")
        return redirect("rankings:ranking", year=year)
    facts = [
        ("所属年度", f"{year} 年"),
        ("冻结", f"{ranking.frozen_by.name} 于 {timezone.localtime(ranking.frozen_at):%Y-%m-%d %H:%M}"),
        ("排名摘要", ranking.digest[:12]),
    ]
    context = {
        "year": year, "ranking": ranking, "form": form, "facts": facts, "crumbs": _crumbs(ranking),
        "boards": [(board.label, told["placed"], told["excluded"])
                   for board in Board if (told := ranking.basis["boards"].get(board.value))],
    }  # fmt: skip
    return render(request, "rankings/ranking_publish.html", context)


@PAGE
@never_cache
@needs(Action.FREEZE_RANKING)
@tells_changed
def ranking_correct(request, year, pk):
    """更正 of one line, signed: the frozen figures beside what counts from now on."""
    ranking = load(request, year)
    entry = get_object_or_404(ranking.entries, pk=pk)
    board = Board(entry.board)
    services.require_corrector(request.user, ranking, board)
    stands = frozen.Standing(ranking, board)
    (line,) = stands.lines(stands.entries.filter(pk=pk))
    newest = line.correction.pk if line.correction else 0
    form = CorrectForm(request.POST or None, initial={"seen": newest, "how": "score"})

    def act(confirmation):
        told = form.cleaned_data
        services.correct(
            actor=request.user, entry=entry, seen=told["seen"], score=form.told_score, reason=told["reason"],
            confirmation=confirmation,
        )  # fmt: skip

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, "更正已登记，附列在冻结的名次旁。")
        return redirect("rankings:ranking_row", year=year, pk=pk)
    hide_secrets(board, [line], request.user)
    context = {
        "year": year, "ranking": ranking, "entry": entry, "line": line, "board": board, "form": form,
        "crumbs": _crumbs(ranking), "back": reverse("rankings:ranking_row", args=[year, pk]),
    }  # fmt: skip
    return render(request, "rankings/ranking_correct.html", context)
