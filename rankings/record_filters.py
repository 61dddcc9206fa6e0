"""Filters of the list of people with a record of rewards and penalties; they live in the URL."""

import django_filters as filters

from rankings.people_filters import ALL, PeopleFilter
from staff.models import User

HOLDS = [("rewards", "有奖励"), ("penalties", "有处罚"), ("notes", "有晋升参考业绩")]


class RecordFilter(PeopleFilter):
    holds = filters.ChoiceFilter(label="记录", choices=HOLDS, method="with_some", empty_label=ALL)

    class Meta:
        model = User
        fields = []

    def with_some(self, queryset, name, value):
        """`value` is one of HOLDS, a figure of `people_on_record`."""
        return queryset.filter(**{f"{value}__gt": 0})
