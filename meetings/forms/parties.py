"""Participating units and their contacts."""

from django import forms

from meetings.forms.fields import FactsForm
from meetings.models import Contact, Party


class PartyForm(FactsForm):
    class Meta:
        model = Party
        fields = ["kind", "name"]


class PartyCreateForm(PartyForm):
    """A unit and, at once, its main contact."""

    contact_name = forms.CharField(
        label="联系人姓名", max_length=40, required=False, help_text="会议邀请和纪要发给该联系人。"
    )
    position = forms.CharField(label="职务", max_length=40, required=False)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    email = forms.EmailField(label="邮箱", max_length=120, required=False)

    def clean(self):
        told = super().clean()
        if not told.get("contact_name") and any(told.get(name) for name in ("position", "phone", "email")):
            self.add_error("contact_name", "请填写联系人姓名。")
        return told


class PartyEditForm(PartyForm):
    class Meta(PartyForm.Meta):
        fields = ["kind", "name", "is_active"]
        help_texts = {"is_active": "取消勾选后不再列入邀请名单，以往会议和纪要中的记录保留。"}


class ContactForm(FactsForm):
    class Meta:
        model = Contact
        fields = ["name", "position", "phone", "email", "is_main"]
        help_texts = {
            "is_main": "每个单位一名，代表单位接收会议邀请和纪要。",
            "email": "没有邮箱的，须由组织者另行通知。",
        }


class ContactEditForm(ContactForm):
    class Meta(ContactForm.Meta):
        fields = [*ContactForm.Meta.fields, "is_active"]
