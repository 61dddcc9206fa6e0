"""Filters of the list of people with a record of rewards and penalties; they live in the URL."""

import django_filters as filters
from django.db.models import Q

from staff.models import Unit, User, unit_and_descendants

ALL = "全部"
HOLDS = [("rewards", "有奖励"), ("penalties", "有处罚"), ("notes", "有晋升参考业绩")]


class RecordFilter(filters.FilterSet):
    q = filters.CharFilter(label="人员", method="of_person")
    unit = filters.ModelChoiceFilter(label="单位", queryset=Unit.objects.all(), empty_label=ALL, method="in_unit")
    holds = filters.ChoiceFilter(label="记录", choices=HOLDS, method="with_some", empty_label=ALL)

    class Meta:
        model = User
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "姓名或工号"

    def of_person(self, queryset, name, value):
        text = value.strip()
        return queryset.filter(Q(name__icontains=text) | Q(employee_number__icontains=text))

    def in_unit(self, queryset, name, unit):
        return queryset.filter(unit__in=unit_and_descendants([unit.pk]))

    def with_some(self, queryset, name, value):
        """`value` is one of HOLDS, a figure of `people_on_record`."""
        return queryset.filter(**{f"{value}__gt": 0})
