"""What every form of an act has: the turn that its page was drawn for, and the password where the act is signed."""

from django import forms

from inspections.models.inspections import LONGEST


class ActForm(forms.Form):
    turn = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"required": "页面不完整，请刷新后重试。"}
    )


class SignedForm(ActForm):
    """Of an act that is signed. `seen` is the fingerprint of what the page showed where that can change by itself."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    password = forms.CharField(
        label="登录密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="再次输入登录密码，确认由本人签署。",
    )  # fmt: skip


def long_text(label: str, *, rows: int = 5, **more) -> forms.CharField:
    """Words of several lines."""
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": rows}), **more)
