from django import forms
from django.urls import reverse
from django.utils import timezone

from projects.choices import BusinessLine, Degree, HandoverKind, MaterialCategory, RiskStatus
from projects.models import (
    Assignment,
    Client,
    DeliverableVersion,
    Handover,
    HandoverItem,
    Inquiry,
    Project,
    Risk,
    UrgentRequest,
)
from projects.queries import people_for_teams, suggested_number, units_for_new_projects
from staff.choices import PROJECT_ROLES
from staff.models import Unit
from uploads import ALLOWED_TEXT
from uploads.fields import FilesField

CHOOSE = "请选择"


class PersonField(forms.ModelChoiceField):
    """A person, told apart from namesakes by number and unit."""

    def label_from_instance(self, person) -> str:
        return f"{person.name}（{person.employee_number} · {person.unit.name}）"


class FactsForm(forms.ModelForm):
    """Takes what was typed and leaves its instance alone: the service checks the whole, and compares old with new."""

    def _post_clean(self):
        pass


class ClientForm(FactsForm):
    class Meta:
        model = Client
        fields = ["name", "contact", "phone", "email", "address"]


class ProjectForm(FactsForm):
    """All facts of a project."""

    class Meta:
        model = Project
        fields = [
            "unit", "number", "name", "client", "business_line", "importance", "confidentiality", "stage",
            "contract_number", "contract_kind", "contract_amount", "fee", "contract_signed_on", "submitted_amount",
            "goal", "scope", "planned_start_on", "planned_finish_on", "actual_start_on", "actual_finish_on",
        ]  # fmt: skip
        error_messages = {"number": {"unique": "该项目编号已被使用。"}}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        own = Unit.objects.filter(pk=self.instance.unit_id)
        self.fields["unit"].queryset = (units_for_new_projects(user) | own).distinct()
        self.fields["client"].queryset = Client.objects.visible_to(user) | Client.objects.filter(
            pk=self.instance.client_id
        )
        for name in ("unit", "client"):
            self.fields[name].empty_label = CHOOSE
        self.fields["business_line"].choices = [("", CHOOSE), *BusinessLine.choices]


class ProjectCreateForm(ProjectForm):
    """A new project: the number suggested, the client chosen or new, the project manager named at once if known."""

    new_client = forms.CharField(
        label="新委托人", max_length=120, required=False, help_text="名单中没有时在此填写名称，将一并登记。"
    )
    project_manager = PersonField(
        label="项目经理", queryset=people_for_teams(), required=False, empty_label="稍后在项目组中设置"
    )

    field_order = ["unit", "number", "name", "client", "new_client", "project_manager"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, user=user, **kwargs)
        units = list(self.fields["unit"].queryset)
        unit = next((each for each in units if each.pk == user.unit_id), units[0] if len(units) == 1 else None)
        if unit:
            self.initial.setdefault("unit", unit.pk)
            self.initial.setdefault("number", suggested_number(unit))
        self.fields["number"].required = False
        self.fields["number"].help_text = "可修改；留空时按“年份-单位代码-序号”自动编号。"
        self.fields["client"].required = False
        # The suggestion follows the unit; without JavaScript an emptied number is filled when saving.
        self.fields["unit"].widget.attrs |= {
            "hx-get": reverse("projects:number_suggestion"),
            "hx-target": "#id_number",
            "hx-swap": "outerHTML",
        }

    def clean(self):
        data = super().clean()
        chosen, new = data.get("client"), data.get("new_client")
        if not chosen and not new and "client" not in self.errors:
            self.add_error("client", "请选择委托人，或在“新委托人”中填写名称。")
        if chosen and new:
            self.add_error("new_client", "已选择委托人，请勿同时填写新委托人。")
        if not chosen:
            data.pop("client", None)
        return data


