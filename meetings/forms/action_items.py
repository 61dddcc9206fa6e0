"""What is typed about action items."""

from django import forms
from django.utils import timezone

from meetings.forms.paperwork import OwnerField, TurnForm, long_text, owner_key
from meetings.models import ActionItem, Meeting
from uploads.fields import EvidenceField


class ActionItemForm(forms.Form):
    """A new action item of a meeting, or one that is changed before its minutes are issued."""

    text = forms.CharField(
        label="待办事项",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="做什么、做到什么程度，最多 300 字。",
    )
    due_on = forms.DateField(
        label="完成期限",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="到期前系统提醒负责人，逾期逐级上报。",
    )

    def __init__(self, data=None, *, meeting: Meeting, item: ActionItem | None = None, initial=None):
        first = initial or {}
        if item:
            first = {"text": item.text, "who": owner_key(item), "due_on": item.due_on, "agenda_item": item.agenda_item_id,
                     "turn": item.turn}  # fmt: skip
        super().__init__(data, initial=first)
        self.fields["who"] = OwnerField(meeting)
        self.fields["agenda_item"] = forms.ModelChoiceField(
            label="所属议题",
            queryset=meeting.agenda.order_by("order", "pk"),
            required=False,
            empty_label="不属于某项议题",
        )
        order = ["text", "who", "due_on", "agenda_item"]
        if item:
            self.fields["turn"] = TurnForm.base_fields["turn"]
            order += ["reason", "turn"]
            offer_present_owner(self.fields["who"], item)
        self.order_fields(order)

    def told(self) -> dict:
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("turn", "who")}
        return self.cleaned_data["who"] | data


def offer_present_owner(field: OwnerField, item: ActionItem) -> None:
    """Whoever owns it now can stay, on the list or not."""
    key = owner_key(item)
    if key in field.users or key in field.contacts:
        return
    known = field.users if item.owner_id else field.contacts
    known[key] = item.owner or item.owner_contact
    field.choices = [*field.choices, (key, known[key].name)]


class AdjustForm(ActionItemForm):
    """After the minutes are issued: owner and day, with the reason."""

    reason = forms.CharField(label="调整理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data=None, *, meeting: Meeting, item: ActionItem):
        super().__init__(data, meeting=meeting, item=item)
        del self.fields["text"], self.fields["agenda_item"]
        self.item = item

    def told(self) -> dict:
        return super().told() | {"text": self.item.text, "agenda_item": self.item.agenda_item}


class DoneForm(TurnForm):
    note = long_text("完成情况", help_text="写明完成了什么、成果在哪里。")
    files = EvidenceField(label="完成证明")


class CloseForm(TurnForm):
    note = forms.CharField(label="关闭说明", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, is_reported: bool, **more):
        super().__init__(*args, **more)
        self.fields["note"].required = not is_reported
        if not is_reported:
            self.fields["note"].help_text = "该待办尚未报完成，请说明关闭的依据。"


class ReasonForm(TurnForm):
    reason = forms.CharField(label="理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class ProgressForm(forms.Form):
    note = forms.CharField(label="进展", max_length=300, required=False)


def default_due_on():
    """A week from today: most meetings come weekly."""
    return timezone.localdate() + timezone.timedelta(days=7)
