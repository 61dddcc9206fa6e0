"""The managers' dashboard (管理看板, domain.md §7): figures of a year, for a unit, for a business line.

    filters = filters_for(2026, unit, business_line)
    kpis(filters)               → list[Kpi]: the five measures against their targets
    board(filters, reader)      → list[Chart]: title, formula in words, sample, table, plot, links to the lists behind
    dashboard(filters, reader)  → both, with the instant at which they were reckoned

All cost the same number of queries whatever there is. The figures are the firm's, whoever reads them (READ_MANAGEMENT);
only complaints are those that the reader may see, and are left out for whoever handles none, and secret projects have no
name for whoever may not read them.

Where much was reckoned (`LONG`), it is kept for five minutes by year, unit and line: a year of 100,000 inspections is summed
up once, not for each click. What is small is reckoned afresh each time. The boards of the whole firm for this year and the last
are kept by the worker (`keep_boards`), which reckons them anew before they lapse: who opens one of them waits for nothing. What
is shown is always a whole reckoning from the rows themselves, and says of when it is (数据截至).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

from dashboards.board import clocks, complaints, errors, habits, levels, measures, ranking, rectifications
from dashboards.board.filters import Filters, filters_for
from dashboards.board.grades import Grades
from dashboards.board.signed import Figures
from dashboards.board.values import Cell, Chart, Column, Divide, Form, Kpi, Mark, Plot, Row, Series, Unit
from deadlines.models import Deadline
from inspections.models import Inspection
from reviews.models import Signature

__all__ = [
    "SECTIONS", "Cell", "Chart", "Column", "Dashboard", "Divide", "Filters", "Form", "Kpi", "Mark", "Plot", "Row", "Series", "Unit", "board",
    "dashboard", "filters_for", "keep_boards", "kpis",
]  # fmt: skip

# The cards of the page and of the paper, section by section; a chart that is not told (complaints) leaves its place empty.
SECTIONS = (
    ("年度排名", ("ranking_projects", "ranking_units", "grades_by_unit")),
    ("监管检查", ("grades_by_month", "grades_by_year", "open_rectifications", "error_rates")),
    ("三级复核", ("first_pass", "catch_rate", "days_per_level", "habits")),
    ("时限与投诉", ("overdue_by_rule", "complaints")),
)
LONG = 2_000
SECONDS_KEPT = 300


@dataclass(frozen=True)
class Dashboard:
    """Everything of one look. `as_of` is when it was reckoned."""

    filters: Filters
    as_of: datetime
    kpis: list[Kpi]
    charts: list[Chart]


def dashboard(filters: Filters, reader) -> Dashboard:
    """The figures of `filters` as `reader` may see them."""
    kept = cache.get(_key(filters)) or _renewed(filters)
    charts = [*ranking.charts(filters, kept.ranked, reader), *kept.charts]
    if told := complaints.chart(filters, reader):
        charts.append(told)
    return Dashboard(filters, kept.as_of, kept.kpis, charts)


def keep_boards() -> list[Filters]:
    """Reckon the boards of the whole firm for this year and the last anew; those that are kept are answered. A small firm's are
    not: they are reckoned for each look. The worker does so each BOARD_SECONDS (`dashboards.tasks`)."""
    this_year = timezone.localdate().year
    wanted = [filters_for(this_year), filters_for(this_year - 1)]
    return [filters for filters in wanted if not _is_small(filters) and _renewed(filters).weight >= LONG]


def _is_small(filters: Filters) -> bool:
    """Whether it is nothing to keep, without reckoning it: nothing is counted ten times on the board. Three queries."""
    rows = (
        Inspection.objects.filter(year=filters.year), Signature.objects.filter(filters.within("signed_at")),
        Deadline.objects.filter(filters.on_days("due_on")),
    )  # fmt: skip
    return sum(each.count() for each in rows) < LONG // 10


def _key(filters: Filters) -> str:
    asked = repr((timezone.localdate(), filters))
    return f"board:{hashlib.sha256(asked.encode()).hexdigest()}"


def _renewed(filters: Filters) -> "_Kept":
    """Reckoned now, and kept where it was much."""
    kept = _reckon(filters)
    if kept.weight >= LONG:
        cache.set(_key(filters), kept, SECONDS_KEPT)
    return kept


@dataclass(frozen=True)
class _Kept:
    """All but what depends on the reader: the complaints, and the names in the ranking. `weight`: how much was summed up."""

    as_of: datetime
    kpis: list[Kpi]
    ranked: ranking.Ranked
    charts: list[Chart]
    weight: int


def _reckon(filters: Filters) -> _Kept:
    as_of = timezone.now()
    of, grades, ranked = Figures(filters), Grades(filters), ranking.ranked(filters)
    charts = [
        *grades.charts(), *levels.charts(of), habits.chart(of), clocks.chart(filters), errors.chart(of),
        rectifications.chart(filters),
    ]  # fmt: skip
    weight = grades.total + ranked.count + len(of.signed_in_year) + len(of.issued_signatures)
    weight += sum(chart.sample for chart in charts)
    return _Kept(as_of, measures.kpis(of), ranked, charts, weight)


def board(filters: Filters, reader) -> list[Chart]:
    """Every chart of the dashboard, in the order of the page."""
    return dashboard(filters, reader).charts


def kpis(filters: Filters) -> list[Kpi]:
    """The five measures in the order of `rankings.choices.Measure`."""
    return measures.kpis(Figures(filters))
