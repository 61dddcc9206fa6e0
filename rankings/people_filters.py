"""What the lists of people and of what is recorded about people are filtered by in the same way; it lives in the URL."""

import django_filters as filters
from django.db.models import Q

from staff.models import Unit, unit_and_descendants

ALL = "全部"


class PeopleFilter(filters.FilterSet):
    """By name or number of the person, and by unit. `person` is the way from a row to the person, empty where it is one."""

    person = ""

    q = filters.CharFilter(label="人员", method="of_person")
    unit = filters.ModelChoiceFilter(label="单位", queryset=Unit.objects.all(), empty_label=ALL, method="in_unit")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "姓名或工号"

    def of_person(self, queryset, name, value):
        text = value.strip()
        by_name, by_number = f"{self.person}name__icontains", f"{self.person}employee_number__icontains"
        return queryset.filter(Q(**{by_name: text}) | Q(**{by_number: text}))

    def in_unit(self, queryset, name, unit):
        return queryset.filter(**{f"{self.person}unit__in": unit_and_descendants([unit.pk])})
