"""Complaints and reports of the year: how many, where they stand, what was found. Counts only, of those the reader may see."""

from django.db.models import Count, Q

from dashboards.board import links
from dashboards.board.filters import Filters
from dashboards.board.values import Chart, Column, Form, Plot, Row, Series, Unit
from feedback.choices import ComplaintKind, ComplaintState, Verdict
from feedback.models import Complaint
from staff.choices import Action

FORMULA = "本年度收到的投诉、举报件数；本人须回避的不计入。按单位或业务类型筛选时，只计已登记涉及单位或项目的。"
STATES = {
    "待受理": ("todo", (ComplaintState.PENDING,)),
    "调查、处理中": ("returned", (ComplaintState.INVESTIGATING, ComplaintState.HANDLING)),
    "已反馈、关闭": ("signed", (ComplaintState.ANSWERED, ComplaintState.CLOSED)),
    "不予受理": ("draft", (ComplaintState.REFUSED,)),
}


def chart(filters: Filters, reader) -> Chart | None:
    """None for whoever handles no complaints. One query."""
    if not reader.may(Action.HANDLE_COMPLAINTS):
        return None
    asked = {
        f"state_{number}": Count("pk", filter=Q(state__in=states))
        for number, (_, states) in enumerate(STATES.values())
    }
    asked |= {verdict.value: Count("pk", filter=Q(verdict=verdict)) for verdict in Verdict}
    rows = Complaint.objects.visible_to(reader).filter(_part(filters), filters.within("received_at")).order_by()
    found = {row["kind"]: row for row in rows.values("kind").annotate(every=Count("pk"), **asked)}
    kinds = [kind for kind in ComplaintKind if kind in found]
    columns = (
        Column("类别", Unit.TEXT),
        Column("收到"),
        *(Column(word) for word in STATES),
        *(Column(verdict.label) for verdict in Verdict),
    )
    lines = []
    for kind in kinds:
        row = found[kind]
        values = (
            kind.label,
            row["every"],
            *(row[f"state_{number}"] for number in range(len(STATES))),
            *(row[each] for each in Verdict.values),
        )
        url = links.complaints(filters, kind=kind.value)
        verdicts = {
            6 + number: links.complaints(filters, kind=kind.value, verdict=each)
            for number, each in enumerate(Verdict.values)
        }
        lines.append(
            Row(values, {0: url, 1: url, **{column: to for column, to in verdicts.items() if values[column]}})
        )
    urls = tuple(row.urls[0] for row in lines)
    series = tuple(
        Series(word, tuple(row.values[2 + number] for row in lines), colour, urls)
        for number, (word, (colour, _)) in enumerate(STATES.items())
    )
    plot = Plot(Form.STACKED, tuple(kind.label for kind in kinds), series, "件") if kinds else None
    return Chart("complaints", "投诉举报", FORMULA, sum(row.values[1] for row in lines), "件", columns, tuple(lines), plot,
                 empty="本年度没有收到投诉、举报。", is_wide=True, url=links.complaints(filters))  # fmt: skip


def _part(filters: Filters) -> Q:
    found = Q()
    if filters.units is not None:
        found &= Q(unit__in=filters.units) | Q(project__unit__in=filters.units)
    if filters.business_line:
        found &= Q(project__business_line=filters.business_line)
    return found
