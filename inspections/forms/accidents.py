import secrets

from django import forms

from inspections.models import Accident
from projects.models import Project
from projects.queries import called
from uploads import ALLOWED_TEXT
from uploads.fields import EvidenceField


class AccidentForm(forms.ModelForm):
    project = forms.CharField(label="项目编号或名称", max_length=120, help_text="如 2026-ZJ1-003。")
    files = EvidenceField(
        label="事故资料",
        help_text=f"可一次选择多个，登记后不能替换。可上传：{ALLOWED_TEXT}。",
    )
    # One drawing of the form is sent once.
    once = forms.CharField(
        max_length=40, required=False, widget=forms.HiddenInput, initial=lambda: secrets.token_urlsafe(16)
    )
    field_order = ("project", "source", "title", "happened_on", "amount_lost", "description", "files")

    class Meta:
        model = Accident
        fields = ["source", "title", "happened_on", "amount_lost", "description"]
        help_texts = {
            "title": "一句话说明是什么事故。",
            "amount_lost": "造成的损失或涉及的金额；尚不清楚的留空。",
            "description": "什么时间、发生了什么、造成什么后果、已采取什么措施。",
        }

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["source"].choices = [("", "请选择"), *self.fields["source"].choices[1:]]

    def clean_project(self) -> Project:
        return called(self.user, self.cleaned_data["project"].strip())

    def _post_clean(self):
        """The service checks and writes; the form has no instance."""
