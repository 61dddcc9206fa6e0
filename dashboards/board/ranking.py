"""The year's ranking on the dashboard: the first of the projects and all units, each with its evidence."""

from decimal import Decimal

from django.urls import reverse
from django.utils import timezone

from dashboards.board.filters import Filters
from dashboards.board.grades import GRADES
from dashboards.board.values import Chart, Column, Form, Mark, Plot, Row, Series, Unit
from printing.pdf import no_garbage_collection
from projects.models import Project
from rankings import rules
from rankings.choices import Board
from rankings.models import Ranking
from rankings.queries import drafts
from rankings.queries.frozen import Line, YearBoard, year_board
from rankings.queries.secrecy import hide_secrets
from scoring.rules import FAIL, Thresholds

SHOWN = 10
SHOWN_FAILED = 5
_LAST = (Column("等级", Unit.TEXT), Column("较上年", Unit.TEXT), Column("样本数"))
COLUMNS = {
    Board.PROJECT: (
        Column("名次"),
        Column("项目", Unit.TEXT),
        Column("单位", Unit.TEXT),
        Column("得分", Unit.SCORE),
        *_LAST,
    ),
    Board.UNIT: (
        Column("名次"),
        Column("单位", Unit.TEXT),
        Column("平均得分", Unit.SCORE),
        Column("得分", Unit.SCORE),
        *_LAST,
    ),
}


KEYS = ("ranking_projects", "ranking_units")


@no_garbage_collection()
def charts(filters: Filters, reader=None) -> list[Chart]:
    """Places are those of the whole firm, whatever part of it is looked at. With a `reader` the names of secret projects that
    they may not read are taken out."""
    is_frozen = Ranking.objects.filter(year=filters.year).exists()
    drafted = None if is_frozen else drafts.draft(filters.year, boards=(Board.PROJECT, Board.UNIT))
    projects, units = (year_board(filters.year, board, drafted=drafted) for board in (Board.PROJECT, Board.UNIT))
    if reader is not None:
        hide_secrets(Board.PROJECT, [*projects.lines, *projects.excluded], reader)
    return [_projects(filters, projects), _units(filters, units)]


def _projects(filters: Filters, board: YearBoard) -> Chart:
    lines = _placed(board)
    if filters.units is not None:
        lines = [line for line in lines if line.facts.get("unit") in filters.units]
    if filters.business_line:
        of_line = set(
            Project.objects.filter(business_line=filters.business_line).order_by().values_list("pk", flat=True)
        )
        lines = [line for line in lines if line.subject in of_line]
    failed = [line for line in lines[SHOWN:] if line.grade_now == FAIL][-SHOWN_FAILED:]
    rows = [_row(line, line.unit_name, _evidence(line)) for line in [*lines[:SHOWN], *failed]]
    title = f"{filters.year} 年度项目排名"
    count = sum(line.grade_now == FAIL for line in lines)
    shown = f"列出前 {SHOWN} 名" + (f"及不合格项目（共 {count} 个）" if count else "") if len(lines) > SHOWN else ""
    return _chart("ranking_projects", title, Board.PROJECT, board, lines, rows, "个项目", shown)


def _units(filters: Filters, board: YearBoard) -> Chart:
    lines = _placed(board)
    if filters.units is not None:
        lines = [line for line in lines if line.subject in filters.units]
    rows = []
    for line in lines:
        url = f"{reverse('inspections:unit_conclusion', args=[line.subject])}?year={filters.year}"
        rows.append(_row(line, Decimal(line.facts["mean"]) if line.facts.get("mean") else None, url))
    note = "单位排名不分业务类型" if filters.business_line else ""
    return _chart("ranking_units", f"{filters.year} 年度单位排名", Board.UNIT, board, lines, rows, "个单位", note)


def _placed(board: YearBoard) -> list[Line]:
    """By the places that count now, after corrections."""
    placed = [line for line in (*board.lines, *board.excluded) if line.place_now is not None]
    return sorted(placed, key=lambda line: line.place_now)


def _row(line: Line, beside, url: str) -> Row:
    figures = (line.score_now, line.grade_now, line.change or "—", line.sample)
    return Row((line.place_now, line.label, beside, *figures), {1: url, 3: url} if url else {})


def _evidence(line: Line) -> str:
    """The inspection that set the score."""
    return reverse("inspections:detail", args=[line.evidence[0]]) if line.evidence and not line.is_hidden else ""


def _all(board: YearBoard, kind: Board) -> str:
    """The page of the whole board."""
    if board.is_frozen:
        return f"{reverse('rankings:ranking', args=[board.year])}?board={kind.value}"
    if board.year > timezone.localdate().year:
        return ""
    return f"{reverse('rankings:ranking_draft')}?year={board.year}&board={kind.value}"


def _chart(key, title, kind: Board, board: YearBoard, lines, rows, counted, shown) -> Chart:
    if board.is_frozen:
        state = f"已于 {timezone.localdate(board.ranking.frozen_at)} 冻结" + (
            "并公布" if board.ranking.published_at else "，尚未公布"
        )
    else:
        state = "测算：按现有已关闭检查实时计算，尚未冻结"
    urls = tuple(row.urls.get(1, "") for row in rows)
    series = tuple(
        Series(grade, tuple(row.values[3] if row.values[4] == grade else None for row in rows), colour, urls)
        for grade, colour in GRADES.items()
    )
    marks = tuple(
        Mark(word, value) for word, value in (("合格线", Thresholds().pass_mark), ("优良线", Thresholds().good_mark))
    )
    plot = Plot(Form.BARS, tuple(str(row.values[1]) for row in rows), series, "分", marks, most=100) if rows else None
    formula = f"{rules.FORMULAS[kind]}{rules.TIE_RULES[kind]}"
    return Chart(key, title, formula, len(lines), counted, COLUMNS[kind], tuple(rows), plot, note="；".join(filter(None, (state, shown))) + "。",
                 empty="检查关闭后列入排名测算。", url=_all(board, kind), is_wide=kind == Board.PROJECT)  # fmt: skip
