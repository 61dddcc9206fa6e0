"""What people tell about a clock."""

from django import forms

from deadlines.choices import RequestKind
from uploads import ACCEPT, ALLOWED_TEXT

LONG = {"widget": forms.Textarea, "max_length": 2000}


class EvidenceField(forms.FileField):
    """A proof, if there is one to upload; what it is is judged by the service."""

    def __init__(self, **kwargs):
        super().__init__(
            label="证据文件", required=False, allow_empty_file=True, widget=forms.FileInput(attrs={"accept": ACCEPT}),
            help_text=f"如委托人函件的扫描件。可上传：{ALLOWED_TEXT}。", **kwargs,
        )  # fmt: skip


class FulfilForm(forms.Form):
    note = forms.CharField(label="完成情况", max_length=300, widget=forms.Textarea)


class BackdatedFulfilForm(FulfilForm):
    at = forms.DateTimeField(
        label="实际完成时间",
        required=False,
        help_text="留空为现在。补记以前的时间须由责任人以外的审批人登记，并写明依据。",
    )


class RequestForm(forms.Form):
    kind = forms.ChoiceField(
        label="申请事项",
        choices=[(kind.value, kind.label) for kind in (RequestKind.SUSPENSION, RequestKind.EXTENSION)],
        widget=forms.RadioSelect,
        initial=RequestKind.SUSPENSION,
        help_text="中止自申请之时起停止计时，恢复后继续；延期在原期限上增加。",
    )
    amount = forms.IntegerField(label="延长", required=False, min_value=1, max_value=365)
    reason = forms.CharField(label="理由", **LONG)
    basis = forms.CharField(label="依据", max_length=200, help_text="函件名称与文号、会议纪要等。")
    evidence = EvidenceField()

    def __init__(self, *args, unit: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = f"延长（{unit}）"
        self.fields["amount"].help_text = "申请延期时填写。"


class ShortenForm(forms.Form):
    amount = forms.IntegerField(label="缩短", min_value=1, max_value=365)
    reason = forms.CharField(label="委托人的要求", **LONG)
    basis = forms.CharField(label="依据", max_length=200, help_text="函件名称与文号、会议纪要等。")
    evidence = EvidenceField()

    def __init__(self, *args, unit: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = f"缩短（{unit}）"


class ResumeForm(forms.Form):
    reason = forms.CharField(label="恢复理由", max_length=300)
    basis = forms.CharField(label="依据", max_length=200, help_text="如资料补齐的交接记录、委托人复函。")


class DecisionForm(forms.Form):
    approve = forms.TypedChoiceField(
        label="审批结果",
        choices=[("yes", "同意"), ("no", "不同意")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label="审批意见", max_length=300, required=False, help_text="不同意时须说明理由。")


class ReasonForm(forms.Form):
    reason = forms.CharField(label="理由", max_length=300, widget=forms.Textarea)


class NudgeForm(forms.Form):
    words = forms.CharField(label="附言", max_length=200, required=False)
