from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils import timezone

from staff.choices import COMPANY_ROLES, UNIT_ROLES, Role
from staff.models import Certificate, Post, Unit, User

POST_ROLES = [role for role in Role if role in COMPANY_ROLES or role in UNIT_ROLES]


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "工号或密码不正确。连续输错将暂时锁定账号。",
        "inactive": "账号已停用，请联系系统管理员。",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "工号"
        self.fields["password"].label = "密码"


def _password_field(label: str, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}), max_length=128
    )


class PasswordForm(forms.Form):
    """Change of one's own password."""

    old_password = _password_field("原密码", "current-password")
    new_password = _password_field("新密码", "new-password")
    repeated = _password_field("再输一次新密码", "new-password")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_password"].help_text = "".join(password_validators_help_texts()).replace("你", "您")

    def clean(self):
        data = super().clean()
        if data.get("new_password") and data.get("repeated") and data["new_password"] != data["repeated"]:
            self.add_error("repeated", "两次输入的新密码不一致。")
        return data


class ContactForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["phone", "email"]


class SignatureForm(forms.Form):
    image = forms.FileField(
        label="签名图片",
        help_text="PNG 或 JPEG，不超过 2 MB；白底或透明底，裁去四周空白。系统会重新绘制后保存。",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        error_messages={"required": "请选择图片文件。", "empty": "文件是空的，请重新选择。"},
    )


class PeopleFilter(forms.Form):
    q = forms.CharField(label="搜索", required=False, max_length=60)
    unit = forms.ModelChoiceField(label="单位", queryset=Unit.objects.all(), required=False, empty_label="全部")
    role = forms.ChoiceField(
        label="岗位", required=False, choices=[("", "全部"), *((role.value, role.label) for role in POST_ROLES)]
    )
    active = forms.ChoiceField(
        label="状态", required=False, choices=[("", "在职"), ("no", "已停用"), ("all", "全部")], initial=""
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["placeholder"] = "姓名、工号、手机"


class PersonForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["employee_number", "name", "unit", "job_title", "phone", "email"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        mine = self.instance.unit_id
        self.fields["unit"].queryset = Unit.objects.filter(is_active=True) | Unit.objects.filter(pk=mine)
        self.fields["employee_number"].help_text = "用工号登录。"


class PostForm(forms.ModelForm):
    class Meta:
        model = Post
        fields = ["role", "unit", "starts_on", "ends_on"]
        help_texts = {"ends_on": "留空为长期。"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", "请选择"), *((role.value, role.label) for role in POST_ROLES)]
        self.fields["unit"].queryset = Unit.objects.filter(is_active=True)
        self.fields["unit"].empty_label = "公司"
        self.fields["unit"].help_text = "单位技术负责人、单位档案员选择单位，公司级岗位选“公司”。"


class EndPostForm(forms.Form):
    ends_on = forms.DateField(label="任职至（含当日）", initial=timezone.localdate, widget=forms.DateInput)


class CertificateForm(forms.ModelForm):
    class Meta:
        model = Certificate
        fields = ["kind", "number", "expires_on"]


class UnitForm(forms.ModelForm):
    class Meta:
        model = Unit
        fields = ["code", "name", "parent", "is_active"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["parent"].empty_label = f"无（{settings.FIRM_NAME}本身）"
        if self.instance.pk is None:
            del self.fields["is_active"]
