"""Filters of the list of inspections; they live in the URL."""

import django_filters as filters
from django.db.models import Exists, OuterRef, Q
from django.forms import HiddenInput

from inspections.choices import SHOWN_TO_PROJECT, ConsequenceKind, Decision, Kind, State
from inspections.models import Consequence, Finding, Inspection, Plan
from inspections.queries.inspections import AGES, STANDINGS, condition, of_age, standing
from projects.choices import BusinessLine
from projects.models import Deliverable
from reviews import figures
from reviews.choices import State as RoundState
from reviews.models import Round
from scoring.rules import FAIL, GOOD, PASS
from staff.filters import YearFilter
from staff.models import Unit, unit_and_descendants

ALL = "全部"
VIEWS = [
    ("live", "未关闭"),
    ("concluded", "已出具书面意见"),
    ("due", "计划检查日到期"),
    (State.SCORING.value, State.SCORING.label),
    (State.DISCUSSING.value, State.DISCUSSING.label),
    (State.ISSUED.value, State.ISSUED.label),
    (State.RECTIFYING.value, State.RECTIFYING.label),
    ("near", "整改三天内到期"),
    ("overdue", "整改逾期"),
    (State.RECHECKING.value, State.RECHECKING.label),
    (State.CLOSED.value, State.CLOSED.label),
    (State.CANCELLED.value, State.CANCELLED.label),
]


def _years() -> list[tuple[int, str]]:
    found = Inspection.objects.order_by("-year").values_list("year", flat=True).distinct()
    return [(year, f"{year} 年") for year in found]


def _plans(request):
    """The plans of the inspections that the person sees."""
    seen = Inspection.objects.visible_to(request.user).order_by().values("plan")
    return Plan.objects.filter(pk__in=seen)


class InspectionFilter(filters.FilterSet):
    q = filters.CharFilter(label="搜索", method="search")
    state = filters.ChoiceFilter(label="状态", choices=VIEWS, method="in_view", empty_label=ALL)
    year = filters.ChoiceFilter(label="年度", choices=_years, empty_label=ALL)
    kind = filters.ChoiceFilter(label="检查方式", choices=Kind.choices, empty_label=ALL)
    unit = filters.ModelChoiceFilter(label="单位", queryset=Unit.objects.all(), empty_label=ALL, method="in_unit")
    grade = filters.ChoiceFilter(
        label="等级", choices=[(word, word) for word in (GOOD, PASS, FAIL)], method="of_grade", empty_label=ALL
    )
    business_line = filters.ChoiceFilter(
        label="业务类型", field_name="project__business_line", choices=BusinessLine.choices, empty_label=ALL
    )
    plan = filters.ModelChoiceFilter(label="计划", queryset=_plans, empty_label=ALL)
    mine = filters.ChoiceFilter(label="检查人员", choices=[("1", "由我检查")], method="of_mine", empty_label=ALL)
    # What a chart of the managers' dashboard leads to.
    scored = filters.DateFilter(label="评分定稿月份", method="scored_in", widget=HiddenInput, input_formats=["%Y-%m"])
    found_in = YearFilter(label="发现问题的成果签发年度", method="has_found_in")
    found_past = filters.CharFilter(label="成果签署级别", method="of_found_in", widget=HiddenInput)
    found_unit = filters.ModelChoiceFilter(
        label="成果承办单位", queryset=Unit.objects.all(), method="of_found_in", widget=HiddenInput
    )
    found_business_line = filters.ChoiceFilter(
        label="成果业务类型", choices=BusinessLine.choices, method="of_found_in", widget=HiddenInput
    )
    # What the figures of the annual ranking's sample lead to.
    ranking = filters.ChoiceFilter(label="年度排名", choices=STANDINGS, method="of_standing", widget=HiddenInput)
    age = filters.ChoiceFilter(label="整改天数", choices=AGES, method="in_age", widget=HiddenInput)

    class Meta:
        model = Inspection
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].widget.attrs["placeholder"] = "检查编号、项目、单位"

    def search(self, queryset, name, value):
        return queryset.search(value.strip())

    def in_view(self, queryset, name, value):
        return queryset.filter(condition(value))

    def in_unit(self, queryset, name, unit):
        return queryset.filter(unit__in=unit_and_descendants([unit.pk]))

    def of_grade(self, queryset, name, value):
        return queryset.filter(score_sheet__grade=value, state__in=SHOWN_TO_PROJECT)

    def of_mine(self, queryset, name, value):
        return queryset.filter(inspectors__user=self.request.user)

    def scored_in(self, queryset, name, value):
        return queryset.filter(score_sheet__scored_at__year=value.year, score_sheet__scored_at__month=value.month)

    def has_found_in(self, queryset, name, year):
        """Those that found something in what was issued in the year, as the fields beside it narrow it down."""
        asked, where = self.form.cleaned_data, Q()
        if asked.get("found_past"):
            where &= figures.passed(asked["found_past"])
        if asked.get("found_unit"):
            where &= Q(project__unit__in=unit_and_descendants([asked["found_unit"].pk]))
        if asked.get("found_business_line"):
            where &= Q(project__business_line=asked["found_business_line"])
        rounds = Round.objects.filter(state=RoundState.ISSUED, issue__issued_at__year=year).order_by()
        issued = Deliverable.objects.filter(where, pk__in=rounds.values("deliverable")).order_by()
        found = Finding.objects.filter(inspection=OuterRef("pk"), deliverable__in=issued.values("pk"))
        return queryset.filter(Exists(found.order_by()))

    def of_found_in(self, queryset, name, value):
        """Says nothing without `found_in`, which reads it."""
        return queryset

    def of_standing(self, queryset, name, value):
        return queryset.filter(standing(value))

    def in_age(self, queryset, name, value):
        return queryset.filter(of_age(value))


def _years_followed() -> list[tuple[int, str]]:
    found = Consequence.objects.order_by("-inspection__year").values_list("inspection__year", flat=True).distinct()
    return [(year, f"{year} 年") for year in found]


class ConsequenceFilter(filters.FilterSet):
    """What follows from the opinions, by the year of the inspection."""

    year = filters.ChoiceFilter(
        label="检查年度", choices=_years_followed, field_name="inspection__year", empty_label=ALL
    )
    kind = filters.ChoiceFilter(label="后续事项", choices=ConsequenceKind.choices, empty_label=ALL)
    decision = filters.ChoiceFilter(
        label="处理", choices=[("none", "待处理"), *Decision.choices], method="of_decision", empty_label=ALL
    )

    class Meta:
        model = Consequence
        fields = []

    def of_decision(self, queryset, name, value):
        return queryset.undecided() if value == "none" else queryset.filter(decision=value)
