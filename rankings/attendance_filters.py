"""Filters of the list of attendance records; they live in the URL."""

import django_filters as filters
from django.db.models import Q

from rankings.models import Attendance
from rankings.queries.attendance import years
from staff.models import Unit, unit_and_descendants

ALL = "全部"


def _years() -> list[tuple[int, str]]:
    return [(year, f"{year} 年") for year in years()]


class AttendanceFilter(filters.FilterSet):
    q = filters.CharFilter(label="人员", method="of_person")
    year = filters.ChoiceFilter(label="年度", choices=_years, field_name="happened_on__year", empty_label=ALL)
    unit = filters.ModelChoiceFilter(label="单位", queryset=Unit.objects.all(), empty_label=ALL, method="in_unit")
    state = filters.ChoiceFilter(
        label="状态", choices=[("standing", "有效"), ("withdrawn", "已撤销")], method="in_state", empty_label=ALL
    )

    class Meta:
        model = Attendance
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "姓名或工号"

    def of_person(self, queryset, name, value):
        text = value.strip()
        return queryset.filter(Q(person__name__icontains=text) | Q(person__employee_number__icontains=text))

    def in_unit(self, queryset, name, unit):
        return queryset.filter(person__unit__in=unit_and_descendants([unit.pk]))

    def in_state(self, queryset, name, value):
        return queryset.filter(withdrawn_at__isnull=value == "standing")
