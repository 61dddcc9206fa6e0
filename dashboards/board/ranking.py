"""The year's ranking on the dashboard: the first of the projects and all units, each with its evidence."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from dashboards.board.filters import Filters
from dashboards.board.grades import GRADES
from dashboards.board.values import Chart, Column, Form, Mark, Plot, Row, Series, Unit
from projects.models import Project
from rankings import rules
from rankings.choices import Board
from rankings.models import Ranking
from rankings.queries.first import first
from rankings.queries.frozen import Line, Standing, line_of, tell_changes
from rankings.queries.secrecy import hide_secrets
from scoring.rules import Thresholds

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


@dataclass(frozen=True)
class Ranked:
    """The lines that are shown: of the projects the first SHOWN and the last SHOWN_FAILED that failed, of how many; all units.
    `frozen` None: as drafted now."""

    frozen: Ranking | None
    projects: list[Line]
    failed: list[Line]
    count: int
    failed_count: int
    units: list[Line]


def ranked(filters: Filters) -> Ranked:
    """Places are those of the whole firm, whatever part of it is looked at. The database ranks; nine queries at most, of a year
    without corrections."""
    frozen = Ranking.objects.filter(year=filters.year).first()
    found = _drafted(filters) if frozen is None else _frozen(filters, frozen)
    if filters.units is not None:
        found.units[:] = [line for line in found.units if line.subject in filters.units]
    is_public = frozen is not None and frozen.published_at is not None
    for board, lines in ((Board.PROJECT, [*found.projects, *found.failed]), (Board.UNIT, found.units)):
        tell_changes(filters.year, board, lines, published=is_public)
    return found


def _drafted(filters: Filters) -> Ranked:
    found = first(
        filters.year, projects=SHOWN, failed=SHOWN_FAILED, units=filters.units, business_line=filters.business_line
    )
    projects, failed, units = (
        [line_of(each) for each in rows] for rows in (found.projects, found.failed, found.units)
    )
    return Ranked(None, projects, failed, found.count, found.failed_count, units)


def _frozen(filters: Filters, frozen: Ranking) -> Ranked:
    where = Q()
    if filters.units is not None:
        where &= Q(facts__unit__in=filters.units)
    if filters.business_line:
        where &= Q(subject_id__in=Project.objects.filter(business_line=filters.business_line).order_by().values("pk"))
    of_projects, of_units = Standing(frozen, Board.PROJECT), Standing(frozen, Board.UNIT)
    projects, failed = of_projects.first(SHOWN, where, failed=SHOWN_FAILED)
    units = [line for line in of_units.lines(of_units.entries.order_by("order")) if line.place_now is not None]
    units.sort(key=lambda line: line.place_now)
    return Ranked(frozen, projects, failed, *of_projects.counts(where), units)


def charts(filters: Filters, found: Ranked, reader) -> list[Chart]:
    """As `reader` may see them: the names of secret projects that they may not read are taken out."""
    hide_secrets(Board.PROJECT, [*found.projects, *found.failed], reader)
    return [_projects(filters, found), _units(filters, found)]


def _projects(filters: Filters, found: Ranked) -> Chart:
    lines = [*found.projects, *found.failed]
    rows = [_row(line, line.unit_name, _evidence(line)) for line in lines]
    title = f"{filters.year} 年度项目排名"
    shown = ""
    if found.count > SHOWN:
        shown = f"列出前 {SHOWN} 名" + (f"及不合格项目（共 {found.failed_count} 个）" if found.failed_count else "")
    return _chart(
        "ranking_projects",
        title,
        Board.PROJECT,
        filters,
        found,
        found.count,
        rows,
        "个项目",
        _notes(shown, _corrected(lines)),
    )


def _units(filters: Filters, found: Ranked) -> Chart:
    rows = []
    for line in found.units:
        url = f"{reverse('inspections:unit_conclusion', args=[line.subject])}?year={filters.year}"
        rows.append(_row(line, Decimal(line.facts["mean"]) if line.facts.get("mean") else None, url))
    note = "单位排名不分业务类型" if filters.business_line else ""
    title = f"{filters.year} 年度单位排名"
    return _chart(
        "ranking_units",
        title,
        Board.UNIT,
        filters,
        found,
        len(found.units),
        rows,
        "个单位",
        _notes(note, _corrected(found.units)),
    )


def _row(line: Line, beside, url: str) -> Row:
    figures = (line.score_now, line.grade_now, line.change or "—", line.sample)
    return Row((line.place_now, line.label, beside, *figures), {1: url, 3: url} if url else {})


def _evidence(line: Line) -> str:
    """The inspection that set the score."""
    return reverse("inspections:detail", args=[line.evidence[0]]) if line.evidence and not line.is_hidden else ""


def _all(year: int, kind: Board, frozen: Ranking | None) -> str:
    """The page of the whole board."""
    if frozen is not None:
        return f"{reverse('rankings:ranking', args=[year])}?board={kind.value}"
    if year > timezone.localdate().year:
        return ""
    return f"{reverse('rankings:ranking_draft')}?year={year}&board={kind.value}"


def _state(frozen: Ranking | None) -> str:
    if frozen is None:
        return "测算：按现有已关闭检查实时计算，尚未冻结"
    return f"已于 {timezone.localdate(frozen.frozen_at)} 冻结" + ("并公布" if frozen.published_at else "，尚未公布")


def _corrected(lines: list[Line]) -> str:
    count = sum(bool(line.corrections) for line in lines)
    return f"列出的行中 {count} 行有更正，名次和得分为更正后的" if count else ""


def _notes(*words: str) -> str:
    return "；".join(filter(None, words))


def _chart(key, title, kind: Board, filters: Filters, found: Ranked, count: int, rows, counted, shown) -> Chart:
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
    note = _notes(_state(found.frozen), shown) + "。"
    return Chart(key, title, formula, count, counted, COLUMNS[kind], tuple(rows), plot, note=note,
                 empty="检查关闭后列入排名测算。", url=_all(filters.year, kind, found.frozen), is_wide=kind == Board.PROJECT)  # fmt: skip
