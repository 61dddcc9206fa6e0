"""What is told when liability is opened, proposed, answered and decided."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from inspections.choices import Origin, Outcome, Share
from inspections.forms.acting import ActForm, SignedForm, long_text
from inspections.models import LiabilityCase
from inspections.queries import liability as queries
from inspections.services.liability import Proposed
from reviews.choices import RemarkCategory
from reviews.models import Signature
from staff.models import User
from uploads.fields import EvidenceField

CHOOSE = "请选择"
EVENTS = [("", CHOOSE), *((each.value, each.label) for each in Origin if each != Origin.FINDING)]


# ── Opening ─────────────────────────────────────────────────────────────────
class FindDeliverableForm(forms.Form):
    """Which deliverable: by its number, or by words of its title or project."""

    q = forms.CharField(label="成果文件", max_length=80, help_text="成果编号，或成果名称、项目名称中的几个字。")


class CaseForm(forms.Form):
    """A problem of one deliverable. From a finding, the source is known already."""

    origin = forms.ChoiceField(label="事由来源", choices=EVENTS)
    document = forms.CharField(
        label="来源文书", max_length=200, help_text="文书名称、文号和日期，如“滨江函〔2026〕18 号，2026-11-20”。"
    )
    round = forms.ModelChoiceField(
        label="追溯的审签轮次", queryset=None, empty_label=None, help_text="默认为已签发的一轮。"
    )
    found_on = forms.DateField(label="发现日期", initial=timezone.localdate)
    category = forms.ChoiceField(
        label="问题类别", choices=[("", CHOOSE), *RemarkCategory.choices],
        help_text="按此类别追溯各级签署时的说明、核查和意见。",
    )  # fmt: skip
    amount = forms.DecimalField(label="涉及金额（元）", max_digits=15, decimal_places=2, required=False)
    problem = long_text("问题", help_text="哪一份文件、哪一处、错在哪里、应当如何。当事人可以看到。")
    files = EvidenceField(label="问责材料")

    def __init__(self, *args, deliverable, finding=None, **kwargs):
        super().__init__(*args, **kwargs)
        rounds = queries.rounds_to_walk(deliverable)
        self.fields["round"].queryset = rounds
        self.fields["round"].label_from_instance = _round_words
        self.fields["round"].initial = rounds.first()
        if finding is not None:
            del self.fields["origin"], self.fields["document"]


def _round_words(round) -> str:
    return f"第 {round.number} 轮 · 第 {round.version.number} 版（{round.get_state_display()}）"


class DropForm(ActForm):
    reason = long_text("撤销理由", rows=4)


class EvidenceForm(forms.Form):
    files = EvidenceField(label="问责材料", required=True)


# ── Proposing ───────────────────────────────────────────────────────────────
class SheetForm(forms.Form):
    """One person's sheet, if it is chosen; filled in by what the walk proposes."""

    is_chosen = forms.BooleanField(label="出具问责单", required=False)
    share = forms.ChoiceField(label="责任类别", choices=[("", CHOOSE), *Share.choices], required=False)
    proposal = long_text(
        "处理意见", rows=2, required=False, help_text="如批评教育、扣减绩效、暂停签署；处罚额度按公司制度。"
    )
    grounds = long_text("事实依据", rows=4, required=False)
    clause = long_text("制度依据", rows=3, required=False)

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("is_chosen"):
            return cleaned
        for name, words in (("share", "选择责任类别"), ("proposal", "填写处理意见"), ("grounds", "填写事实依据"),
                            ("clause", "填写制度依据")):  # fmt: skip
            if name not in self.errors and not (cleaned.get(name) or "").strip():
                self.add_error(name, f"请{words}。")
        return cleaned


class SignerSheetForm(SheetForm):
    """Of somebody who signed the round: person, level and signature are the walk's, not the browser's."""

    def __init__(self, *args, step: dict, **kwargs):
        first = {"is_chosen": bool(step["share"]), **{name: step[name] for name in ("share", "grounds", "clause")}}
        super().__init__(*args, initial=first, prefix=f"s{step['signature']}", **kwargs)
        self.step = step


