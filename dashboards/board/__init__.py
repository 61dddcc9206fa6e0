"""The managers' dashboard (管理看板, domain.md §7): figures of a year, for a unit, for a business line.

    filters = filters_for(2026, unit, business_line)
    kpis(filters)               → list[Kpi]: the five measures against their targets
    board(filters, reader)      → list[Chart]: title, formula in words, sample, table, plot, links to the lists behind
    dashboard(filters, reader)  → both, with the instant at which they were reckoned

All cost the same number of queries whatever there is. The figures are the firm's, whoever reads them (READ_MANAGEMENT);
only complaints are those that the reader may see, and are left out for whoever handles none, and secret projects have no
name for whoever may not read them.

Where much was reckoned (`LONG`), it is kept for five minutes by year, unit and line: a year of 100,000 inspections is summed
up once, not for each click. What is small is reckoned afresh each time.
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
from dashboards.board.values import Cell, Chart, Column, Form, Kpi, Mark, Plot, Row, Series, Unit

__all__ = [
    "SECTIONS", "Cell", "Chart", "Column", "Dashboard", "Filters", "Form", "Kpi", "Mark", "Plot", "Row", "Series", "Unit", "board",
    "dashboard", "filters_for", "kpis",
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
    asked = repr((timezone.localdate(), filters))
    key = f"board:{hashlib.sha256(asked.encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is None:
        kept = _reckon(filters)
        if kept.weight >= LONG:
            cache.set(key, kept, SECONDS_KEPT)
    charts = [*ranking.charts(filters, kept.ranked, reader), *kept.charts]
    if told := complaints.chart(filters, reader):
        charts.append(told)
    return Dashboard(filters, kept.as_of, kept.kpis, charts)


@dataclass(frozen=True)
class _Kept:
    """All but what depends on the reader: the complaints, and the names in the ranking. `weight`: how much was summed up."""

    as_of: datetime
    kpis: list[Kpi]
    ranked: ranking.Ranked
    charts: list[Chart]
    weight: int


def _reckon(filters: Filters) -> _Kept:
    of, grades, ranked = Figures(filters), Grades(filters), ranking.ranked(filters)
    charts = [
        *grades.charts(), *levels.charts(of), habits.chart(of), clocks.chart(filters), errors.chart(of),
        rectifications.chart(filters),
    ]  # fmt: skip
    weight = grades.total + ranked.count + len(of.signed_in_year) + len(of.issued_signatures)
    weight += sum(chart.sample for chart in charts)
    return _Kept(timezone.now(), measures.kpis(of), ranked, charts, weight)


def board(filters: Filters, reader) -> list[Chart]:
    """Every chart of the dashboard, in the order of the page."""
    return dashboard(filters, reader).charts


def kpis(filters: Filters) -> list[Kpi]:
    """The five measures in the order of `rankings.choices.Measure`."""
    return measures.kpis(Figures(filters))
