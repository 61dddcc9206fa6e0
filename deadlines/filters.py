"""The filters of the list of time limits; they live in the URL."""

from datetime import timedelta

import django_filters as filters
from django.db.models import F
from django.forms import HiddenInput
from django.utils import timezone

from deadlines import scopes
from deadlines.choices import OPEN_STATES, Decision, State
from deadlines.models import Deadline, DeadlineRule
from deadlines.rules import NEAR_DAYS
from staff.filters import YearFilter
from staff.models import Unit, unit_and_descendants

ALL = "全部"
VIEWS = [
    ("open", "未完成"),
    ("overdue", "逾期"),
    ("near", "三天内到期"),
    ("suspended", "中止"),
    ("pending", "待审批"),
    ("fulfilled", "已完成"),
    ("on_time", "按时完成"),
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
    # What a chart of the managers' dashboard leads to.
    due_year = YearFilter(label="到期年度", field_name="due_on__year")
    unit = filters.ModelChoiceFilter(label="单位", queryset=Unit.objects.all(), method="in_unit", widget=HiddenInput)
    business_line = filters.ChoiceFilter(
        label="业务类型", choices=lambda: scopes.choices("business_lines"), method="of_line", widget=HiddenInput
    )

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

    # The hints of these two are the API schema's: an id and a word in the URL.
    def in_unit(self, queryset, name, value: int):
        return queryset.filter(scopes.condition_of_part(unit_and_descendants([value.pk])))

    def of_line(self, queryset, name, value: str):
        return queryset.filter(scopes.condition_of_part(business_line=value))

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
            case "on_time":
                return queryset.filter(state=State.FULFILLED, stopped_at__lt=F("due_at"))
            case "late":
                return queryset.filter(state=State.FULFILLED, stopped_at__gte=F("due_at"))
            case _:
                return queryset.filter(state=value)
