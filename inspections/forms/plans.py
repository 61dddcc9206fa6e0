from django import forms

from inspections.models import Plan, Target
from staff.models import Unit

CHOOSE = "请选择"


class PlanForm(forms.ModelForm):
    class Meta:
        model = Plan
        fields = ["year", "quarter", "kind", "title", "note"]
        help_texts = {"quarter": "年度计划选“全年”。", "title": "如“2026 年第四季度定期检查”。"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["quarter"].choices = [("", "全年"), *self.fields["quarter"].choices[1:]]
        self.fields["kind"].choices = [("", CHOOSE), *self.fields["kind"].choices[1:]]

    def _post_clean(self):
        """The service checks and writes; the form's instance stays as it was loaded."""


class TargetForm(forms.ModelForm):
    unit = forms.ModelChoiceField(
        label="单位", queryset=Unit.objects.filter(is_active=True), required=False, empty_label="全部单位"
    )
    percent = forms.IntegerField(label="覆盖率目标（%）", min_value=1, max_value=100, required=False)

    class Meta:
        model = Target
        fields = ["unit", "business_line", "percent"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["business_line"].choices = [("", "全部业务"), *self.fields["business_line"].choices[1:]]

    def _post_clean(self):
        """As in PlanForm."""


TargetRows = forms.formset_factory(TargetForm, extra=3, max_num=20)


def targets_of(rows) -> list[dict]:
    """The rows that name a percentage, as the service wants them."""
    return [row.cleaned_data for row in rows if row.cleaned_data.get("percent")]


class DrawForm(forms.Form):
    size = forms.IntegerField(label="样本量（个项目）", min_value=1, max_value=10_000)
    is_weighted = forms.BooleanField(label="按风险加权", required=False)
    excluded = forms.CharField(
        label="排除的项目",
        required=False,
        max_length=5000,
        widget=forms.Textarea,
        help_text="每行一个：项目编号，空格，理由。如“2026-ZJ1-003 正在接受外部审计”。",
    )
    reason = forms.CharField(label="再次抽样的理由", required=False, max_length=300)

    def clean_excluded(self) -> dict[str, str]:
        """{project number: reason}; a line without a reason, or a number twice, is told."""
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["excluded"].splitlines())):
            number, _, words = line.partition(" ")
            if not words.strip():
                raise forms.ValidationError(f"请在“{number}”之后写明排除的理由，用空格隔开。")
            if number in found:
                raise forms.ValidationError(f"项目 {number} 写了两次。")
            found[number] = words.strip()
        return found
