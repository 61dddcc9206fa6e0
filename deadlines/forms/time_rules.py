"""The form of a time standard, and the question that follows every change: what of the clocks that run?"""

import re

from django import forms

from deadlines import scopes
from deadlines.models import DeadlineRule
from deadlines.services.time_rules import FIELDS
from staff.choices import Role
from staff.permissions import is_set_apart

RUNGS = 5
MOST_REMINDERS = 12
KEEP, MOVE = "keep", "move"
# Nobody reports to the administrator or the auditor (三员分立).
ROLES = [(role.value, role.label) for role in Role if not is_set_apart({role})]


class NumbersField(forms.CharField):
    """Whole numbers separated by commas, each once, the greatest first: “7,3,1,0”."""

    def prepare_value(self, value):
        return ", ".join(str(each) for each in value) if isinstance(value, list | tuple) else value

    def to_python(self, value) -> list[int]:
        parts = [part for part in re.split(r"[\s,，、;；]+", super().to_python(value) or "") if part]
        strange = [part for part in parts if not part.isdecimal() or len(part) > 5]
        if strange:
            raise forms.ValidationError(f"“{strange[0]}”不是整数。请填写不小于 0 的整数，以逗号分隔，如 7,3,1,0。")
        numbers = sorted({int(part) for part in parts}, reverse=True)
        if len(numbers) > MOST_REMINDERS:
            raise forms.ValidationError(f"最多填写 {MOST_REMINDERS} 个提醒时点。")
        return numbers

    def has_changed(self, initial, data) -> bool:
        return False  # compared by the service


def _checklist(label: str, name: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, choices=lambda: scopes.choices(name), widget=forms.CheckboxSelectMultiple,
        help_text=help_text,
    )  # fmt: skip


class RuleForm(forms.ModelForm):
    """Everything of a rule that may change. The model's own checks are the service's: it sees the whole next version."""

    # The version that was on the screen: somebody else may have made the next one meanwhile.
    version = forms.IntegerField(widget=forms.HiddenInput)
    amount = forms.IntegerField(label="时限", min_value=1, max_value=730)
    business_lines = _checklist("适用业务类型", "business_lines", "都不选为全部业务类型。")
    contract_kind = forms.ChoiceField(label="适用合同类别", required=False)
    owed_by = forms.ChoiceField(label="责任角色", choices=ROLES)
    reminders = NumbersField(
        label="提前提醒",
        required=False,
        help_text="到期前第几天提醒，0 为到期当日，以逗号分隔；按工作小时计的时限填分钟数。留空为不提前提醒。",
    )
    fulfilled_by = _checklist(
        "完成依据", "deliverable_kinds", "签发所选类别的成果文件时，时限自动完成；都不选则由责任人登记完成。"
    )

    class Meta:
        model = DeadlineRule
        fields = [
            "title", "amount", "measure", "moves_to_working_day", "owed_by", "repeat_every", "max_times", "clause",
            "is_active",
        ]  # fmt: skip
        help_texts = {
            "repeat_every": "最后一级之后每隔几天（工作小时计的为几分钟）再提醒；0 为不再提醒。",
            "is_active": "停用后不再起算新的时限，计时中的不受影响。",
        }
        labels = {"repeat_every": "升级到顶后的间隔", "max_times": "每个项目一般不超过（次）"}

    def __init__(self, *args, rule: DeadlineRule, **kwargs):
        initial = {
            "version": rule.version,
            "business_lines": rule.business_lines,
            "contract_kind": rule.contract_kind,
            "reminders": rule.reminders,
            "fulfilled_by": rule.fulfilled_by,
        }
        for number, (after, role) in enumerate(rule.escalation, 1):
            initial |= {f"after_{number}": after, f"role_{number}": role}
        super().__init__(*args, instance=rule, initial=initial, **kwargs)
        self.fields["contract_kind"].choices = [("", "全部合同类别"), *scopes.choices("contract_kinds")]
        for number in range(1, max(RUNGS, len(rule.escalation)) + 1):
            self.fields[f"after_{number}"] = forms.IntegerField(
                label=f"第 {number} 级：逾期", required=False, min_value=1, max_value=10_000
            )
            self.fields[f"role_{number}"] = forms.ChoiceField(
                label=f"第 {number} 级：上报", required=False, choices=[("", "不上报"), *ROLES]
            )

    def _post_clean(self):
        pass

    def _rungs(self) -> list[int]:
        return [int(name.removeprefix("after_")) for name in self.fields if name.startswith("after_")]

    @property
    def ladder_rows(self) -> list[tuple]:
        """(number, field of the time, field of the role) of each rung."""
        return [(number, self[f"after_{number}"], self[f"role_{number}"]) for number in self._rungs()]

    def clean(self):
        data = super().clean()
        steps: dict[int, str] = {}
        for number in self._rungs():
            after, role = data.get(f"after_{number}"), data.get(f"role_{number}")
            if after and not role:
                self.add_error(f"role_{number}", "请选择上报的角色，或清空该级的时间。")
            elif role and after is None and f"after_{number}" not in self.errors:
                self.add_error(f"after_{number}", "请填写逾期的时间，或选择“不上报”。")
            elif after in steps:
                self.add_error(f"after_{number}", "同一时间只能设一级。")
            elif after:
                steps[after] = role
        data["escalation"] = [[after, role] for after, role in sorted(steps.items())]
        return data

    def changes(self) -> dict:
        """What `services.change_rule` takes."""
        return {name: self.cleaned_data[name] for name in FIELDS}


class MoveForm(forms.Form):
    """After the preview: whether the clocks that run go over too. `seen` is what the preview showed."""

    move_running = forms.TypedChoiceField(
        label="计时中的时限", widget=forms.RadioSelect, initial=KEEP, coerce=lambda value: value == MOVE
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    keep_words, move_words = "保持原规则至结束", "一并改用新规则"

    def __init__(self, *args, asks: bool, **kwargs):
        """`asks`: whether there is any clock to ask about."""
        super().__init__(*args, **kwargs)
        self.fields["move_running"].choices = [(KEEP, f"{self.keep_words}（默认）"), (MOVE, self.move_words)]
        self.asks = asks
        if not asks:
            self.fields["move_running"].widget = forms.HiddenInput()


class RuleConfirmForm(MoveForm):
    reason = forms.CharField(
        label="修订理由", max_length=300, widget=forms.Textarea, help_text="将记入规则的修订记录，全体业务人员可见。"
    )

    field_order = ["move_running", "reason", "seen"]


def posted(form: forms.Form) -> list[tuple[str, str]]:
    """What was typed into `form`, for the hidden fields of the page that follows."""
    return [(name, value) for name in form.fields for value in form.data.getlist(form.add_prefix(name))]
