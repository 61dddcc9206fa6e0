"""Recording and withdrawing attendance (考勤与纪律)."""

from django import forms
from django.utils import timezone

from rankings.services.attendance import MOST
from staff.models import User

CHOOSE = "请选择"


class _People(forms.ModelChoiceField):
    def label_from_instance(self, person) -> str:
        return f"{person.name}（{person.employee_number}，{person.unit.name}）"


class _Rules(forms.ModelChoiceField):
    def label_from_instance(self, rule) -> str:
        return rule.text if rule.amount is None else f"{rule.text}（{rule.amount:,.2f} 元）"


class AttendanceForm(forms.Form):
    person = _People(label="人员", queryset=User.objects.none(), empty_label=CHOOSE)
    rule = _Rules(
        label="条款",
        queryset=None,
        empty_label=CHOOSE,
        help_text="现行奖惩标准中的考勤与纪律条款；未标金额的尚未设定，设定前不计罚。",
    )
    happened_on = forms.DateField(label="日期", widget=forms.DateInput(attrs={"type": "date"}))
    count = forms.IntegerField(label="次（天）数", min_value=1, max_value=MOST, initial=1)
    note = forms.CharField(
        label="说明", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="本人可见。简述事实，如起止时间、地点。",
    )  # fmt: skip

    def __init__(self, *args, user, rules, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = (
            User.objects.active().exclude(pk=user.pk).select_related("unit").order_by("unit__code", "employee_number")
        )
        self.fields["rule"].queryset = rules
        self.fields["happened_on"].widget.attrs["max"] = timezone.localdate().isoformat()


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="撤销理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="原记录保留，注明撤销；本人会收到消息。",
    )  # fmt: skip
