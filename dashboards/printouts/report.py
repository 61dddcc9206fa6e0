"""质量管理月报 / 年报: the managers' dashboard on paper, of the same values as the page. Rendered when it is asked for and not kept."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from dashboards.board import SECTIONS, Chart, Filters, Form, Kpi, dashboard
from dashboards.printouts.drawing import Drawing, draw
from printing import pdf
from staff.templatetags.ui import datetime_zh

CSS = ("css/print_review.css", "css/print_management.css")
NO_EVIDENCE = "打印件，不作为签发文件"
# mm: the column of text, and the drawing that has its table beside it.
FULL, HALF = 182, 82
# What stands beside a drawing: few columns, or more of them where all but a short first one are figures; a row for each bar
# that lies, few where they stand. What has few rows is kept on one page.
FEW_COLUMNS, MOST_COLUMNS, SHORT = 4, 7, 8
MOST_LYING, MOST_STANDING, FEW_ROWS = 24, 8, 10
LYING = (Form.BARS, Form.STACKED)
# What a monthly paper has of the year, or of today: places, runs, what is open.
OF_YEAR = frozenset({"ranking_projects", "ranking_units", "grades_by_month", "grades_by_year", "open_rectifications"})
# A shape goes with each result: colours are lost in grey.
SHAPES = {None: "○", True: "●", False: "▲"}


@dataclass(frozen=True)
class PaperChart:
    chart: Chart
    drawing: Drawing | None
    formula: str
    empty: str
    period: str

    @property
    def is_beside(self) -> bool:
        """Whether the table stands beside the drawing, or under it."""
        return self.drawing is not None and self.drawing.width <= HALF

    @property
    def is_whole(self) -> bool:
        """Whether it is small enough to be kept on one page."""
        return self.is_beside or len(self.chart.rows) <= FEW_ROWS


@dataclass(frozen=True)
class PaperKpi:
    """A measure with the figure of the period and, in a monthly paper, that of the year so far."""

    now: Kpi
    year: Kpi | None
    formula: str

    @property
    def shape(self) -> str:
        return SHAPES[self.now.is_met]


@dataclass(frozen=True)
class Report:
    firm: str
    title: str
    period: str
    filters: str
    as_of: str
    printed: str
    is_month: bool
    kpis: list[PaperKpi]
    sections: list[tuple[str, list[PaperChart]]]


def management_report(filters: Filters, reader, *, at: datetime) -> bytes:
    """The report of `filters` (a year, or a month of one) as `reader` may see it, printed `at`: a PDF."""
    paper = build(filters, reader, at=at)
    context = {"paper": paper, "no_evidence": NO_EVIDENCE}
    return pdf.render("dashboards/print/report.html", context, title=f"{paper.firm} {paper.title} {paper.period}",
                      created_at=at, stylesheets=CSS)  # fmt: skip


def name_of(filters: Filters) -> str:
    """What the file is called."""
    return f"质量管理{period_words(filters)}{'月报' if filters.month else '年报'}"


def period_words(filters: Filters) -> str:
    return f"{filters.year} 年 {filters.month} 月" if filters.month else f"{filters.year} 年度"


def build(filters: Filters, reader, *, at: datetime) -> Report:
    """What stands on the paper. Of a month two looks: at the month, and at its year."""
    found = dashboard(filters, reader)
    of_year = dashboard(replace(filters, month=0), reader) if filters.month else found
    charts = {chart.key: chart for chart in found.charts if not filters.month or chart.key not in OF_YEAR}
    charts |= {chart.key: chart for chart in of_year.charts if chart.key in OF_YEAR}
    return Report(
        firm=settings.FIRM_NAME, title="质量管理月报" if filters.month else "质量管理年报", period=period_words(filters),
        filters="，".join(filters.words[1:]), as_of=datetime_zh(of_year.as_of),
        printed=f"{reader.name}　{datetime_zh(at)}", is_month=bool(filters.month),
        kpis=[
            PaperKpi(each, year if filters.month else None, _of_month(each.formula, filters))
            for each, year in zip(found.kpis, of_year.kpis, strict=True)
        ],
        sections=[
            (title, [_paper_chart(charts[key], filters) for key in keys if key in charts]) for title, keys in SECTIONS
        ],
    )  # fmt: skip


def _paper_chart(chart: Chart, filters: Filters) -> PaperChart:
    is_of_month = bool(filters.month) and chart.key not in OF_YEAR
    period = (
        ""
        if not filters.month
        else "本月"
        if is_of_month
        else "现在"
        if chart.key == "open_rectifications"
        else "全年"
    )
    formula, empty = chart.formula, chart.empty
    if is_of_month:
        formula, empty = _of_month(formula, filters), _of_month(empty, filters)
    return PaperChart(chart, _drawing(chart), formula, empty, period)


def _drawing(chart: Chart) -> Drawing | None:
    if chart.plot is None or not chart.rows:
        return None
    return draw(chart.plot, HALF if _fits_beside(chart) else FULL)


def _fits_beside(chart: Chart) -> bool:
    words = sum(not column.is_figure for column in chart.columns)
    is_short = all(len(str(row.values[0])) <= SHORT for row in chart.rows)
    is_narrow = len(chart.columns) <= FEW_COLUMNS or (len(chart.columns) <= MOST_COLUMNS and words == 1 and is_short)
    most = MOST_LYING if chart.plot.form in LYING else MOST_STANDING
    return is_narrow and max(len(chart.rows), len(chart.plot.categories)) <= most


def _of_month(formula: str, filters: Filters) -> str:
    """The same formula, said of the month that is looked at."""
    if not filters.month:
        return formula
    return formula.replace("所属年度内已出具书面意见的", "本月评分定稿、已出具书面意见的").replace("本年度", "本月")
