"""What inspectors type: one criterion of the score sheet, one problem."""

import unicodedata
from decimal import Decimal

from django import forms

from inspections.models import Finding, Inspection, Section
from inspections.models.inspections import LONGEST
from inspections.rules import MOST_HITS
from inspections.services.findings import LINKS, TOLD, fingerprint
from projects.models import Attachment, Deliverable
from reviews.choices import RemarkState
from reviews.models import Remark
from scoring.content import figure
from scoring.models import Deduction
from uploads.fields import EvidenceField, PhotoField

CHOOSE = "请选择"
NONE = "无"
HIT = "hit-"


# ── One criterion ───────────────────────────────────────────────────────────
class CountField(forms.DecimalField):
    """How often a deduction was hit; empty and 0 are the same: not at all."""

    def __init__(self, **more):
        wrong = f"请填写 0 至 {MOST_HITS} 的数，最多两位小数。"
        super().__init__(
            required=False, min_value=0, max_value=MOST_HITS, decimal_places=2,
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "max_decimal_places"), wrong),
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 12}), **more,
        )  # fmt: skip

    def to_python(self, value):
        # A Chinese keyboard types １２．５ as easily as 12.5.
        return super().to_python(unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else value)


class SectionForm(forms.Form):
    """A criterion with a count for each of its deductions: fields “hit-<deduction>”."""

    turn = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"required": "页面不完整，请刷新后重试。"}
    )
    note = forms.CharField(
        label="检查记录", required=False, max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "查阅了哪些资料、访谈了谁，随写随存"}),
    )  # fmt: skip
    is_done = forms.BooleanField(label="已检查完", required=False)

    def __init__(self, data=None, *, section: Section):
        counts = {hit.deduction_id: figure(hit.count) for hit in section.hits.all()}
        first = {f"{HIT}{pk}": count for pk, count in counts.items()}
        first |= {"turn": section.turn, "note": section.note, "is_done": section.is_done}
        super().__init__(data, initial=first, auto_id=f"c{section.criterion_id}-%s")
        self.section = section
        for item in section.criterion.deductions.all():
            self.fields[f"{HIT}{item.pk}"] = CountField(label=item.text)

    def clean(self):
        if any(name.startswith(HIT) and name not in self.fields for name in self.data):
            raise forms.ValidationError("扣分细则不属于该评分项，请刷新页面后重试。")
        return super().clean()

    def hits(self) -> dict[int, Decimal]:
        """Deduction → how often, of what was hit at all."""
        rows = ((name, self.cleaned_data.get(name)) for name in self.fields if name.startswith(HIT))
        return {int(name.removeprefix(HIT)): count for name, count in rows if count}


# ── One problem ─────────────────────────────────────────────────────────────
class FindingForm(forms.ModelForm):
    """A problem. What it can be linked to follows the deliverable that is chosen."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)
    evidence = EvidenceField()
    photos = PhotoField()

    class Meta:
        model = Finding
        fields = [*LINKS, *TOLD]

    def __init__(
        self, data=None, files=None, *, inspection: Inspection, user, finding: Finding | None = None, initial=None
    ):
        first = {"seen": fingerprint(finding)} if finding else {"needs_rectification": True}
        super().__init__(data, files, instance=finding, initial=first | (initial or {}))
        self.inspection, self.user = inspection, user
        self.fields["deduction"] = self._deductions()
        self.fields["deliverable"] = self._deliverables(finding)
        chosen = self._chosen()
        remarks = Remark.objects.exclude(state=RemarkState.DRAFT).filter(deliverable=chosen)
        files = Attachment.objects.filter(version__deliverable=chosen, version__sealed_at__isnull=False)
        self.fields["remark"] = _Links(label="校审意见", queryset=remarks.select_related("level"), tell=_remark_words)
        self.fields["attachment"] = _Links(
            label="成果附件",
            queryset=files.select_related("version").order_by("-version__number", "pk"),
            tell=_file_words,
        )
        self.has_chosen = chosen is not None
        self.fields["problem"].widget.attrs["rows"] = 4

    def _deductions(self) -> "_Links":
        rows = Deduction.objects.filter(criterion__standard=self.inspection.standard_id)
        field = _Links(label="扣分细则", queryset=rows, tell=str, empty="不扣分")
        groups: dict[str, list] = {}
        for item in rows.select_related("criterion").order_by("criterion__order", "order"):
            groups.setdefault(item.criterion.title, []).append((item.pk, item.text))
        field.choices = [("", "不扣分"), *groups.items()]
        return field

    def _deliverables(self, finding: Finding | None) -> forms.ModelChoiceField:
        """Of a project its deliverables to choose from; of a unit, which has very many, by number."""
        rows = Deliverable.objects.order_by("number")
        if self.inspection.project_id:
            return _Links(label="成果文件", queryset=rows.filter(project=self.inspection.project_id), tell=str)
        if finding and finding.deliverable:
            self.initial["deliverable"] = finding.deliverable.number
        unknown = "没有这个编号的成果文件，或不属于被检单位。"
        return forms.ModelChoiceField(
            label="成果文件编号", required=False, to_field_name="number", widget=forms.TextInput,
            queryset=rows.filter(project__unit=self.inspection.unit_id).visible_to(self.user),
            error_messages={"invalid_choice": unknown},
        )  # fmt: skip

    def _chosen(self) -> Deliverable | None:
        raw = self.data.get("deliverable") if self.is_bound else self.initial.get("deliverable")
        try:
            return self.fields["deliverable"].to_python(raw)
        except forms.ValidationError:
            return None

    def _post_clean(self):
        """The service checks and writes; the form's instance stays as it was loaded."""

    def told(self) -> dict:
        """For the service: the facts, the links and the uploads."""
        told = {name: self.cleaned_data[name] for name in (*LINKS, *TOLD)}
        return told | {"evidence": [*self.cleaned_data["photos"], *self.cleaned_data["evidence"]]}


class _Links(forms.ModelChoiceField):
    def __init__(self, *, tell, empty: str = NONE, **more):
        wrong = {"invalid_choice": "该选项不属于被检内容或所选成果文件，请重新选择。"}
        super().__init__(required=False, empty_label=empty, error_messages=wrong, **more)
        self._tell = tell

    def label_from_instance(self, row) -> str:
        return self._tell(row)


def _remark_words(remark: Remark) -> str:
    return f"{remark} · {remark.level.title} · {remark.problem[:40]}"


def _file_words(attachment: Attachment) -> str:
    return f"第 {attachment.version.number} 版 · {attachment.name}"
