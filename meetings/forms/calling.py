"""A meeting called, changed, moved, cancelled; the first step of it: for which project, of which kind."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from meetings.choices import PartyKind
from meetings.forms.fields import CHOOSE, PersonField
from meetings.guests import Guests
from meetings.models import Meeting, MeetingKind, Party, Room
from meetings.models.parties import LONGEST
from meetings.queries import meetings as queries
from meetings.services.calling import OTHER_TOPIC, Content, check_day
from projects.models import Project
from projects.queries import people_for_teams
from staff.models import User


def time_field(label: str) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class ChooseForm(forms.Form):
    """For which project, of which kind; sent by GET, so that the next page has an address."""

    project = forms.ModelChoiceField(label="项目", queryset=Project.objects.none(), required=False)
    kind = forms.ModelChoiceField(label="会议种类", queryset=None, to_field_name="code", empty_label=CHOOSE)

    def __init__(self, *args, user, frequent_only: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        of_firm = {kind.pk for kind in queries.callable_kinds(user, None)}
        projects = queries.callable_projects(user)
        self.fields["project"].queryset = projects
        self.fields["project"].empty_label = "公司会议（不属于项目）" if of_firm else CHOOSE
        kinds = MeetingKind.objects.filter(is_active=True)
        # Nothing is offered that the next step must refuse: without a project of one's own only what is the firm's.
        self.fields["kind"].queryset = kinds if projects.exists() else kinds.filter(pk__in=of_firm)

    def clean(self):
        told = super().clean()
        kind, project = told.get("kind"), told.get("project")
        if kind is None or "project" in self.errors:
            return told
        if kind.is_of_firm and project is not None:
            self.add_error("kind", "公司质量会议不属于项目，请将项目留空。")
        elif not kind.is_of_firm and project is None:
            self.add_error("project", "请选择项目。")
        return told


class _Guests(forms.Form):
    """Whom to invite: the team by ticking, others by their number, contacts by ticking."""

    users = forms.ModelMultipleChoiceField(
        label="本公司人员", queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    others = forms.CharField(
        label="其他人员（工号）", max_length=400, required=False, help_text="名单以外的本公司人员，以逗号或空格分隔。"
    )
    contacts = forms.ModelMultipleChoiceField(
        label="参建单位人员", queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )

    def _fill_guests(self, kind: MeetingKind, project: Project | None, keep=()) -> None:
        """`keep`: people who are invited already, listed although they are not of the team."""
        listed = queries.people_to_ask(kind, project)
        kept = [user.pk for user in keep]
        people = people_for_teams().filter(pk__in=[*listed.values_list("pk", flat=True), *kept])
        self.fields["users"].queryset = people.order_by("employee_number")
        self.fields["users"].label_from_instance = lambda user: f"{user.name}（{user.unit.name}）"
        if project is None:
            del self.fields["contacts"]
            return
        self.fields["contacts"].queryset = queries.contacts_to_ask(project)
        self.fields["contacts"].label_from_instance = _contact_words

    def clean_others(self) -> list[User]:
        numbers = self.cleaned_data["others"].replace("，", " ").replace(",", " ").replace("、", " ").split()
        found = {user.employee_number.lower(): user for user in User.objects.filter(employee_number__in=numbers)}
        unknown = [number for number in numbers if number.lower() not in found]
        if unknown:
            raise ValidationError(f"没有工号为 {'、'.join(unknown)} 的人员。")
        return list(found.values())

    def guests(self) -> Guests:
        """As the services take them."""
        told = self.cleaned_data
        return Guests([*told["users"], *told["others"]], list(told.get("contacts", [])))


def _contact_words(contact) -> str:
    mail = "" if contact.email else "，无邮箱"
    return f"{contact.name}（{contact.party.get_kind_display()} · {contact.party.name}{mail}）"


class _Content(_Guests):
    """What a meeting is about, where, who leads it."""

    title = forms.CharField(label="会议名称", max_length=100)
    topic = forms.ChoiceField(label="议题类别", required=False)
    called_by = forms.ModelChoiceField(
        label="组织单位", queryset=None, required=False, empty_label="本公司（项目管理单位）",
        help_text="由外单位组织的会议，本公司记录人仍须登记出席和纪要。",
    )  # fmt: skip
    room = forms.ModelChoiceField(label="会议室", queryset=None, required=False, empty_label="—")
    place = forms.CharField(
        label="地点", max_length=100, required=False, help_text="会议室以外的地点，或线上会议的号码。"
    )
    host = forms.CharField(label="主持人", max_length=60, required=False)
    organiser = PersonField(label="组织者", queryset=None, help_text="核定并签发会议纪要。", empty_label=CHOOSE)
    recorder = PersonField(label="记录人", queryset=None, required=False, empty_label="组织者自行记录")
    note = forms.CharField(
        label="会议说明",
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea,
        help_text="写入邀请，所有受邀人可见。",
    )
    # What the page warned of when it was sent: the sender has seen it.
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def _fill(self, kind: MeetingKind, project: Project | None, keep=(), meeting: Meeting | None = None) -> None:
        self._fill_guests(kind, project, keep)
        people = self.fields["users"].queryset
        own = [meeting.organiser_id] if meeting else []
        able = queries.organisers(kind, project).values_list("pk", flat=True)
        self.fields["organiser"].queryset = people_for_teams().filter(pk__in=[*able, *own]).order_by("employee_number")
        self.fields["recorder"].queryset = people
        self.fields["room"].queryset = Room.objects.filter(is_active=True)
        if kind.topics:
            words = [*kind.topics, OTHER_TOPIC]
            self.fields["topic"].choices = [("", CHOOSE), *((word, word) for word in words)]
        else:
            del self.fields["topic"]
        outside = [word for word in kind.called_by if word != PartyKind.OWN]
        if project is not None and outside:
            parties = Party.objects.filter(project=project, kind__in=outside, is_active=True)
            self.fields["called_by"].queryset = parties
        else:
            del self.fields["called_by"]

    def content(self) -> Content:
        """As the services take it."""
        told = self.cleaned_data
        return Content(
            title=told["title"], organiser=told["organiser"], topic=told.get("topic", ""),
            called_by=told.get("called_by"), room=told["room"], place=told["place"], host=told["host"],
            recorder=told["recorder"], note=told["note"],
        )  # fmt: skip


class _Times(forms.Form):
    """One day, from one hour to another."""

    on = forms.DateField(label="日期", validators=[check_day])
    begins = time_field("开始时间")
    ends = time_field("结束时间")

    def clean(self):
        told = super().clean()
        if told.get("begins") and told.get("ends") and told["ends"] <= told["begins"]:
            self.add_error("ends", "结束时间须晚于开始时间。")
        return told

    def times(self) -> tuple[datetime, datetime]:
        told = self.cleaned_data
        return tuple(
            timezone.make_aware(datetime.combine(told["on"], hour)) for hour in (told["begins"], told["ends"])
        )


class CallForm(_Times, _Content):
    def __init__(self, *args, kind: MeetingKind, project: Project | None, **kwargs):
        super().__init__(*args, **kwargs)
        self._fill(kind, project)


class ChangeForm(_Content):
    turn = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, meeting: Meeting, keep, **kwargs):
        super().__init__(*args, **kwargs)
        self._fill(meeting.kind, meeting.project, keep, meeting)


class MoveForm(_Times):
    room = forms.ModelChoiceField(label="会议室", queryset=None, required=False, empty_label="—")
    place = forms.CharField(label="地点", max_length=100, required=False)
    reason = forms.CharField(
        label="改期原因", max_length=1000, widget=forms.Textarea, help_text="写入通知，所有受邀人可见。"
    )
    turn = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["room"].queryset = Room.objects.filter(is_active=True)


class CancelForm(forms.Form):
    reason = forms.CharField(
        label="取消原因", max_length=1000, widget=forms.Textarea, help_text="写入通知，所有受邀人可见。"
    )
    turn = forms.IntegerField(widget=forms.HiddenInput)
