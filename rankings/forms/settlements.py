"""Forms of the year's settlement and of appeals."""

from django import forms

from rankings.choices import Kind, Outcome
from rankings.models.policies import MONEY
from rankings.models.rankings import LONGEST


class TurnForm(forms.Form):
    turn = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"required": "页面不完整，请刷新后重试。"}
    )


class ProposeForm(forms.Form):
    """The digest of the trial that the page showed."""

    seen = forms.CharField(
        widget=forms.HiddenInput, max_length=64, error_messages={"required": "页面不完整，请刷新后重试。"}
    )


class WithdrawForm(TurnForm):
    reason = forms.CharField(
        label="撤回理由", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="撤回后原公示的奖惩不再有效，告知全部有关人员；可以重新试算、公示。",
    )  # fmt: skip


def _password() -> forms.CharField:
    return forms.CharField(
        label="登录密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="再次输入登录密码，确认由本人签署。",
    )  # fmt: skip


class ApproveForm(TurnForm):
    password = _password()


class AppealForm(forms.Form):
    text = forms.CharField(
        label="申诉理由", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 8}),
        help_text="写明对事实、依据或金额的异议和理由。管理层和质量办可以看到。",
    )  # fmt: skip


class DecideForm(forms.Form):
    outcome = forms.ChoiceField(label="处理结果", choices=Outcome.choices, widget=forms.RadioSelect)
    amount = forms.DecimalField(
        label="变更后金额（元）", required=False, min_value=0, max_digits=MONEY["max_digits"],
        decimal_places=MONEY["decimal_places"],
    )  # fmt: skip
    decision = forms.CharField(
        label="处理意见", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5}),
        help_text="核查了什么、是否采纳及理由。申诉人可以看到。",
    )  # fmt: skip
    password = _password()

    def __init__(self, *args, award, **kwargs):
        super().__init__(*args, **kwargs)
        word = "只能增加" if award.kind == Kind.REWARD else "只能减少"
        self.fields["amount"].help_text = f"选择“变更金额”时填写。原金额 {award.amount:,.2f} 元，因申诉{word}。"
        if award.is_left_out:
            self.fields["outcome"].choices = [pair for pair in Outcome.choices if pair[0] != Outcome.REVOKED]

    def clean(self):
        cleaned = super().clean()
        is_changed = cleaned.get("outcome") == Outcome.CHANGED
        if is_changed and cleaned.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", "请填写变更后的金额。")
        return cleaned
