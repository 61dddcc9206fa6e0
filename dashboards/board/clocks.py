"""How many time limits were missed, rule by rule. Of those whose due date lies in the year."""

from django.db.models import Count, F, Q
from django.utils import timezone

from dashboards.board import links
from dashboards.board.filters import Filters
from dashboards.board.rules import percent
from dashboards.board.values import Chart, Column, Form, Plot, Row, Series, Unit
from deadlines import scopes
from deadlines.choices import Event, State
from deadlines.models import Deadline, DeadlineRule

# Windows in which somebody may speak up: their end by lapse is nobody's lateness.
WINDOWS = (Event.LIABILITY_SERVED, Event.AWARDS_POSTED)
FORMULA = (
    "逾期率 = 逾期（含逾期完成与尚未完成）÷ 已有结果的时限（按时完成 + 逾期）；到期日在本年度的时限，未到期、中止的不计，已作废的不列。"
    "陈述申辩与奖惩公示的期限是当事人的权利期限，期满不为逾期，不列入。"
)
COLUMNS = (
    Column("时限", Unit.TEXT), Column("全部"), Column("按时完成"), Column("逾期完成"), Column("逾期未完成"), Column("未到期、中止"),
    Column("逾期率（%）", Unit.PERCENT),
)  # fmt: skip


def chart(filters: Filters) -> Chart:
    """Two queries."""
    now = timezone.now()
    rows = (
        Deadline.objects.filter(filters.on_days("due_on"))
        .exclude(state=State.CANCELLED)
        .exclude(rule__event__in=WINDOWS)
    )
    if filters.units is not None or filters.business_line:
        rows = rows.filter(scopes.condition_of_part(filters.units, filters.business_line))
    done = Q(state=State.FULFILLED)
    counts = {
        row["rule__code"]: row
        for row in rows.order_by().values("rule__code").annotate(
            every=Count("pk"),
            on_time=Count("pk", filter=done & Q(stopped_at__lt=F("due_at"))),
            late=Count("pk", filter=done & Q(stopped_at__gte=F("due_at"))),
            overdue=Count("pk", filter=Q(state=State.RUNNING, due_at__lte=now)),
        )
    }  # fmt: skip
    titles = dict(DeadlineRule.objects.newest().order_by("code").values_list("code", "title"))
    lines = [_line(filters, code, titles[code], counts[code]) for code in titles if code in counts]
    lines.sort(key=lambda row: (-(row.values[6] or 0), -row.values[1]))
    drawn = [row for row in lines if row.values[6] is not None]
    series = Series("逾期率", tuple(row.values[6] for row in drawn), "overdue", tuple(row.urls[0] for row in drawn))
    plot = Plot(Form.BARS, tuple(row.values[0] for row in drawn), (series,), "%", most=100) if drawn else None
    sample = sum(row.values[1] for row in lines)
    return Chart("overdue_by_rule", "各项时限逾期率", FORMULA, sample, "项时限", COLUMNS, tuple(lines), plot,
                 empty="时限起算后计入。", is_wide=True)  # fmt: skip


def _line(filters: Filters, code: str, title: str, row: dict) -> Row:
    late, overdue, on_time = row["late"], row["overdue"], row["on_time"]
    rest = row["every"] - late - overdue - on_time
    values = (title, row["every"], on_time, late, overdue, rest, percent(late + overdue, late + overdue + on_time))
    every = links.clocks(filters, code)
    states = {2: "on_time", 3: "late", 4: "overdue"}
    urls = {column: links.clocks(filters, code, state=state) for column, state in states.items() if values[column]}
    return Row(values, {0: every, 1: every, **urls})
