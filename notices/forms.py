from django import forms

from notices.choices import MUTABLE, Kind

EACH, DIGEST, NONE = "each", "digest", "none"


class NoticeFilter(forms.Form):
    state = forms.CharField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label="类别", required=False,
        choices=[("", "全部"), *((kind.value, kind.label) for kind in Kind if kind != Kind.DIGEST)],
    )  # fmt: skip


class PreferenceForm(forms.Form):
    """How a person is told by e-mail, and which kinds at all. Ticked means heard: what is new one day is heard too."""

    email_mode = forms.ChoiceField(label="邮件", widget=forms.RadioSelect)
    heard = forms.MultipleChoiceField(
        label="提醒的类别",
        required=False,
        choices=[(kind.value, kind.label) for kind in MUTABLE],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, digest_at: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email_mode"].choices = [
            (EACH, "每条消息发一封邮件"),
            (DIGEST, f"每天 {digest_at} 发一封摘要，列出未读消息；紧急消息仍单独发送"),
            (NONE, "不发邮件"),
        ]

    @staticmethod
    def values_of(wish) -> dict:
        """Initial values from a Preference."""
        mode = NONE if not wish.email else DIGEST if wish.digest else EACH
        return {"email_mode": mode, "heard": [kind.value for kind in MUTABLE if kind not in wish.muted_kinds]}

    def wishes(self) -> dict:
        """What `services.set_preference` takes."""
        mode, heard = self.cleaned_data["email_mode"], self.cleaned_data["heard"]
        muted = [kind for kind in MUTABLE if kind not in heard]
        return {"email": mode != NONE, "digest": mode == DIGEST, "muted_kinds": muted}
