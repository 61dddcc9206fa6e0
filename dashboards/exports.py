"""Excel exports of the managers' dashboard: what a card shows, with formula, sample and filters in the head."""

from dashboards.board import Chart, Dashboard, Unit
from staff.spreadsheets import spreadsheet_response
from staff.templatetags.ui import datetime_zh

NO_DATA = "无数据"
WIDTHS = {Unit.TEXT: 28, Unit.COUNT: 14, Unit.PERCENT: 16, Unit.SCORE: 12, Unit.DAYS: 18}
KPI_COLUMNS = [
    ("指标", 18),
    ("数值（%）", 12),
    ("目标（%）", 12),
    ("要求", 10),
    ("结果", 10),
    ("分子", 12),
    ("分母", 12),
    ("计算公式", 60),
    ("说明", 40),
]


def _notes(found: Dashboard, title: str, *more: str) -> list[str]:
    return [
        title,
        "筛选条件：" + "；".join(found.filters.words),
        f"数据截至：{datetime_zh(found.as_of)}",
        *filter(None, more),
    ]


def chart_response(found: Dashboard, chart: Chart):
    """The table of one chart. What has no figure says 无数据, never 0."""
    columns = [(column.title, WIDTHS[column.unit]) for column in chart.columns]
    rows = [[NO_DATA if value is None else value for value in row.values] for row in chart.rows]
    notes = _notes(found, chart.title, chart.formula, f"样本：{chart.sample} {chart.counted}", chart.note)
    return spreadsheet_response(f"{chart.title}（{found.filters.year} 年）", columns, rows, notes)


def kpis_response(found: Dashboard):
    rows = [
        [
            each.title, NO_DATA if each.value is None else each.value, "未设定" if each.target is None else each.target,
            "不高于" if each.is_at_most else "不低于", each.result, each.numerator, each.denominator, each.formula, each.note,
        ]
        for each in found.kpis
    ]  # fmt: skip
    return spreadsheet_response(f"质量目标（{found.filters.year} 年）", KPI_COLUMNS, rows, _notes(found, "质量目标"))
