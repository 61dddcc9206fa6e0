"""Rectifications that are open now, by how long they have been."""

from django.db.models import Count, Q

from dashboards.board import links
from dashboards.board.filters import Filters
from dashboards.board.values import Chart, Column, Form, Plot, Row, Series, Unit
from inspections.choices import State
from inspections.models import Inspection
from inspections.queries.inspections import AGES, condition, of_age

FORMULA = "截至今日、不分年度：按收到书面意见以来的天数；已逾期的单列。待复查的已提交整改回复，由质量办复查。"
COLUMNS = (Column("自收到书面意见", Unit.TEXT), Column("整改"))


def chart(filters: Filters) -> Chart:
    """One query."""
    rows = Inspection.objects.filter(state__in=(State.RECTIFYING, State.RECHECKING)).order_by()
    if filters.units is not None:
        rows = rows.filter(unit__in=filters.units)
    if filters.business_line:
        rows = rows.filter(project__business_line=filters.business_line)
    asked = {f"age_{number}": Count("pk", filter=of_age(key)) for number, (key, _) in enumerate(AGES)}
    found = rows.aggregate(
        **asked,
        overdue=Count("pk", filter=condition("overdue")),
        rechecking=Count("pk", filter=Q(state=State.RECHECKING)),
    )
    lines = [
        Row(
            (words, found[f"age_{number}"]), _to(links.inspections_now(filters, state=State.RECTIFYING.value, age=key))
        )
        for number, (key, words) in enumerate(AGES)
    ]
    lines.append(Row(("逾期", found["overdue"]), _to(links.inspections_now(filters, state="overdue"))))
    lines.append(
        Row(("待复查", found["rechecking"]), _to(links.inspections_now(filters, state=State.RECHECKING.value)))
    )
    total = sum(found.values())
    kinds = {"逾期": "overdue", "待复查": "todo"}
    groups = {"整改中": "info", "逾期": "overdue", "待复查": "todo"}
    names = tuple(row.values[0].split("（")[0] for row in lines)
    urls = tuple(row.urls[0] for row in lines)
    series = tuple(
        Series(group, tuple(row.values[1] if (row.values[0] if row.values[0] in kinds else "整改中") == group else None for row in lines),
               kind, urls)
        for group, kind in groups.items()
    )  # fmt: skip
    plot = Plot(Form.COLUMNS, names, series, "项") if total else None
    return Chart("open_rectifications", "未完成整改", FORMULA, total, "项整改", COLUMNS, tuple(lines) if total else (), plot,
                 empty="被检方确认收到书面意见后计入。", url=links.inspections_now(filters, state=State.RECTIFYING.value))  # fmt: skip


def _to(url: str) -> dict[int, str]:
    return {0: url, 1: url}
