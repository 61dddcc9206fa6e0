"""Filters of the list of meetings; they live in the URL."""

import django_filters as filters

from meetings.choices import State
from meetings.models import Meeting, MeetingKind
from meetings.queries.meetings import mine_condition, owing_condition, upcoming_condition
from projects.models import Project

ALL = "全部"
VIEWS = [
    ("upcoming", "未召开"),
    ("owing", "待出纪要"),
    *State.choices,
]


def _projects(request):
    """The projects of the meetings that the person sees."""
    seen = Meeting.objects.visible_to(request.user).filter(project__isnull=False).order_by().values("project")
    return Project.objects.filter(pk__in=seen).order_by("-number")


class MeetingFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")
    state = filters.ChoiceFilter(label="状态", choices=VIEWS, method="in_view", empty_label=ALL)
    kind = filters.ModelChoiceFilter(label="会议种类", queryset=MeetingKind.objects.all(), empty_label=ALL)
    project = filters.ModelChoiceFilter(label="项目", queryset=_projects, empty_label=ALL)
    since = filters.DateFilter(label="自", field_name="starts_at", lookup_expr="date__gte")
    until = filters.DateFilter(label="至", field_name="starts_at", lookup_expr="date__lte")
    mine = filters.ChoiceFilter(label="参加", choices=[("1", "与我有关")], method="of_mine", empty_label=ALL)

    class Meta:
        model = Meeting
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "会议编号、名称、项目"

    def search(self, queryset, name, value):
        return queryset.search(value.strip())

    def in_view(self, queryset, name, value):
        if value == "upcoming":
            return queryset.filter(upcoming_condition())
        return queryset.filter(owing_condition()) if value == "owing" else queryset.filter(state=value)

    def of_mine(self, queryset, name, value):
        return queryset.filter(mine_condition(self.request.user))
