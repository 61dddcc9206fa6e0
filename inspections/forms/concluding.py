"""评分定稿, 沟通, 出具书面意见, and what follows from it."""

from django import forms
from django.utils import timezone

from inspections.choices import ConsequenceKind, Decision, Side
from inspections.forms.acting import ActForm, SignedForm, long_text
from inspections.models import Consequence, Inspection
from inspections.services.concluding import FLAGS
from uploads import ACCEPT, ALLOWED_TEXT

YES_NO = [("yes", "无异议"), ("no", "有异议")]


class FinishForm(SignedForm):
    """What the lead concludes with the score."""

    conclusion = long_text("综合意见", help_text="对检查情况的总体评价，写入书面意见。")
    is_serious = forms.BooleanField(
        label="问题严重", required=False, help_text="与不合格一样，下一年度质量检查中须进行复查。"
    )
    touches_ethics = forms.BooleanField(label="涉及个人职业道德", required=False)
    causes_loss = forms.BooleanField(label="造成严重经济损失", required=False)
    harms_reputation = forms.BooleanField(label="造成名誉损失", required=False)

    def upward(self) -> list:
        """The fields of what is reported upward, for the page."""
        return [self[name] for name in FLAGS if name != "is_serious"]

    def flags(self) -> dict[str, bool]:
        return {name: self.cleaned_data[name] for name in FLAGS}


class ScoreAgainForm(ActForm):
    reason = long_text("退回重新评分的理由", rows=4, help_text="被检方和检查人员会收到通知。")


def proof_field(label: str, *, required: bool = False, words: str = "") -> forms.FileField:
    """One photo or document."""
    return forms.FileField(
        label=label, required=required, allow_empty_file=True, help_text=f"{words}可上传：{ALLOWED_TEXT}。",
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
    )  # fmt: skip


class TalkForm(ActForm):
    """The words of the inspected side, written by itself."""

    agrees = forms.ChoiceField(label="对检查结果", choices=YES_NO, widget=forms.RadioSelect)
    text = long_text("沟通意见", help_text="对评分、检查问题和整改要求的意见。登记后不能修改，可再次登记补充。")
    evidence = proof_field("附件", words="可不上传。")

    def told(self) -> dict:
        """For the service."""
        told = self.cleaned_data
        agrees = {"yes": True, "no": False}.get(told["agrees"])
        side = told.get("side") or Side.PROJECT
        return {"side": side, "text": told["text"], "agrees": agrees, "evidence": told["evidence"]}


class OfficeTalkForm(TalkForm):
    """The words of the inspectors, or what the inspected side said, written down by them with a record of it."""

    side = forms.ChoiceField(
        label="谁的意见", choices=[(Side.OFFICE, "检查方说明意见"), (Side.PROJECT, "代为记录被检方的意见")],
        widget=forms.RadioSelect, initial=Side.OFFICE,
    )  # fmt: skip
    field_order = ("turn", "side", "text", "agrees", "evidence")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agrees"].required = False
        self.fields["agrees"].label = "被检方对检查结果"
        self.fields["agrees"].help_text = "仅代为记录时选择。"
        self.fields["evidence"].label = "沟通记录"
        words = "代为记录的必须上传（会议纪要、邮件、录音整理稿等）。"
        self.fields["evidence"].help_text = f"{words}可上传：{ALLOWED_TEXT}。"


class ReceiveForm(ActForm):
    """The inspected side confirms: nothing to fill in."""


class DeliveryForm(ActForm):
    """质量办 registers that the opinion was delivered otherwise."""

    received_at = forms.DateTimeField(
        label="送达时间", help_text="被检方实际收到的时间，整改回复时限自此起算。",
        error_messages={"invalid": "请填写年月日和时分。"},
    )  # fmt: skip
    note = forms.CharField(
        label="送达方式和签收人", max_length=300, help_text="如：当面送交，项目经理某某签收；邮件发送，已读回执。"
    )
    evidence = proof_field("送达证据", required=True, words="签收单、邮件回执等。")

    def __init__(self, *args, inspection: Inspection, **kwargs):
        super().__init__(*args, **kwargs)
        issued = timezone.localtime(inspection.opinion.issued_at)
        self.fields["received_at"].widget.attrs["min"] = f"{issued:%Y-%m-%dT%H:%M}"


class DecideForm(forms.Form):
    """Confirm what follows, or not."""

    decision = forms.ChoiceField(label="处理", widget=forms.RadioSelect)
    note = long_text("处置意见", rows=4, required=False)

    def __init__(self, *args, consequence: Consequence, **kwargs):
        super().__init__(*args, **kwargs)
        is_escalation = consequence.kind == ConsequenceKind.ESCALATION
        yes = "已按规定上报并处置" if is_escalation else f"列入 {consequence.target_year} 年度复查"
        self.fields["decision"].choices = [(Decision.CONFIRMED, yes), (Decision.DISMISSED, Decision.DISMISSED.label)]
        self.fields["note"].help_text = (
            "上报情况和处置结果，或不予实施的理由。" if is_escalation else "不予实施的必须说明理由。被检方可以看到。"
        )
        self.fields["note"].required = is_escalation
        if not is_escalation:
            self.fields["note"].label = "说明"
