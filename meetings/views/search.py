"""Search over the minutes."""

import django_filters as filters
from django.shortcuts import render
from django.views.decorators.http import require_safe

from meetings.models import Meeting, MeetingKind
from meetings.queries import search as queries
from projects.models import Project
from staff.lists import page_of

ALL = "全部"
SIZE = 20


def _projects(request):
    return Project.objects.filter(pk__in=Meeting.objects.visible_to(request.user).order_by().values("project"))


def _years(request):
    years = Meeting.objects.visible_to(request.user).order_by().dates("starts_at", "year", order="DESC")
    return [(day.year, f"{day.year} 年") for day in years]


class SearchFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索词", method="keep", max_length=80)
    project = filters.ModelChoiceFilter(label="项目", queryset=_projects, empty_label=ALL)
    kind = filters.ModelChoiceFilter(label="会议种类", queryset=MeetingKind.objects.all(), empty_label=ALL)
    year = filters.ChoiceFilter(label="年度", field_name="starts_at__year", empty_label=ALL)

    class Meta:
        model = Meeting
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs |= {"placeholder": "例如 进度款 签证", "maxlength": 80}
        self.form.fields["year"].choices = [("", ALL), *_years(self.request)]

    def keep(self, queryset, name, value):
        """The words choose the rows before the other filters do."""
        return queryset


@require_safe
def search(request):
    text = request.GET.get("q", "")[:80]
    filterset = SearchFilter(request.GET, queryset=queries.found_meetings(request.user, text), request=request)
    page = page_of(request, filterset.qs, SIZE)
    page.object_list = queries.tell_hits(page.object_list, text)
    return render(request, "meetings/search.html", {"filter": filterset, "page": page, "search_text": text.strip()})
