"""Filters of the list of deliverables; they live in the URL."""

import django_filters as filters
from django.forms import HiddenInput

from projects.choices import BusinessLine, DeliverableKind
from projects.models import Deliverable, Discipline
from reviews import figures
from reviews.choices import ANY_ERROR, CURRENT_STATES, State
from reviews.models import Round, Signature
from staff.filters import YearFilter
from staff.models import Unit, User, unit_and_descendants

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

    # What a chart of the managers' dashboard leads to.
    issued_in = YearFilter(label="签发年度", method="of_issue_year")
    returned_at = filters.CharFilter(label="提出意见或退回的级别", method="was_returned_at", widget=HiddenInput)
    remarked_at = filters.CharFilter(label="提出意见的级别", method="was_remarked_at", widget=HiddenInput)
    remarked_after = filters.CharFilter(label="其后各级有意见的级别", method="was_remarked_after", widget=HiddenInput)
    passed = filters.CharFilter(label="签署级别", method="has_passed", widget=HiddenInput)
    took = filters.NumberFilter(label="该级用时不少于（工作日）", method="took_as_long", widget=HiddenInput)
    error = filters.ChoiceFilter(
        label="误差率",
        choices=[(ANY_ERROR, "填有金额的"), *figures.ERROR_CHOICES],
        method="with_error",
        widget=HiddenInput,
    )
    signer = filters.ModelChoiceFilter(
        label="签署人", queryset=User.objects.all(), method="signed_by", widget=HiddenInput
    )
    signed_in = YearFilter(label="签署年度", method="of_signing_year")

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

    def of_issue_year(self, queryset, name, value):
        issued = Round.objects.filter(state=State.ISSUED, issue__issued_at__year=value)
        return queryset.filter(pk__in=issued.order_by().values("deliverable"))

    def was_returned_at(self, queryset, name, value):
        return queryset.filter(figures.returned_at(value))

    def was_remarked_at(self, queryset, name, value):
        return queryset.filter(figures.remarked_at(value))

    def was_remarked_after(self, queryset, name, value):
        return queryset.filter(figures.remarked_after(value))

    def has_passed(self, queryset, name, value):
        return queryset.filter(figures.passed(value))

    def took_as_long(self, queryset, name, value):
        # Of the level that it passed.
        level = self.form.cleaned_data.get("passed")
        if not level:
            return queryset
        days = figures.days_at(level, queryset)
        return queryset.filter(pk__in=[pk for pk, taken in days.items() if taken >= value])

    def with_error(self, queryset, name, value):
        rates = figures.error_rates(queryset)
        wanted = [pk for pk, rate in rates.items() if value in (ANY_ERROR, figures.error_bin(rate))]
        return queryset.filter(pk__in=wanted)

    def signed_by(self, queryset, name, value):
        return queryset.filter(pk__in=self._signed(signer=value))

    def of_signing_year(self, queryset, name, value):
        # With a signer: what that person signed in the year.
        signer = {"signer": self.form.cleaned_data["signer"]} if self.form.cleaned_data.get("signer") else {}
        return queryset.filter(pk__in=self._signed(signed_at__year=value, **signer))

    def _signed(self, **which):
        found = Signature.objects.filter(level__kind__in=figures.REVIEWING, revoked_at__isnull=True, **which)
        return found.order_by().values("round__deliverable")
