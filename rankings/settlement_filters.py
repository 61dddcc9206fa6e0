"""Filters of the lines of a settlement; they live in the URL."""

import django_filters as filters
from django.db.models import Q

from rankings.choices import Cause, Kind
from rankings.models import Award

ALL = "全部"
APPEALS = [("any", "有申诉"), ("open", "申诉待处理"), ("changed", "申诉后变更或撤销")]


class AwardFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")
    kind = filters.ChoiceFilter(label="类别", choices=Kind.choices, empty_label=ALL)
    cause = filters.ChoiceFilter(label="事由", choices=Cause.choices, empty_label=ALL)
    unit = filters.ChoiceFilter(label="单位", field_name="unit_name", empty_label=ALL)
    appeal = filters.ChoiceFilter(label="申诉", choices=APPEALS, method="appealed", empty_label=ALL)

    class Meta:
        model = Award
        fields = []

    def __init__(self, *args, units=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["unit"].extra["choices"] = [(name, name) for name in units]
        self.form.fields["unit"].choices = [("", ALL), *((name, name) for name in units)]
        self.form.fields["q"].widget.attrs["placeholder"] = "姓名、工号、说明"

    def search(self, queryset, name, value):
        text = value.strip()
        meant = Q(person__name__icontains=text) | Q(person__employee_number__icontains=text)
        return queryset.filter(meant | Q(text__icontains=text))

    def appealed(self, queryset, name, value):
        if value == "open":
            return queryset.filter(appeal__isnull=False, appeal__outcome__isnull=True)
        if value == "changed":
            return queryset.filter(appeal__outcome__in=["changed", "revoked"])
        return queryset.filter(appeal__isnull=False)
