"""Filters of the list of liability cases; they live in the URL."""

import django_filters as filters
from django.db.models import Q

from inspections.choices import CaseState
from inspections.liability_chain import ENDED
from inspections.models import LiabilityCase
from inspections.queries.liability import years
from staff.models import Unit, unit_and_descendants

ALL = "全部"
VIEWS = [("live", "未办结"), *CaseState.choices]


def _years() -> list[tuple[int, str]]:
    return [(year, f"{year} 年") for year in years()]


class LiabilityFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")
    state = filters.ChoiceFilter(label="状态", choices=VIEWS, method="in_state", empty_label=ALL)
    year = filters.ChoiceFilter(label="年度", choices=_years, method="in_year", empty_label=ALL)
    person = filters.CharFilter(label="责任人", method="of_person")
    unit = filters.ModelChoiceFilter(label="承办单位", queryset=Unit.objects.all(), empty_label=ALL, method="in_unit")

    class Meta:
        model = LiabilityCase
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "问责编号、成果、项目"
        self.form.fields["person"].widget.attrs["placeholder"] = "姓名或工号"

    def search(self, queryset, name, value):
        text = value.strip()
        return queryset.filter(
            Q(number__icontains=text)
            | Q(deliverable__number__icontains=text)
            | Q(deliverable__title__icontains=text)
            | Q(deliverable__project__name__icontains=text)
            | Q(document__icontains=text)
        )

    def in_state(self, queryset, name, value):
        return queryset.exclude(state__in=ENDED) if value == "live" else queryset.filter(state=value)

    def in_year(self, queryset, name, value):
        return queryset.filter(opened_at__year=int(value))

    def of_person(self, queryset, name, value):
        text = value.strip()
        meant = Q(sheets__person__name__icontains=text) | Q(sheets__person__employee_number__icontains=text)
        return queryset.filter(pk__in=LiabilityCase.objects.filter(meant).order_by().values("pk"))

    def in_unit(self, queryset, name, unit):
        return queryset.filter(deliverable__project__unit__in=unit_and_descendants([unit.pk]))
