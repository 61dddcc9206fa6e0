"""What is typed of a supplement (补充纪要): the words, the objections that it accepts, the action items that it changes."""

import copy

from django import forms

from meetings.choices import ActionState
from meetings.forms.action_items import offer_present_owner
from meetings.forms.paperwork import OwnerField, PasswordForm, long_text, owner_key
from meetings.models import ActionItem, Meeting
from meetings.models.parties import LONGEST
from meetings.services.action_items import Adjustment
from meetings.services.minutes import MOST_REASON


class SupplementForm(PasswordForm):
    """For each open action item of the meeting “who-<item>” and “due-<item>”; “was-<item>” is what the page showed. Only what was
    changed on the page is an adjustment."""

    text = long_text("补充（更正）内容", rows=6)
    reason = forms.CharField(
        label="调整待办的理由", max_length=MOST_REASON, required=False, help_text="调整了负责人或完成期限的须填写。"
    )

    def __init__(self, data=None, *, meeting: Meeting, objections, items: list[ActionItem], initial=None):
        super().__init__(data, initial=initial)
        self.fields["objections"] = forms.ModelMultipleChoiceField(
            label="采纳的异议", queryset=objections, required=False, widget=forms.CheckboxSelectMultiple,
            help_text="勾选的异议随补充纪要签发一并答复为“采纳”。",
        )  # fmt: skip
        self.fields["objections"].label_from_instance = lambda row: f"{row.who}：{row.text[:80]}"
        self.fields["answer"] = forms.CharField(
            label="答复", max_length=LONGEST, required=False, help_text="可不填，默认写明见本补充纪要。"
        )
        self.items = [item for item in items if item.state == ActionState.OPEN]
        self.handled = [item for item in items if item.state != ActionState.OPEN]
        self.adjustments: list[Adjustment] = []
        if self.items:
            self._add_items(meeting)
        names = [f"{name}-{item.pk}" for item in self.items for name in ("who", "due")]
        self.order_fields(["text", "objections", "answer", *names, "reason", "password"])

    def _add_items(self, meeting: Meeting) -> None:
        who = OwnerField(meeting)
        for item in self.items:
            offer_present_owner(who, item)
        for item in self.items:
            owner = self.fields[f"who-{item.pk}"] = copy.deepcopy(who)
            owner.label, owner.initial = f"{item.number} 负责人", owner_key(item)
            day = self.fields[f"due-{item.pk}"] = forms.DateField(
                label=f"{item.number} 完成期限", initial=item.due_on, widget=forms.DateInput(attrs={"type": "date"})
            )
            # What was not on the page yet is not asked for.
            owner.required = day.required = not self.is_bound or f"was-{item.pk}" in self.data

    def rows(self) -> list[tuple]:
        """(item, field of the owner, field of the day, what the page shows)."""
        return [(item, self[f"who-{item.pk}"], self[f"due-{item.pk}"], _shown(item)) for item in self.items]

    def clean(self):
        data = super().clean()
        for item in self.handled:
            if self._is_touched(item):
                self.add_error(None, f"{item.number} 当前为“{item.get_state_display()}”，不能再调整。")
        self.adjustments = [each for item in self.items if (each := self._adjustment(item))]
        if self.adjustments and not data.get("reason"):
            self.add_error("reason", "请说明调整待办的理由。")
        return data

    def _is_touched(self, item: ActionItem) -> bool:
        told = f"{self.data.get(f'who-{item.pk}', '')} {self.data.get(f'due-{item.pk}', '')}"
        return told != self.data.get(f"was-{item.pk}", told)

    def _adjustment(self, item: ActionItem) -> Adjustment | None:
        who, due = f"who-{item.pk}", f"due-{item.pk}"
        is_stale = self.data.get(f"was-{item.pk}") != _shown(item)
        if not self._is_touched(item):
            if is_stale:  # somebody else changed it: the page that is drawn now shows that
                self.data = self.data.copy()
                self.data[who], self.data[due] = owner_key(item), f"{item.due_on}"
            return None
        if is_stale:
            self.add_error(
                None, f"{item.number} 在您打开本页后已由他人调整（完成期限 {item.due_on}），请核对后再签发。"
            )
            return None
        if who in self.errors or due in self.errors:
            return None
        return Adjustment(item=item, due_on=self.cleaned_data[due], **self.cleaned_data[who])


def _shown(item: ActionItem) -> str:
    return f"{owner_key(item)} {item.due_on}"
