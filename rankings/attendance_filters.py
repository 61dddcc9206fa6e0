"""Filters of the list of attendance records; they live in the URL."""

import django_filters as filters

from rankings.models import Attendance
from rankings.people_filters import ALL, PeopleFilter
from rankings.queries.attendance import years


def _years() -> list[tuple[int, str]]:
    return [(year, f"{year} 年") for year in years()]


class AttendanceFilter(PeopleFilter):
    person = "person__"

    year = filters.ChoiceFilter(label="年度", choices=_years, field_name="happened_on__year", empty_label=ALL)
    state = filters.ChoiceFilter(
        label="状态", choices=[("standing", "有效"), ("withdrawn", "已撤销")], method="in_state", empty_label=ALL
    )

    class Meta:
        model = Attendance
        fields = []

    def in_state(self, queryset, name, value):
        return queryset.filter(withdrawn_at__isnull=value == "standing")
