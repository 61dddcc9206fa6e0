"""The filters of the lists. They live in the URL, so a filtered list is a link that can be sent and kept."""

import django_filters as filters
from django.db.models import Min
from django.utils import timezone

from projects.choices import BusinessLine, Confidentiality, Importance, Stage
from projects.models import Client, Project
from staff.filters import YearFilter
from staff.models import Unit, unit_and_descendants

ALL = "全部"


def _years(request=None) -> list[tuple[str, str]]:
    """The years in which projects were opened, newest first."""
    first = Project.objects.aggregate(first=Min("created_at"))["first"]
    this_year = timezone.localdate().year
    since = timezone.localtime(first).year if first else this_year
    return [(str(year), f"{year} 年") for year in range(this_year, since - 1, -1)]


class ProjectFilter(filters.FilterSet):
    """Filters of the list of projects. A unit stands for the units below it too."""

    q = filters.CharFilter(label="搜索", method="search")
    unit = filters.ModelChoiceFilter(label="承办单位", queryset=Unit.objects.all(), empty_label=ALL, method="in_unit")
    business_line = filters.ChoiceFilter(label="业务类型", choices=BusinessLine.choices, empty_label=ALL)
    stage = filters.ChoiceFilter(label="所处阶段", choices=Stage.choices, empty_label=ALL)
    importance = filters.ChoiceFilter(label="重要程度", choices=Importance.choices, empty_label=ALL)
    confidentiality = filters.ChoiceFilter(label="密级", choices=Confidentiality.choices, empty_label=ALL)
    client = filters.ModelChoiceFilter(label="委托人", queryset=lambda request: _clients(request), empty_label=ALL)
    year = filters.ChoiceFilter(label="建档年份", choices=_years, field_name="created_at__year", empty_label=ALL)
    # What the managers' dashboard leads to.
    finished = YearFilter(label="完成年度", field_name="actual_finish_on__year")

    class Meta:
        model = Project
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "项目编号、名称、委托人、合同编号"

    def search(self, queryset, name, value):
        return queryset.search(value.strip())

    def in_unit(self, queryset, name, unit):
        return queryset.filter(unit__in=unit_and_descendants([unit.pk]))


class ClientFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")

    class Meta:
        model = Client
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "名称、联系人、电话"

    def search(self, queryset, name, value):
        return queryset.search(value.strip())


def _clients(request):
    return Client.objects.visible_to(request.user) if request else Client.objects.none()
