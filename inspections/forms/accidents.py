import secrets

from django import forms
from django.core.exceptions import ValidationError

from inspections.models import Accident
from projects.models import Project
from uploads import ALLOWED_TEXT
from uploads.fields import EvidenceField


class AccidentForm(forms.ModelForm):
    project = forms.CharField(label="项目编号", max_length=40, help_text="如 2026-ZJ1-003。")
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
        number = self.cleaned_data["project"].strip()
        found = Project.objects.visible_to(self.user).select_related("unit").filter(number__iexact=number).first()
        if found is None:
            raise ValidationError("没有该编号的项目。")
        return found

    def _post_clean(self):
        """The service checks and writes; the form has no instance."""
