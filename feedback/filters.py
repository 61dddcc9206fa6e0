"""Filters of the list of complaints; they live in the URL. None of them knows who sent one."""

import django_filters as filters
from django.forms import HiddenInput

from feedback.choices import ComplaintKind, ComplaintState, Verdict
from feedback.models import Complaint
from staff.filters import YearFilter

ALL = "全部"
VIEWS = [("live", "未办结"), *ComplaintState.choices]


class ComplaintFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")
    kind = filters.ChoiceFilter(label="类别", choices=ComplaintKind.choices, empty_label=ALL)
    state = filters.ChoiceFilter(label="状态", choices=VIEWS, method="in_state", empty_label=ALL)

    # What a chart of the managers' dashboard leads to.
    year = YearFilter(label="收到年度", field_name="received_at__year")
    verdict = filters.ChoiceFilter(label="调查结论", choices=Verdict.choices, widget=HiddenInput)

    class Meta:
        model = Complaint
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "编号、标题、涉及的项目"

    def search(self, queryset, name, value):
        return queryset.search(value.strip())

    def in_state(self, queryset, name, value):
        return queryset.live() if value == "live" else queryset.filter(state=value)
