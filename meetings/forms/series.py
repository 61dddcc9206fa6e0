"""A series (例会): its rule and what its meetings have in common."""

from django import forms
from django.utils import timezone

from meetings.choices import Frequency, OffDay
from meetings.forms.calling import _Guests, time_field
from meetings.forms.fields import CHOOSE, PersonField
from meetings.models import MeetingKind, Room, Series
from meetings.queries import meetings as queries
from meetings.services.calling import check_day
from meetings.services.series import FIELDS, Plan
from projects.models import Project
from projects.queries import people_for_teams

DAYS = [("", "—"), *((number, f"星期{word}") for number, word in enumerate("一二三四五六日", start=1))]


class _SeriesForm(_Guests):
    title = forms.CharField(label="会议名称", max_length=100)
    frequency = forms.ChoiceField(label="周期", choices=Frequency.choices)
    interval = forms.IntegerField(label="间隔", min_value=1, max_value=12, initial=1, help_text="每几周（月）一次。")
    weekday = forms.TypedChoiceField(label="星期", choices=DAYS, coerce=int, empty_value=None, required=False)
    month_day = forms.IntegerField(
        label="每月几日", min_value=1, max_value=31, required=False, help_text="31 指当月最后一天。"
    )
    off_day = forms.ChoiceField(label="遇非工作日", choices=OffDay.choices, initial=OffDay.AFTER,
                                help_text="按工作日历，调休上班的周末为工作日。")  # fmt: skip
    ends_on = forms.DateField(label="截止日期", required=False, help_text="留空则持续到终止例会或项目完成。")
    begins_at = time_field("开始时间")
    minutes_long = forms.IntegerField(label="时长（分钟）", min_value=10, max_value=720, initial=60)
    room = forms.ModelChoiceField(label="会议室", queryset=None, required=False, empty_label="—")
    place = forms.CharField(label="地点", max_length=100, required=False)
    host = forms.CharField(label="主持人", max_length=60, required=False)
    organiser = PersonField(label="组织者", queryset=None, empty_label=CHOOSE, help_text="核定并签发会议纪要。")
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def _fill(self, kind: MeetingKind, project: Project | None, keep=(), organiser_id: int | None = None) -> None:
        self._fill_guests(kind, project, keep)
        able = [*queries.organisers(kind, project).values_list("pk", flat=True), organiser_id]
        self.fields["organiser"].queryset = people_for_teams().filter(pk__in=able).order_by("employee_number")
        self.fields["room"].queryset = Room.objects.filter(is_active=True)

    def clean(self):
        told = super().clean()
        if told.get("frequency") == Frequency.WEEKLY and not told.get("weekday"):
            self.add_error("weekday", "请选择星期几。")
        if told.get("frequency") == Frequency.MONTHLY and not told.get("month_day"):
            self.add_error("month_day", "请填写每月几日。")
        return told

    def plan(self) -> Plan:
        """As the services take it; the day of the other frequency is left out."""
        told = {name: self.cleaned_data[name] for name in FIELDS}
        told["month_day" if told["frequency"] == Frequency.WEEKLY else "weekday"] = None
        return Plan(**told)


class SeriesForm(_SeriesForm):
    starts_on = forms.DateField(label="自", initial=timezone.localdate, validators=[check_day])

    def __init__(self, *args, kind: MeetingKind, project: Project | None, **kwargs):
        super().__init__(*args, **kwargs)
        self._fill(kind, project)


class SeriesChangeForm(_SeriesForm):
    since = forms.DateField(
        label="自何日起按修改后的安排", initial=timezone.localdate,
        help_text="此日及以后、没有单独调整过的会议随之改动，并通知受邀人。",
    )  # fmt: skip
    turn = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, series: Series, keep, **kwargs):
        super().__init__(*args, **kwargs)
        self._fill(series.kind, series.project, keep, series.organiser_id)


class SeriesEndForm(forms.Form):
    reason = forms.CharField(
        label="终止原因", max_length=1000, widget=forms.Textarea, help_text="未召开的会议将取消，并通知受邀人。"
    )
    turn = forms.IntegerField(widget=forms.HiddenInput)