class AssignmentForm(FactsForm):
    user = PersonField(label="人员", queryset=people_for_teams(), empty_label=CHOOSE)

    class Meta:
        model = Assignment
        fields = ["user", "role", "discipline", "starts_on", "ends_on"]
        help_texts = {"discipline": "专业负责人、造价工程师须选择专业。", "ends_on": "留空为至项目结束。"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", CHOOSE), *((role.value, role.label) for role in PROJECT_ROLES)]
        self.fields["discipline"].empty_label = "不分专业"


class AssignmentEndForm(forms.Form):
    ends_on = forms.DateField(label="任职至（含当日）", initial=timezone.localdate)


class RiskForm(FactsForm):
    owner = PersonField(label="责任人", queryset=people_for_teams(), empty_label=CHOOSE)

    class Meta:
        model = Risk
        fields = ["description", "probability", "impact", "measures", "owner"]

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people
        for name in ("probability", "impact"):
            self.fields[name].choices = Degree.choices


class RiskEscalateForm(forms.Form):
    reason = forms.CharField(label="上报原因", widget=forms.Textarea, max_length=2000)


class RiskSettleForm(forms.Form):
    status = forms.ChoiceField(
        label="处理结果",
        choices=[(status.value, status.label) for status in RiskStatus if status != RiskStatus.OPEN],
        widget=forms.RadioSelect,
        initial=RiskStatus.REMOVED,
    )
    resolution = forms.CharField(label="处理情况", widget=forms.Textarea, max_length=2000)


class InquiryForm(FactsForm):
    class Meta:
        model = Inquiry
        fields = ["asked_by", "channel", "asked_at", "question"]
        help_texts = {"asked_at": "委托人提出询问的时间，应在一个工作小时内答复。"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("asked_at", timezone.localtime().replace(second=0, microsecond=0))


class InquiryAnswerForm(forms.Form):
    answer = forms.CharField(label="答复内容", widget=forms.Textarea, max_length=5000)


class UrgentForm(FactsForm):
    class Meta:
        model = UrgentRequest
        fields = ["asked_by", "asked_at", "need"]
        help_texts = {"asked_at": "委托人提出要求的时间，加派人员应在 1 天内到岗。"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("asked_at", timezone.localtime().replace(second=0, microsecond=0))


class UrgentCloseForm(forms.Form):
    arrived_at = forms.DateTimeField(
        label="到岗时间", help_text="责任人登记的，时限以登记时刻为准，请在到岗后随即登记。",
        initial=lambda: timezone.localtime().replace(second=0, microsecond=0),
    )  # fmt: skip
    arrival_note = forms.CharField(
        label="到岗人员与情况", max_length=300, help_text="未派人驻场的，说明提供的后台支持。", widget=forms.Textarea
    )


# ── Materials ───────────────────────────────────────────────────────────────
class HandoverForm(FactsForm):
    class Meta:
        model = Handover
        fields = ["kind", "title", "discipline", "contract_kind", "handed_over_by", "note"]
        help_texts = {
            "title": "如“3 号楼”“一标段”“第二轮”。单项工程图纸须填写。",
            "discipline": "单项工程图纸须选择，其工程量清单由该专业负责人完成。",
            "contract_kind": "决定结算的时限：总承包或其他合同。",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", CHOOSE), *HandoverKind.choices]
        self.fields["discipline"].empty_label = "不分专业"


class ItemForm(FactsForm):
    """One row of a list; without copies and day where the project has no such material."""

    class Meta:
        model = HandoverItem
        fields = ["category", "name", "copies", "received_on", "is_absent"]
        help_texts = {"is_absent": "勾选后不必填写名称、份数和日期。"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False
        self.fields["category"].choices = MaterialCategory.choices
        if not self.instance.pk:
            self.initial = {"copies": 1, "received_on": timezone.localdate(), **self.initial}


class CompleteForm(forms.Form):
    """`last` is the day of the last receipt, `coming` the rules that will start: one with a usual number of times asks
    for the reason of another."""

    completed_on = forms.DateField(label="资料齐全日期", help_text="时限自这一天起算，当日不计入。")
    beyond_reason = forms.CharField(
        label="超过一般次数的理由", max_length=300, required=False, help_text="一般不超过规定次数；确需增加时填写。"
    )

    def __init__(self, *args, coming, last=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("completed_on", last or timezone.localdate())
        if not any(rule.max_times for rule in coming):
            del self.fields["beyond_reason"]


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label="撤销理由", widget=forms.Textarea, max_length=250, help_text="撤销后，已起算的时限作废，清单可继续修改。"
    )


class _ItemsForm(forms.Form):
    """Some rows of one set; cleans to their ids. `starts_full`: all are chosen until somebody takes one out."""

    starts_full = True

    items = forms.TypedMultipleChoiceField(
        label="资料", coerce=int, widget=forms.CheckboxSelectMultiple, error_messages={"required": "请选择资料。"}
    )

    def __init__(self, *args, rows, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = list(rows)
        self.fields["items"].choices = [(row.pk, str(row)) for row in self.rows]
        chosen = set(self.data.getlist("items")) if self.is_bound else None
        for row in self.rows:
            row.is_chosen = self.starts_full if chosen is None else str(row.pk) in chosen


class ReturnForm(_ItemsForm):
    returned_on = forms.DateField(label="归还日期", initial=timezone.localdate)
    returned_to = forms.CharField(label="委托人签收人", max_length=60)


class KeepForm(_ItemsForm):
    starts_full = False
    consent_basis = forms.CharField(
        label="书面同意的依据",
        max_length=200,
        help_text="未经委托人事先书面同意，不得留存任何资料备份。填写同意函的名称、文号与日期，原件存档。",
    )


# ── Files ───────────────────────────────────────────────────────────────────
class VersionForm(FactsForm):
    class Meta:
        model = DeliverableVersion
        fields = ["submitted_amount", "draft_amount", "note"]


class UploadForm(forms.Form):
    files = FilesField(
        label="选择文件",
        help_text=f"可一次选择多个。可上传：{ALLOWED_TEXT}。",
        error_messages={"required": "请选择要上传的文件。"},
    )
