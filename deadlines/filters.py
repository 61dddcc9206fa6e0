"""The filters of the list of time limits; they live in the URL."""

from datetime import timedelta

import django_filters as filters
from django.db.models import F
from django.utils import timezone

from deadlines.choices import OPEN_STATES, Decision, State
from deadlines.models import Deadline, DeadlineRule
from deadlines.rules import NEAR_DAYS

ALL = "全部"
VIEWS = [
    ("open", "未完成"),
    ("overdue", "逾期"),
    ("near", "三天内到期"),
    ("suspended", "中止"),
    ("pending", "待审批"),
    ("fulfilled", "已完成"),
    ("late", "逾期完成"),
    ("cancelled", "已作废"),
]


def _rules() -> list[tuple[str, str]]:
    first = dict(DeadlineRule.objects.filter(version=1).order_by().values_list("code", "pk"))
    rules = DeadlineRule.objects.newest().order_by().values_list("code", "title")
    return sorted(rules, key=lambda pair: first[pair[0]])


class DeadlineFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")
    rule = filters.ChoiceFilter(label="时限", choices=_rules, field_name="rule__code", empty_label=ALL)
    state = filters.ChoiceFilter(label="状态", choices=VIEWS, method="in_state", empty_label=ALL)
    mine = filters.ChoiceFilter(label="责任人", choices=[("1", "由我负责")], method="of_mine", empty_label=ALL)

    class Meta:
        model = Deadline
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "项目、事项"

    def search(self, queryset, name, value):
        return queryset.search(value.strip())

    def of_mine(self, queryset, name, value):
        return queryset.filter(responsible=self.request.user)

    def in_state(self, queryset, name, value):
        now, today = timezone.now(), timezone.localdate()
        match value:
            case "open":
                return queryset.filter(state__in=OPEN_STATES)
            case "overdue":
                return queryset.overdue(now)
            case "near":
                last = today + timedelta(days=NEAR_DAYS)
                return queryset.filter(state=State.RUNNING, due_at__gt=now, due_on__lte=last)
            case "pending":
                return queryset.filter(requests__decision=Decision.PENDING)
            case "late":
                return queryset.filter(state=State.FULFILLED, stopped_at__gte=F("due_at"))
            case _:
                return queryset.filter(state=value)
