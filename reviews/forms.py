"""Forms of the chain. They know fields and words; every rule is in the services."""

from collections.abc import Iterable
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

from projects.choices import DeliverableKind
from projects.models import Discipline
from projects.queries import holders_of
from reviews import queries, rules
from reviews.choices import ChecklistResult, Disposition, LevelKind, RemarkCategory
from reviews.models import Level, Remark, Round, Route
from reviews.services import SignContent
from scoring.choices import Purpose
from scoring.models import Standard
from staff.choices import Action, Role
from staff.models import User
from staff.permissions import allows

MONEY_FIELD = {"max_digits": 15, "decimal_places": 2, "required": False}


class TurnForm(forms.Form):
    """A form that belongs to one moment of a round: it carries the turn that its page was drawn for."""

    turn = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, round: Round, **kwargs):
        kwargs["initial"] = {"turn": round.turn, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.round = round


class ReasonForm(TurnForm):
    """退回, 撤回, 撤回签署: a reason is owed."""

    reason = forms.CharField(label="原因", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))


class VersionForm(TurnForm):
    note = forms.CharField(
        label="版本说明", max_length=300, required=False, help_text="这一版改了什么，例如：按校核意见 1、3 修改。"
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


class SignForm(TurnForm):
    """Everything that a signature binds, at whatever level the round stands, and the password."""

    manifest = forms.CharField(widget=forms.HiddenInput)
    checklist_seen = forms.CharField(widget=forms.HiddenInput, required=False)
    amount = forms.DecimalField(label="本级审定金额（元）", min_value=Decimal(0), **MONEY_FIELD)
    unresolved = forms.CharField(label="未决事项", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    declares_no_unresolved = forms.BooleanField(label="无未决事项", required=False)
    attention = forms.CharField(label="提请重点复核", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    declares_no_attention = forms.BooleanField(label="无提请重点复核事项", required=False)
    acknowledged = forms.MultipleChoiceField(
        label="系统提示", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="下列事项系统已知。可列入上面的说明事项；仍声明“无”的，请逐条勾选“已知悉”，并将记录在案。",
    )  # fmt: skip
    opinion = forms.CharField(label="意见", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    password = forms.CharField(
        label="登录密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args, round: Round, manifest: str, is_member: bool = False, **kwargs):
        kwargs["initial"] = {"manifest": manifest, **(kwargs.get("initial") or {})}
        super().__init__(*args, round=round, **kwargs)
        self.level = round.level
        for name in ("unresolved", "attention"):
            self.fields[name].help_text = "每行一条。应说明而未说明的，视同对其已认同。"
        has_amount = round.level.kind in (LevelKind.REVIEW, LevelKind.PANEL) and not is_member
        if not (has_amount and queries.is_about_money(round)):
            del self.fields["amount"]
        else:
            self.fields["amount"].initial = queries.amounts_of(round)[-1][1]
            self.fields["amount"].help_text = "金额未变动的，填写原金额。"
        self.checklist = [] if is_member else list(round.level.checklist.all())
        for item in self.checklist:
            self._add_checklist(item)
        self.initial["checklist_seen"] = rules.checklist_digest((item.pk, item.text) for item in self.checklist)
        self.standard = None
        if round.level.is_scored and not is_member:
            self._add_score()
        self._offer_prompts()

    def _add_checklist(self, item) -> None:
        self.fields[f"result_{item.pk}"] = forms.ChoiceField(
            label=item.text, choices=ChecklistResult, widget=forms.RadioSelect
        )
        self.fields[f"note_{item.pk}"] = forms.CharField(label="说明", max_length=300, required=False)

    def _add_score(self) -> None:
        self.standard = Standard.objects.current(Purpose.DELIVERABLE)
        if self.standard is None:
            return
        self.criteria = list(self.standard.criteria.prefetch_related("deductions"))
        for criterion in self.criteria:
            for deduction in criterion.deductions.all():
                self.fields[f"hits_{deduction.pk}"] = forms.DecimalField(
                    label=deduction.text, min_value=0, max_digits=5, decimal_places=1, required=False,
                    widget=forms.NumberInput(attrs={"step": "1", "inputmode": "decimal"}),
                )  # fmt: skip

    def _offer_prompts(self) -> None:
        """The prompts of this moment; the amount that is being typed may add one."""
        amount = None
        if self.is_bound and "amount" in self.fields:
            try:
                amount = self.fields["amount"].clean(self.data.get(self.add_prefix("amount")))
            except ValidationError:
                amount = None  # told beside the field itself
        self.prompts = queries.prompts(self.round, amount)
        if not self.prompts:
            del self.fields["acknowledged"]
            return
        self.fields["acknowledged"].choices = [(prompt.code, prompt.text) for prompt in self.prompts]

    def checklist_rows(self):
        """(item, result field, note field) for the template."""
        return [(item, self[f"result_{item.pk}"], self[f"note_{item.pk}"]) for item in self.checklist]

    def score_rows(self):
        """(criterion, [(deduction, hits field)]) for the template."""
        if self.standard is None:
            return []
        return [(c, [(d, self[f"hits_{d.pk}"]) for d in c.deductions.all()]) for c in self.criteria]

    def clean(self):
        data = super().clean()
        # Deductions of a standard that was replaced since the page was drawn would be lost, and the score be full marks.
        if any(name.startswith("hits_") and name not in self.fields for name in self.data):
            self.add_error(None, "评分标准已更新，请按新的评分标准重新评分。")
        self._refuse_old_checklist(data.get("checklist_seen"))
        return data

    def _refuse_old_checklist(self, seen: str | None) -> None:
        """A line added, dropped or reworded since the page was drawn was never read by who signs it."""
        if seen and seen != self.initial["checklist_seen"]:
            self.add_error(None, "核查清单在您打开本页后已更新，请按新的清单核对后再签署；原来的回答已保留。")
            self.data = self.data.copy()  # the page that is drawn now shows the new one
            self.data["checklist_seen"] = self.initial["checklist_seen"]

    def content(self) -> SignContent:
        """What the service signs."""
        data = self.cleaned_data
        hits = None
        if self.standard is not None:
            hits = {
                deduction.pk: data[f"hits_{deduction.pk}"]
                for criterion in self.criteria
                for deduction in criterion.deductions.all()
                if data.get(f"hits_{deduction.pk}")
            }
        return SignContent(
            opinion=data["opinion"], manifest=data["manifest"],
            checklist={item.pk: (data[f"result_{item.pk}"], data[f"note_{item.pk}"]) for item in self.checklist},
            unresolved=_lines(data["unresolved"]), attention=_lines(data["attention"]),
            declares_no_unresolved=data["declares_no_unresolved"], declares_no_attention=data["declares_no_attention"],
            acknowledged=data.get("acknowledged", []), amount=data.get("amount"), hits=hits,
        )  # fmt: skip


class AnswersMixin:
    """Fields to answer every remark that waits for the preparer."""

    def add_answers(self, deliverable, *, may_correct: bool) -> None:
        self.remarks = list(queries.remarks_to_answer(deliverable).prefetch_related("events__by"))
        for remark in self.remarks:
            choices = Disposition.choices if may_correct else [(Disposition.EXPLAINED, Disposition.EXPLAINED.label)]
            self.fields[f"disposition_{remark.pk}"] = forms.ChoiceField(
                label="处理", choices=choices, widget=forms.RadioSelect,
                initial=None if may_correct else Disposition.EXPLAINED,
            )  # fmt: skip
            self.fields[f"answer_{remark.pk}"] = forms.CharField(
                label="回复", max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
            )

    def answer_rows(self):
        return [(r, self[f"disposition_{r.pk}"], self[f"answer_{r.pk}"]) for r in self.remarks]

    def answers(self) -> dict[int, tuple[str, str]]:
        data = self.cleaned_data
        return {r.pk: (data[f"disposition_{r.pk}"], data[f"answer_{r.pk}"]) for r in self.remarks}


class SubmitForm(AnswersMixin, SignForm):
    """Self-check and submission; answers to remarks of earlier rounds come along."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.add_answers(self.round.deliverable, may_correct=True)


class AnswerForm(AnswersMixin, TurnForm):
    """Answers without a new version."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.add_answers(self.round.deliverable, may_correct=False)


class RemarkForm(forms.ModelForm):
    """One remark. The turn travels along so that a stale page cannot write."""

    turn = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Remark
        fields = ("place", "problem", "category", "severity", "amount_affected")
        widgets = {"problem": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [("", "请选择"), *RemarkCategory.choices]

    def _post_clean(self):
        """The service validates the remark as a whole; here only the fields are read."""

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class RecheckForm(TurnForm):
    passed = forms.ChoiceField(label="复查结果", choices=[("yes", "通过"), ("no", "未通过")])
    text = forms.CharField(label="说明", max_length=1000, required=False)


class DeliverableForm(forms.Form):
    """A new deliverable: its facts, its preparer and the amounts of the first version."""

    title = forms.CharField(label="成果名称", max_length=160)
    kind = forms.ChoiceField(label="成果类别", choices=DeliverableKind)
    discipline = forms.ModelChoiceField(label="专业", queryset=Discipline.objects.all())
    preparer = forms.ModelChoiceField(label="编制人", queryset=User.objects.none())
    has_calculation = forms.BooleanField(
        label="涉及计量或计算", required=False, initial=True, help_text="涉及计量或计算工作的成果文件必须经过校核。"
    )
    starts_on = forms.DateField(label="计划开始", required=False)
    due_on = forms.DateField(label="计划完成", required=False)
    submitted_amount = forms.DecimalField(label="送审金额（元）", min_value=0, **MONEY_FIELD)
    draft_amount = forms.DecimalField(label="初稿金额（元）", min_value=0, **MONEY_FIELD)

    def __init__(self, *args, project, actor, **kwargs):
        super().__init__(*args, **kwargs)
        roles = [role for role in Role if allows(Action.PREPARE, {role})]
        people = {person.pk for role in roles for person in holders_of(project, role)}
        self.fields["preparer"].queryset = User.objects.active().filter(pk__in=people)
        if actor.pk in people:
            self.fields["preparer"].initial = actor.pk
        own = project.assignments.in_force().filter(user=actor, discipline__isnull=False).first()
        if own is not None:
            self.fields["discipline"].initial = own.discipline_id


class DeliverableEditForm(forms.Form):
    title = forms.CharField(label="成果名称", max_length=160)
    kind = forms.ChoiceField(label="成果类别", choices=DeliverableKind)
    has_calculation = forms.BooleanField(label="涉及计量或计算", required=False)
    starts_on = forms.DateField(label="计划开始", required=False)
    due_on = forms.DateField(label="计划完成", required=False)


class SeatsForm(TurnForm):
    """Who sits where on the project's present route: one choice for each seat, among those who may hold it."""

    def __init__(self, *args, round: Round, **kwargs):
        super().__init__(*args, round=round, **kwargs)
        deliverable = round.deliverable
        self.route = queries.route_of(deliverable.project)
        held = {(s.level.order, s.number): s.holder_id for s in deliverable.seats.select_related("level")}
        if self.route.pk != round.route_id:
            held = {}
        defaults = queries.default_seats(deliverable, self.route)
        self.places: list[tuple[str, Level, int]] = []
        for level in self.route.levels.exclude(kind=LevelKind.PREPARE):
            self._add(level, 0, level.title, queries.candidates(deliverable, level), held, defaults)
            experts = queries.panel_candidates(deliverable) if level.panel_size else []
            for number in range(1, level.panel_size + 1):
                self._add(level, number, f"{level.title}专家 {number}", experts, held, defaults)

    def _add(self, level: Level, number: int, label: str, people: Iterable, held: dict, defaults: dict) -> None:
        name = f"seat_{level.pk}_{number}"
        default = defaults.get((level.pk, number))
        self.fields[name] = forms.ModelChoiceField(
            label=label, queryset=User.objects.filter(pk__in=[person.pk for person in people]),
            initial=held.get((level.order, number)) or (default.pk if default else None),
            help_text="" if people else "没有可选人员，请先在项目组中设置该角色。",
        )  # fmt: skip
        self.places.append((name, level, number))

    def seat_fields(self):
        return [self[name] for name, _, _ in self.places]

    def seats(self) -> dict:
        return {(level.pk, number): self.cleaned_data[name] for name, level, number in self.places}


class HandOverForm(ReasonForm):
    """To whom a seat goes, and why."""

    to = forms.ModelChoiceField(label="接手人", queryset=User.objects.none())
    ends_on = forms.DateField(
        label="代理至（含当日）", required=False, help_text="留空为至项目结束。到期后该环节须再移交给在任人员。"
    )
    field_order = ("to", "ends_on", "reason")

    def __init__(self, *args, round: Round, **kwargs):
        super().__init__(*args, round=round, **kwargs)
        taken = round.deliverable.seats.values("holder")
        self.fields["to"].queryset = User.objects.active().exclude(pk__in=taken).select_related("unit")
        self.fields["to"].label_from_instance = lambda person: (
            f"{person.name}（{person.employee_number} · {person.unit}）"
        )
        self.fields["reason"].label = "移交原因"


class ExemptForm(ReasonForm):
    password = forms.CharField(label="登录密码", strip=False, widget=forms.PasswordInput)


class RouteForm(forms.Form):
    route = forms.ModelChoiceField(label="审签路线", queryset=Route.objects.filter(is_active=True))
    reason = forms.CharField(label="理由", max_length=200)