class OtherSheetForm(SheetForm):
    """Of somebody who signed nothing in the round."""

    person = forms.ModelChoiceField(label="人员", queryset=User.objects.none(), required=False, empty_label=CHOOSE)
    level_title = forms.CharField(label="所在级别或职责", max_length=40, required=False, help_text="如“项目负责人”。")
    field_order = ("is_chosen", "person", "level_title")

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, prefix="other", initial={"share": Share.OTHER}, **kwargs)
        self.fields["person"].queryset = people
        self.fields["person"].label_from_instance = lambda each: (
            f"{each.name}（{each.employee_number}，{each.unit.name}）"
        )

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("is_chosen"):
            for name, words in (("person", "请选择人员。"), ("level_title", "请填写所在级别或职责。")):
                if name not in self.errors and not cleaned.get(name):
                    self.add_error(name, words)
        return cleaned


class ProposeForm(SignedForm):
    """The password and the turn; `rows` and `other` are the sheets, forms of their own with a prefix each."""

    def __init__(self, data=None, *, case: LiabilityCase):
        super().__init__(data, initial={"turn": case.turn})
        self.case = case
        taken = set(case.sheets.order_by().values_list("person", flat=True))
        steps = [step for step in case.walk if step["signature"] and step["person"] not in taken]
        self.rows = [SignerSheetForm(data, step=step) for step in steps]
        self.other = OtherSheetForm(data, people=queries.people_to_add(case))

    def clean(self):
        cleaned = super().clean()
        # Each by itself, so that all that is wrong is said at once.
        checked = [form.is_valid() for form in (*self.rows, self.other)]
        if not all(checked):
            raise ValidationError("有问责单没有填写完整，请逐一核对。")
        if not any(form.cleaned_data["is_chosen"] for form in (*self.rows, self.other)):
            raise ValidationError("请至少为一人出具问责单。")
        return cleaned

    def sheets(self) -> list[Proposed]:
        """What the service proposes."""
        chosen = [form for form in self.rows if form.cleaned_data["is_chosen"]]
        signatures = Signature.objects.select_related("signer").in_bulk([form.step["signature"] for form in chosen])
        found = [
            _proposed(form, signatures[form.step["signature"]].signer, form.step["title"],
                      signature=signatures[form.step["signature"]])
            for form in chosen
        ]  # fmt: skip
        if (told := self.other.cleaned_data)["is_chosen"]:
            found.append(_proposed(self.other, told["person"], told["level_title"]))
        return found


def _proposed(form: SheetForm, person, level_title: str, signature=None) -> Proposed:
    texts = {name: form.cleaned_data[name] for name in ("share", "grounds", "clause", "proposal")}
    return Proposed(person=person, level_title=level_title, signature=signature, **texts)


# ── Answering and deciding ──────────────────────────────────────────────────
class AnswerForm(SignedForm):
    accepts = forms.TypedChoiceField(
        label="意见", choices=[("yes", "无异议"), ("no", "陈述申辩")], coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )  # fmt: skip
    text = long_text(
        "陈述申辩", rows=8, required=False, help_text="陈述申辩的必须填写：事实、理由和依据。无异议的可以不填。"
    )
    files = EvidenceField(label="证明材料")
    field_order = ("accepts", "text", "files", "password")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("accepts") is False and not (cleaned.get("text") or "").strip() and "text" not in self.errors:
            self.add_error("text", "请填写陈述申辩的内容。")
        return cleaned


class DecideForm(SignedForm):
    hearing = long_text(
        "听证、核查情况",
        required=False,
        help_text="当事人陈述申辩的必须填写：听取了谁的意见、核查了什么、是否采纳及理由。",
    )
    outcome = forms.ChoiceField(label="决定", choices=Outcome.choices, widget=forms.RadioSelect)
    decision = long_text("处理决定", help_text="决定的内容。当事人可以看到，印在《质量问责单》上。")
    field_order = ("hearing", "outcome", "decision", "password")
