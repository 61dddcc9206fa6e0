from copy import copy

from django import forms
from django.contrib import admin, messages

from notices import services
from notices.channels import CHANNELS
from notices.channels.base import SENT
from notices.channels.webhook import HIDDEN, check_address
from notices.choices import NOT_FOR_GROUPS, Kind
from notices.models import Bot
from staff.reference_admin import ReferenceAdmin

KEYS = ("webhook", "secret")
CARRIED = [(kind.value, kind.label) for kind in Kind if kind not in (*NOT_FOR_GROUPS, Kind.DIGEST)]


def masked(key: str) -> str:
    """••••a1b2: enough to tell one key from another."""
    return f"{HIDDEN}{key[-4:]}" if len(key) > 12 else HIDDEN if key else ""


class BotForm(forms.ModelForm):
    """Address and secret are typed and never shown again; left empty they stay as they are."""

    kinds = forms.MultipleChoiceField(
        label="消息类别",
        choices=CARRIED,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="不选为全部类别。",
    )
    removes_secret = forms.BooleanField(label="清除签名密钥", required=False)

    class Meta:
        model = Bot
        fields = ["name", "channel", "webhook", "secret", "removes_secret", "unit", "kinds", "is_active"]
        widgets = {
            "webhook": forms.TextInput(attrs={"size": 90, "autocomplete": "off"}),
            "secret": forms.PasswordInput(attrs={"size": 60, "autocomplete": "new-password"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["webhook"].help_text = "群设置中复制的完整地址。机器人要求关键词时，关键词填“质量管理系统”。"
        self.fields["secret"].help_text = "钉钉“加签”、飞书“签名校验”的密钥；企业微信没有。"
        if not self.instance.pk:
            return
        for name in KEYS:
            self.initial[name] = ""
            if kept := masked(getattr(self.instance, name)):
                self.fields[name].required = False
                self.fields[name].help_text = f"已保存 {kept}，留空则不变。{self.fields[name].help_text}"

    def clean_webhook(self):
        return self.cleaned_data["webhook"].strip() or self.instance.webhook

    def clean_secret(self):
        return self.cleaned_data["secret"].strip() or self.instance.secret

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("removes_secret"):
            cleaned["secret"] = ""
        if cleaned.get("webhook") and cleaned.get("channel"):
            try:
                check_address(cleaned["webhook"], CHANNELS[cleaned["channel"]].DIALECT.host)
            except forms.ValidationError as error:
                self.add_error("webhook", error)
        return cleaned


@admin.register(Bot)
class BotAdmin(ReferenceAdmin):
    """The groups' robots. Whoever holds an address can write to the group, so keys reach neither page nor ledger."""

    form = BotForm
    list_display = ["name", "channel", "unit", "shown_webhook", "is_active", "quiet_until"]
    list_filter = ["channel", "is_active"]
    actions = ["send_test"]

    def get_fields(self, request, obj=None):
        return [name for name in BotForm.Meta.fields if obj or name != "removes_secret"]

    @admin.display(description="Webhook 地址")
    def shown_webhook(self, bot):
        return masked(bot.webhook)

    def _announce(self, request, action, obj, message):
        discreet = copy(obj)
        for name in KEYS:
            setattr(discreet, name, HIDDEN if getattr(obj, name) else "")
        super()._announce(request, action, discreet, message)

    @admin.action(description="发送测试消息")
    def send_test(self, request, queryset):
        for bot in queryset:
            outcome = services.send_test(bot=bot)
            if outcome is SENT:
                self.message_user(request, f"{bot}：测试消息已发送。", messages.SUCCESS)
            else:
                self.message_user(request, f"{bot}：{outcome.reason}。", messages.ERROR)
