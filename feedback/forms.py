"""What senders and handlers tell."""

import secrets

from django import forms
from django.core.exceptions import ValidationError

from feedback.choices import ComplaintChannel, ComplaintKind, Verdict
from feedback.models import LONGEST
from feedback.services.receiving import FILE_BYTES, MOST_FILES, Content, SenderFacts
from projects.queries import called
from staff.models import Unit, User
from uploads import ALLOWED_TEXT
from uploads.fields import FilesField


def _files() -> FilesField:
    return FilesField(
        label="附件", required=False,
        help_text=f"最多 {MOST_FILES} 个，每个不超过 {FILE_BYTES // (1024 * 1024)} MB。可上传：{ALLOWED_TEXT}。"
        "文件名不保存；文件属性中可能带有作者姓名，匿名提交前请先清除。",
    )  # fmt: skip


def _long(label: str, **more) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6}), **more)


class _TellingForm(forms.Form):
    """What is told and by whom."""

    kind = forms.ChoiceField(
        label="类别", choices=ComplaintKind, widget=forms.RadioSelect, initial=ComplaintKind.COMPLAINT,
        help_text="投诉：对服务、成果质量或时限不满意。举报：发现弄虚作假、违规违纪或其他不当行为。",
    )  # fmt: skip
    subject = forms.CharField(label="标题", max_length=100, help_text="一句话说明是什么事。")
    body = _long(
        "内容",
        help_text="什么时间、什么地点、什么人、发生了什么。请勿在此写本人姓名，匿名的内容也不要写能认出您的细节。",
    )
    concerns = forms.CharField(
        label="涉及的项目、部门", max_length=200, required=False, help_text="知道项目名称、编号或部门的，请写在这里。"
    )
    is_about_office = forms.BooleanField(
        label="涉及质量管理办公室（质量办）的人员",
        required=False,
        help_text="选中后质量办看不到，由公司管理层直接办理。",
    )
    is_anonymous = forms.TypedChoiceField(
        label="是否匿名", choices=[("no", "留下联系方式"), ("yes", "匿名")], coerce=lambda value: value == "yes",
        widget=forms.RadioSelect, initial="yes",
        help_text="选择匿名的，姓名与联系方式即使填写也不保存。",
    )  # fmt: skip
    name = forms.CharField(label="姓名", max_length=40, required=False)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    email = forms.EmailField(label="邮箱", required=False)
    files = _files()
    # One drawing of the form is sent once.
    once = forms.CharField(
        max_length=40, required=False, widget=forms.HiddenInput, initial=lambda: secrets.token_urlsafe(16)
    )

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("is_anonymous") is False:
            if not cleaned.get("name"):
                self.add_error("name", "请填写姓名，或选择匿名。")
            if not cleaned.get("phone") and not cleaned.get("email") and "email" not in self.errors:
                self.add_error("phone", "请填写电话或邮箱中的至少一项，或选择匿名。")
        return cleaned

    def content(self) -> Content:
        names = ("kind", "subject", "body", "concerns", "is_about_office")
        return Content(**{name: self.cleaned_data[name] for name in names})

    def sender(self) -> SenderFacts | None:
        if self.cleaned_data["is_anonymous"]:
            return None
        return SenderFacts(**{name: self.cleaned_data[name] for name in ("name", "phone", "email")})


class PublicForm(_TellingForm):
    # Nobody sees it; what fills in forms by itself does.
    website = forms.CharField(label="请勿填写此栏", required=False, max_length=200)

    def clean_website(self):
        if self.cleaned_data["website"]:
            raise ValidationError("此栏用于识别自动填写的程序，请清空后重新提交。")
        return ""


class RegisterForm(_TellingForm):
    channel = forms.ChoiceField(
        label="来源", choices=[(each.value, each.label) for each in ComplaintChannel if each != ComplaintChannel.WEB]
    )
    received_at = forms.DateTimeField(
        label="收到时间", required=False, help_text="留空为现在。受理时限自收到之时起算。"
    )
    field_order = ("kind", "channel", "received_at")


class QueryForm(forms.Form):
    number = forms.CharField(label="编号", max_length=20, help_text="如 TS-2026-0001、JB-2026-0001。")
    code = forms.CharField(label="查询码", max_length=40, help_text="提交时显示的 16 位字母和数字，不分大小写。")


# ── Handling ────────────────────────────────────────────────────────────────
class ActForm(forms.Form):
    turn = forms.IntegerField(widget=forms.HiddenInput, required=True)


class RefuseForm(ActForm):
    reason = _long("不予受理的理由", help_text="投诉举报人可在查询页看到。请勿写入他人的个人信息。")


class PlaceForm(ActForm):
    project = forms.CharField(
        label="项目编号或名称", max_length=120, required=False, help_text="留空为不涉及具体项目。"
    )
    unit = forms.ModelChoiceField(
        label="单位", queryset=Unit.objects.all(), required=False, help_text="留空为项目的承办单位。"
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_project(self):
        words = self.cleaned_data["project"].strip()
        return called(self.user, words) if words else None


class InvestigateForm(ActForm):
    finding = _long("调查情况", help_text="查了什么、问了谁、依据是什么。仅办理人可见。")
    verdict = forms.ChoiceField(label="调查结论", choices=Verdict, widget=forms.RadioSelect)
    cause = _long("原因", required=False, help_text="属实或部分属实的必须填写。")


class ReopenForm(ActForm):
    reason = _long("补充调查的理由")


class HandleForm(ActForm):
    disposition = _long("处理情况", help_text="对人员、项目采取的措施。仅办理人可见。")


class AnswerForm(ActForm):
    feedback = _long(
        "给投诉举报人的反馈", help_text="投诉举报人凭编号和查询码看到的全部内容。请勿写入他人的个人信息。"
    )


class PersonForm(forms.Form):
    user = forms.ModelChoiceField(label="人员", queryset=User.objects.none())

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.active().select_related("unit").order_by("employee_number")
        self.fields["user"].label_from_instance = lambda each: (
            f"{each.name}（{each.employee_number}，{each.unit.name}）"
        )


class ReasonForm(forms.Form):
    reason = forms.CharField(label="查看理由", max_length=300, widget=forms.Textarea)
