"""Filters of the list of deliverables; they live in the URL."""

import django_filters as filters

from projects.choices import BusinessLine, DeliverableKind
from projects.models import Deliverable, Discipline
from reviews.choices import CURRENT_STATES, State
from reviews.models import Round
from staff.models import Unit, unit_and_descendants

ALL = "全部"


class DeliverableFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")
    state = filters.ChoiceFilter(
        label="状态",
        choices=[(s.value, s.label) for s in State if s in CURRENT_STATES],
        empty_label=ALL,
        method="in_state",
    )
    unit = filters.ModelChoiceFilter(label="承办单位", queryset=Unit.objects.all(), empty_label=ALL, method="in_unit")
    business_line = filters.ChoiceFilter(
        label="业务类型", field_name="project__business_line", choices=BusinessLine.choices, empty_label=ALL
    )
    kind = filters.ChoiceFilter(label="成果类别", choices=DeliverableKind.choices, empty_label=ALL)
    discipline = filters.ModelChoiceFilter(label="专业", queryset=Discipline.objects.all(), empty_label=ALL)

    class Meta:
        model = Deliverable
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "成果编号、名称、项目、编制人"

    def search(self, queryset, name, value):
        return queryset.search(value.strip())

    def in_state(self, queryset, name, value):
        return queryset.filter(pk__in=Round.objects.filter(state=value).values("deliverable"))

    def in_unit(self, queryset, name, unit):
        return queryset.filter(project__unit__in=unit_and_descendants([unit.pk]))
