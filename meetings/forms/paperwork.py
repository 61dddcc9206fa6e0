"""What organiser, recorder and recipients type: agenda, list, record, issue, receipts, objections."""

from django import forms
from django.db.models import Q

from meetings.choices import Attendance
from meetings.models import Contact, Meeting, Party
from meetings.models.parties import LONGEST
from projects.models import Assignment
from staff.models import User
from uploads.fields import FilesField

CHOOSE = "请选择"


def long_text(label: str, *, rows: int = 4, **more) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": rows}), **more)


class TurnForm(forms.Form):
    """Of an act: the turn that its page was drawn for."""

    turn = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"required": "页面不完整，请刷新后重试。"}
    )


class PasswordForm(forms.Form):
    """Of an act that is signed."""

    password = forms.CharField(
        label="登录密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="再次输入登录密码，确认由本人签署。",
    )  # fmt: skip


# ── Agenda ──────────────────────────────────────────────────────────────────
class OwnerField(forms.ChoiceField):
    """One of us, or somebody of a participating unit: cleans to {"owner": user or None, "owner_contact": contact or None}.
    Offered are those invited, and the people of the project."""

    def __init__(self, meeting: Meeting, **more):
        self.users = {f"u{each.pk}": each for each in _users(meeting)}
        contacts = Contact.objects.filter(party__project=meeting.project_id, is_active=True, party__is_active=True)
        contacts = contacts.select_related("party").order_by("party__kind", "party__name", "-is_main", "pk")
        self.contacts = {f"c{each.pk}": each for each in contacts} if meeting.project_id else {}
        groups: dict[str, list] = {}
        for key, each in self.users.items():
            groups.setdefault("本公司", []).append((key, each.name))
        for key, each in self.contacts.items():
            groups.setdefault(each.party.name, []).append((key, each.name))
        super().__init__(choices=[("", CHOOSE), *groups.items()], **{"label": "负责人"} | more)

    def clean(self, value):
        value = super().clean(value)
        return {"owner": self.users.get(value), "owner_contact": self.contacts.get(value)}


def owner_key(row) -> str:
    """The choice of `OwnerField` for who owns `row` now."""
    if row.owner_id:
        return f"u{row.owner_id}"
    return f"c{row.owner_contact_id}" if row.owner_contact_id else ""


def _users(meeting: Meeting):
    people = Q(invitations__meeting=meeting)
    if meeting.project_id:
        team = Assignment.objects.in_force().filter(project=meeting.project_id)
        people |= Q(pk__in=team.order_by().values("user"))
    return User.objects.active().filter(people).distinct().order_by("employee_number")


class ItemForm(forms.Form):
    title = forms.CharField(label="议题", max_length=200)
    minutes_long = forms.IntegerField(
        label="用时（分钟）",
        required=False,
        min_value=1,
        max_value=720,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, data=None, *, meeting: Meeting, item=None):
        first = {"title": item.title, "minutes_long": item.minutes_long, "who": owner_key(item)} if item else {}
        super().__init__(data, initial=first)
        self.fields["who"] = OwnerField(meeting, required=False)
        self.order_fields(["title", "who", "minutes_long"])

    def told(self) -> dict:
        data = dict(self.cleaned_data)
        return data.pop("who") | data


class PapersForm(forms.Form):
    """Papers for the meeting, or for one item."""

    files = FilesField(label="会议材料")

    def __init__(self, *args, meeting: Meeting, **more):
        super().__init__(*args, **more)
        self.fields["item"] = forms.ModelChoiceField(
            label="用于", required=False, queryset=meeting.agenda.order_by("order"), empty_label="整个会议"
        )
        self.order_fields(["item", "files"])


