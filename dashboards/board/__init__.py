"""The managers' dashboard (管理看板, domain.md §7): figures of a year, for a unit, for a business line.

    filters = filters_for(2026, unit, business_line)
    kpis(filters)            → list[Kpi]: the five measures against their targets
    board(filters, reader)   → list[Chart]: title, formula in words, sample, table, plot, links to the lists behind

Both cost the same number of queries whatever there is. The figures are the firm's, whoever reads them (READ_MANAGEMENT);
only complaints are those that the reader may see, and are left out for whoever handles none.
"""

from dashboards.board.filters import Filters, filters_for
from dashboards.board.values import Cell, Chart, Column, Form, Kpi, Mark, Plot, Row, Series, Unit

__all__ = [
    "Cell", "Chart", "Column", "Filters", "Form", "Kpi", "Mark", "Plot", "Row", "Series", "Unit", "board", "filters_for", "kpis",
]  # fmt: skip


def board(filters: Filters, reader) -> list[Chart]:
    """Every chart of the dashboard, in the order of the page."""
    return []


def kpis(filters: Filters) -> list[Kpi]:
    """The five measures in the order of `rankings.choices.Measure`."""
    return []
