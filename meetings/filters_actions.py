"""Filters of the list of action items; they live in the URL."""

import django_filters as filters
from django.db.models import Q

from meetings.choices import UNCLOSED, ActionState
from meetings.models import ActionItem, Meeting
from meetings.queries.action_items import overdue, owed_by, to_confirm
from projects.choices import Confidentiality
from projects.models import Project
from staff.models import User

ALL = "全部"
VIEWS = [("unclosed", "未关闭"), ("overdue", "已逾期"), *ActionState.choices]
WHOSE = [("1", "由我负责"), ("confirm", "待我确认")]


def _projects(request):
    """Of their items; a secret one is not named to an owner who does not see it."""
    named = ~Q(confidentiality=Confidentiality.SECRET) | Q(
        pk__in=Project.objects.visible_to(request.user).values("pk")
    )
    items = ActionItem.objects.visible_to(request.user).order_by().values("project")
    return Project.objects.filter(named, pk__in=items)


def _people(request):
    owners = ActionItem.objects.visible_to(request.user).order_by().values("owner")
    return User.objects.filter(pk__in=owners).order_by("employee_number")


class ActionItemFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")
    state = filters.ChoiceFilter(label="状态", choices=VIEWS, method="in_view", empty_label=ALL)
    mine = filters.ChoiceFilter(label="与我有关", choices=WHOSE, method="of_mine", empty_label=ALL)
    owner = filters.ModelChoiceFilter(label="负责人", queryset=_people, empty_label=ALL)
    project = filters.ModelChoiceFilter(label="项目", queryset=_projects, empty_label=ALL)
    meeting = filters.NumberFilter(method="of_meeting")

    class Meta:
        model = ActionItem
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "编号、事项、负责人"
        # Led to from a meeting; a list of all meetings is none to choose from.
        self.form.fields["meeting"].widget = self.form.fields["meeting"].hidden_widget()

    def search(self, queryset, name, value):
        return queryset.filter(matching(value))

    def in_view(self, queryset, name, value):
        if value == "unclosed":
            return queryset.filter(state__in=UNCLOSED)
        return queryset.filter(overdue() if value == "overdue" else Q(state=value))

    def of_mine(self, queryset, name, value):
        return queryset.filter(to_confirm(self.request.user) if value == "confirm" else owed_by(self.request.user))

    def of_meeting(self, queryset, name, value):
        """Set at the meeting or carried to it."""
        meeting = Meeting.objects.filter(pk=min(int(value), 2**31)).order_by().values("pk")
        return queryset.filter(Q(meeting__in=meeting) | Q(pk__in=_carried(meeting)))


def _carried(meeting):
    return ActionItem.objects.filter(carried__meeting__in=meeting).order_by().values("pk")


def matching(text: str) -> Q:
    """Each word of `text` in number, words, owner, project or meeting."""
    found = Q()
    for word in text.split()[:8]:
        found &= (
            Q(number__icontains=word) | Q(text__icontains=word) | Q(owner__name__icontains=word)
            | Q(owner_contact__name__icontains=word) | Q(owner_contact__party__name__icontains=word)
            | Q(project__name__icontains=word) | Q(meeting__number__icontains=word) | Q(meeting__title__icontains=word)
        )  # fmt: skip
    return found
