"""Excel export of one board of a ranking, frozen or drafted, with its formula and the filters of the page in the head."""

from django.utils import timezone

from rankings import columns, rules
from rankings.queries.frozen import Line, YearBoard
from staff.lists import filter_words
from staff.spreadsheets import spreadsheet_response


def board_response(found: YearBoard, form, other: dict | None = None):
    """`found` as a download; `form` is the filter of the page; `other` what if (`views.rankings`), beside each line."""
    told = form.told
    what_if = [("试算名次", 12), ("试算得分", 12)] if other else []
    heads = [
        ("名次", 8), (columns.SUBJECT[found.board], 36), ("单位", 18), ("得分", 10), ("等级", 10),
        *((each.title, each.width) for each in columns.COLUMNS[found.board]), ("较上年", 10), *what_if, ("更正后名次", 12),
        ("更正后得分", 12), ("更正理由", 40), ("未列入的原因", 36),
    ]  # fmt: skip
    lines = [line for line in [*found.lines, *found.excluded] if _is_asked(line, told)]
    name = f"{found.year} 年度{found.board.label}排名" + ("" if found.is_frozen else "（测算）")
    if found.is_frozen:
        at = timezone.localtime(found.ranking.frozen_at)
        state = f"冻结于 {at:%Y-%m-%d %H:%M}，由 {found.ranking.frozen_by.name}；摘要 {found.ranking.digest}"
    else:
        state = f"测算于 {timezone.localtime():%Y-%m-%d %H:%M}，未冻结"
    asked = [f"试算：{other['inspection'].number} {other['words']}"] if other else []
    notes = [name, state, *_basis(found), *asked, "筛选条件：" + ("；".join(filter_words(form)) or "无")]
    return spreadsheet_response(name, heads, (_row(found, line, bool(other)) for line in lines), notes=notes)


def _basis(found: YearBoard) -> list[str]:
    """Formula, tie rule, minimum sample and population: of a frozen board as they were frozen."""
    board = found.board
    if found.is_frozen:
        told, shared = found.ranking.basis["boards"][board.value], found.ranking.basis["shared"]
        formula, ties, population, least = told["formula"], told["ties"], told["population"], told["least"]
    else:
        formula, ties, population, shared = (
            rules.FORMULAS[board], rules.TIE_RULES[board], rules.POPULATIONS[board], rules.SHARED_PLACES
        )  # fmt: skip
        least = found.draft.least.of(board)
    return [formula, ties + shared, rules.sample_rule(board, least), population]


def _is_asked(line: Line, told: dict) -> bool:
    return told["q"].lower() in line.label.lower() and told["unit"] in ("", line.unit_name)


def _row(found: YearBoard, line: Line, has_other: bool) -> list:
    made = line.correction
    corrected = [None, None, ""]
    if made is not None or line.is_moved:
        score = line.score_now if made is not None else None
        # The reason may name what is secret.
        reason = "（秘密项目，不显示）" if made and line.is_hidden else made.reason if made else ""
        corrected = [line.place_now if line.place_now is not None else "不列入", score, reason]
    other = []
    if has_other:
        other = [line.other.place or "不列入", line.other.score] if line.other else ["不列入", None]
    return [
        line.place, line.label, line.unit_name, line.score, line.grade, *columns.cells(found.board, line), line.change,
        *other, *corrected, line.excluded,
    ]  # fmt: skip
