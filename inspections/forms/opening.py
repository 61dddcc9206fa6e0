"""立项, of one inspection or of a whole sample; its inspectors and its date."""

import secrets

from django import forms
from django.utils import timezone

from inspections.choices import Kind, PlanState
from inspections.models import Accident, Draw, Inspection, Plan
from inspections.models.inspections import LONGEST
from inspections.queries import inspections as queries
from projects.models import Project
from projects.queries import called
from scoring.content import figure
from staff.models import Unit

CHOOSE = "请选择"


def _person(user) -> str:
    return f"{user.name}（{user.employee_number}，{user.unit.name}）"


def _note(**more) -> forms.CharField:
    return forms.CharField(label="检查内容", max_length=LONGEST, required=False, widget=forms.Textarea, **more)


class CrewForm(forms.Form):
    """Who inspects, and when."""

    lead = forms.ModelChoiceField(label="检查组长", queryset=None, empty_label=CHOOSE)
    inspectors = forms.ModelMultipleChoiceField(
        label="其他检查人员", queryset=None, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="在被检项目或单位任职（或曾任职）的人员须回避。",
    )  # fmt: skip
    planned_on = forms.DateField(label="计划检查日期", initial=timezone.localdate)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        people = queries.people_who_inspect()
        for name in ("lead", "inspectors"):
            self.fields[name].queryset = people
            self.fields[name].label_from_instance = _person


class _Announcing(forms.Form):
    announce = forms.BooleanField(
        label="立项后通知被检方",
        required=False,
        help_text="告知检查方式和计划检查日期；抽查、专项稽查一般不事先通知。",
    )
    # One drawing of the form is sent once.
    once = forms.CharField(
        max_length=40, required=False, widget=forms.HiddenInput, initial=lambda: secrets.token_urlsafe(16)
    )


class OpenForm(_Announcing, CrewForm):
    project = forms.CharField(
        label="被检项目（编号或名称）", max_length=120, required=False, help_text="检查单位时留空。"
    )
    unit = forms.ModelChoiceField(
        label="被检单位", queryset=Unit.objects.filter(is_active=True), required=False, empty_label="—",
        help_text="检查单位本身（按单位检查评分标准）时选择；检查项目时留空。",
    )  # fmt: skip
    kind = forms.TypedChoiceField(label="检查方式", choices=[("", CHOOSE), *Kind.choices], coerce=Kind)
    plan = forms.ModelChoiceField(
        label="检查计划", queryset=Plan.objects.filter(state=PlanState.IN_FORCE), required=False, empty_label="不列入计划",
        help_text="定期检查、抽查须列入执行中的计划。",
    )  # fmt: skip
    draw = forms.ModelChoiceField(queryset=Draw.objects.all(), required=False, widget=forms.HiddenInput)
    complaint = forms.ModelChoiceField(
        label="投诉、举报", queryset=None, required=False, empty_label="—",
        help_text="已受理、且已登记涉及该项目（单位）的。",
    )  # fmt: skip
    accident = forms.ModelChoiceField(label="重大质量事故", queryset=None, required=False, empty_label="—")
    reinspection_of = forms.ModelChoiceField(
        label="复查自", queryset=None, required=False, empty_label="不是复查",
        help_text="原检查不合格或问题严重、须在下一年度复查的。",
    )  # fmt: skip
    note = _note(help_text="查什么、为什么检查。不在抽样结果中的项目须说明理由。被检方在沟通确认时可以看到。")
    field_order = ("project", "unit", "kind", "plan", "draw", "complaint", "accident", "reinspection_of", "lead",
                   "inspectors", "planned_on", "note", "announce", "once")  # fmt: skip

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["complaint"].queryset = queries.complaints_on_file(user)
        self.fields["complaint"].label_from_instance = lambda each: f"{each.number} {each.subject}"
        self.fields["accident"].queryset = Accident.objects.visible_to(user)
        self.fields["reinspection_of"].queryset = queries.to_inspect_again(user)
        self.fields["reinspection_of"].label_from_instance = _former
        # Set before the field is bound: what is bound keeps its words.
        number = self.data.get("project") if self.is_bound else self.initial.get("project")
        if named := self._project(number):
            self.fields["project"].help_text = named.name

    def _project(self, number) -> Project | None:
        """The project of that number that the person sees."""
        rows = Project.objects.visible_to(self.user).select_related("unit")
        return rows.filter(number__iexact=number.strip()).first() if number else None

    def clean_project(self) -> Project | None:
        words = self.cleaned_data["project"].strip()
        return called(self.user, words) if words else None

    def clean(self):
        told = super().clean()
        if told.get("project") and told.get("unit"):
            self.add_error("unit", "被检项目与被检单位只填一项。")
        elif not told.get("project") and not told.get("unit") and not {"project", "unit"} & set(self.errors):
            self.add_error("project", "请填写被检项目的编号，或选择被检单位。")
        told["draw"] = _draw_of(told.get("plan"), told.get("draw"), told.get("project"))
        return told

    def facts(self) -> dict:
        """The arguments of the service."""
        return {name: value for name, value in self.cleaned_data.items() if name != "once"}


def _former(inspection: Inspection) -> str:
    sheet = inspection.score_sheet
    return f"{inspection.number} {inspection.subject_words}（{figure(sheet.total)} 分，{sheet.grade}）"


def _draw_of(plan: Plan | None, asked: Draw | None, project: Project | None) -> Draw | None:
    """The draw of `plan` in which the project was drawn: the one asked for, else the newest; None where there is none."""
    if plan is None or project is None:
        return None
    found = [draw for draw in plan.draws.all() if any(row["number"] == project.number for row in draw.drawn)]
    return asked if asked in found else next(iter(found), None)


class DrawnForm(_Announcing, CrewForm):
    """立项 of the projects of a sample."""

    projects = forms.ModelMultipleChoiceField(
        label="抽出的项目", queryset=None, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少选择一个项目。", "invalid_choice": "有项目刚刚已由他人立项，请核对后重新提交。"},
    )  # fmt: skip
    note = _note(help_text="查什么，写入每一项检查。被检方在沟通确认时可以看到。")
    field_order = ("projects", "lead", "inspectors", "planned_on", "note", "announce", "once")

    def __init__(self, *args, projects, **kwargs):
        super().__init__(*args, **kwargs)
        pks = [project.pk for project in projects]
        self.fields["projects"].queryset = Project.objects.filter(pk__in=pks).select_related("unit").order_by("number")
        self.fields["projects"].initial = pks

    def facts(self) -> dict:
        """The arguments of the service."""
        return {name: value for name, value in self.cleaned_data.items() if name != "once"}


# ── Once it is open ─────────────────────────────────────────────────────────
class AppointForm(CrewForm):
    reason = forms.CharField(label="调整理由", max_length=300, widget=forms.Textarea)
    turn = forms.IntegerField(widget=forms.HiddenInput)


class CancelForm(forms.Form):
    reason = forms.CharField(label="撤销理由", max_length=LONGEST, widget=forms.Textarea,
                             help_text="检查编号不再使用，已登记的内容保留备查。")  # fmt: skip
    turn = forms.IntegerField(widget=forms.HiddenInput)