# ── List ────────────────────────────────────────────────────────────────────
class ListForm(forms.Form):
    """A row of fields for each person: “a-<invitation>” and “n-<invitation>”; “s-<invitation>” is what the page showed when
    it was drawn. Who came onto the list since then is not on it."""

    def __init__(self, data=None, *, rows: list):
        super().__init__(data)
        rows = self.rows = [row for row in rows if data is None or f"a-{row.pk}" in data]
        for row in rows:
            self.fields[f"a-{row.pk}"] = forms.ChoiceField(
                label=f"{row.person_name}：出席", choices=Attendance.choices, initial=row.attendance
            )
            if row.unit_name:  # the note of a stranger is the unit
                self.fields[f"n-{row.pk}"] = forms.CharField(
                    label=f"{row.person_name}：说明", max_length=120, required=False, initial=row.note
                )

    def told(self) -> dict[int, tuple[str | None, str]]:
        """Pressed with “rest”, all of whom nothing is known were there. None: left as the page showed it, whatever it is by
        now, for people sign in by phone meanwhile."""
        data = self.cleaned_data
        rest = Attendance.PRESENT if "rest" in self.data else Attendance.EXPECTED
        marks = {row.pk: data[f"a-{row.pk}"] for row in self.rows}
        told = {pk: rest if mark == Attendance.EXPECTED else mark for pk, mark in marks.items()}
        return {
            row.pk: (
                None if told[row.pk] == self.data.get(f"s-{row.pk}") else told[row.pk],
                data.get(f"n-{row.pk}", row.note),
            )
            for row in self.rows
        }

    def lines(self) -> list[tuple]:
        """(person, field of attendance, field of the note or None)."""
        return [(row, self[f"a-{row.pk}"], self[f"n-{row.pk}"] if row.unit_name else None) for row in self.rows]


class WalkInForm(forms.Form):
    """Somebody who came along."""

    name = forms.CharField(label="姓名", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    unit = forms.CharField(label="其他单位名称", max_length=100, required=False,
                           widget=forms.TextInput(attrs={"autocomplete": "organization"}))  # fmt: skip

    def __init__(self, *args, parties, **more):
        super().__init__(*args, **more)
        self.fields["party"] = forms.ModelChoiceField(
            label="单位", queryset=parties, required=False, empty_label="其他单位（在下面填写）"
        )
        self.order_fields(["name", "party", "unit"])


# ── Record and issue ────────────────────────────────────────────────────────
class RecordForm(TurnForm):
    """What was said and decided under one item."""

    record = long_text("会议内容", rows=5, required=False)
    decision = long_text("会议决定", rows=2, required=False)

    def __init__(self, data=None, *, item):
        first = {"turn": item.turn, "record": item.record, "decision": item.decision}
        super().__init__(data, initial=first, auto_id=f"i{item.pk}-%s")
        self.item = item


class ReturnForm(TurnForm):
    reason = long_text("退回理由")


class IssueForm(TurnForm, PasswordForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, data=None, *, others, initial=None):
        super().__init__(data, initial=initial)
        self.fields["parties"] = forms.ModelMultipleChoiceField(
            label="另发", queryset=others, required=False, widget=forms.CheckboxSelectMultiple
        )


# ── Receipts and objections ─────────────────────────────────────────────────
class ReceiptForm(forms.Form):
    """The organiser registers a receipt."""

    name = forms.CharField(label="签收人", max_length=40)
    note = forms.CharField(label="签收方式和凭据", max_length=200, help_text="如：纸质签收，见签收簿第 12 页。")


class ObjectionForm(forms.Form):
    text = long_text("异议内容", rows=5)


class AnswerForm(forms.Form):
    answer = long_text("不采纳的理由", rows=5)


# ── Outside ─────────────────────────────────────────────────────────────────
class NameForm(forms.Form):
    """签收 by whoever holds the link."""

    name = forms.CharField(label="签收人姓名", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class OutsideObjectionForm(forms.Form):
    name = forms.CharField(label="提出人姓名", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    text = long_text("异议内容", rows=4)


def others_of(meeting: Meeting, given):
    """The active units of the project that do not get the minutes by themselves."""
    rows = (
        Party.objects.filter(project=meeting.project_id, is_active=True)
        if meeting.project_id
        else Party.objects.none()
    )
    return rows.exclude(pk__in=[party.pk for party in given]).order_by("kind", "name")


class ActionForm(forms.Form):
    """A thing to be done, set beside the item under which it came up."""

    text = forms.CharField(label="待办事项", max_length=300)
    due_on = forms.DateField(label="完成期限", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data=None, *, meeting: Meeting, prefix=None):
        super().__init__(data, prefix=prefix)
        self.fields["who"] = OwnerField(meeting)
        self.fields["agenda_item"] = forms.ModelChoiceField(
            label="议题", queryset=meeting.agenda.order_by("order"), required=False, empty_label="不属于某一议题"
        )
        self.order_fields(["text", "who", "due_on", "agenda_item"])

    def told(self) -> dict:
        data = dict(self.cleaned_data)
        return data.pop("who") | data
