"""Kinds of meetings as data, series, meetings, and who is invited (月例会制度, §8)."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from meetings.choices import Act, Attendance, Frequency, Group, OffDay, PartyKind, SignedBy, State
from meetings.models.parties import LONGEST, PERSON, Contact, Party
from meetings.secrecy import IS_OPEN
from projects.models import Project, sees_all_projects
from staff.choices import Action
from staff.models import Unit

WEEKDAYS = "一二三四五六日"
SUBJECT = {"null": True, "blank": True, "on_delete": models.PROTECT}


class MeetingKind(models.Model):
    """Who may call such a meeting, who must be invited, who writes the minutes: data, in the words of the 制度."""

    code = models.CharField("代码", max_length=30, unique=True)
    title = models.CharField("名称", max_length=40)
    group = models.CharField("类别", max_length=10, choices=Group)
    # PartyKind values: 由谁组织. Where it is not our own unit, one of us keeps the record.
    called_by = models.JSONField("组织单位", default=list)
    # Role values: who of us calls it or keeps the record.
    caller_roles = models.JSONField("可召集的角色", default=list)
    # PartyKind and Role values of those who must be invited.
    invited_parties = models.JSONField("须邀请的单位", default=list)
    invited_roles = models.JSONField("须参加的本公司角色", default=list)
    # The organising unit writes them [S]; our own unit for those that it organises.
    minutes_by = models.CharField("纪要编写单位", max_length=16, choices=PartyKind, blank=True)
    topics = models.JSONField("议题类别", default=list, blank=True)
    frequency = models.CharField("周期", max_length=8, choices=Frequency, blank=True)
    clause = models.CharField("制度条文", max_length=300, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=0)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "会议种类"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_of_firm(self) -> bool:
        """A meeting of the firm itself, with no project."""
        return self.group == Group.FIRM


class Room(models.Model):
    name = models.CharField("会议室", max_length=60, unique=True)
    unit = models.ForeignKey(
        Unit, verbose_name="单位", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    capacity = models.PositiveSmallIntegerField("容纳人数", null=True, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "会议室"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def visible_condition(user) -> Q:
    """Of meetings and series: those of projects that `user` sees; of the firm's own all for whoever calls meetings of the
    firm by post."""
    seen = Q(project__isnull=False) if sees_all_projects(user) else Q(
        project__in=Project.objects.visible_to(user).order_by().values("pk")
    )  # fmt: skip
    return seen | Q(project__isnull=True) if user.may(Action.CALL_MEETING) else seen


class SeriesQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.is_active:
            return self.none()
        return self.filter(visible_condition(user) | IS_OPEN & Q(organiser=user))

    def running(self, today):
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today), ended_at__isnull=True)


class Series(models.Model):
    """A meeting that comes again by a rule (每周一 9:30；每月 25 日). Its dates become meetings some weeks ahead."""

    project = models.ForeignKey(Project, verbose_name="项目", related_name="meeting_series", **SUBJECT)
    kind = models.ForeignKey(MeetingKind, verbose_name="会议种类", on_delete=models.PROTECT, related_name="+")
    title = models.CharField("会议名称", max_length=100)
    frequency = models.CharField("周期", max_length=8, choices=Frequency)
    interval = models.PositiveSmallIntegerField(
        "每几周（月）一次", default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    # Monday is 1.
    weekday = models.PositiveSmallIntegerField(
        "星期", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(7)]
    )
    # 31: the last day of shorter months.
    month_day = models.PositiveSmallIntegerField(
        "日期", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    off_day = models.CharField("遇非工作日", max_length=8, choices=OffDay, default=OffDay.AFTER)
    starts_on = models.DateField("自")
    ends_on = models.DateField("至", null=True, blank=True)
    begins_at = models.TimeField("开始时间")
    minutes_long = models.PositiveSmallIntegerField(
        "时长（分钟）", default=60, validators=[MinValueValidator(10), MaxValueValidator(720)]
    )
    room = models.ForeignKey(Room, verbose_name="会议室", related_name="+", **SUBJECT)
    place = models.CharField("地点", max_length=100, blank=True)
    organiser = models.ForeignKey(verbose_name="组织者", **PERSON)
    host = models.CharField("主持人", max_length=60, blank=True)
    created_by = models.ForeignKey(verbose_name="设立人", editable=False, **PERSON)
    created_at = models.DateTimeField("设立时间", default=timezone.now, editable=False)
    # The last date that was looked at when meetings were made from it.
    made_until = models.DateField(null=True, blank=True, editable=False)
    turn = models.PositiveIntegerField(default=0, editable=False)
    ended_by = models.ForeignKey(verbose_name="终止人", null=True, blank=True, editable=False, **PERSON)
    ended_at = models.DateTimeField("终止时间", null=True, blank=True, editable=False)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "例会"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="series_has_its_day",
                condition=Q(frequency=Frequency.WEEKLY, weekday__isnull=False, month_day__isnull=True)
                | Q(frequency=Frequency.MONTHLY, weekday__isnull=True, month_day__isnull=False),
            ),
            models.CheckConstraint(
                name="series_ends_after_start", condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def rule_words(self) -> str:
        """每周一 09:30；每 2 周周三 14:00；每月 25 日 09:30；每 3 个月最后一天 09:30."""
        is_weekly, many = self.frequency == Frequency.WEEKLY, self.interval > 1
        if is_weekly:
            every = (
                f"每 {self.interval} 周周{WEEKDAYS[self.weekday - 1]}" if many else f"每周{WEEKDAYS[self.weekday - 1]}"
            )
        else:
            day = "最后一天" if self.month_day == 31 else f" {self.month_day} 日"
            every = f"每 {self.interval} 个月{day}" if many else f"每月{day}"
        return f"{every} {self.begins_at:%H:%M}"

    @property
    def place_words(self) -> str:
        return "，".join(word for word in (self.room.name if self.room_id else "", self.place) if word)


class SeriesGuest(models.Model):
    """Whom each meeting of a series invites."""

    series = models.ForeignKey(Series, verbose_name="例会", on_delete=models.CASCADE, related_name="guests")
    user = models.ForeignKey(verbose_name="人员", null=True, blank=True, **PERSON)
    contact = models.ForeignKey(Contact, verbose_name="联系人", related_name="+", **SUBJECT)

    class Meta:
        verbose_name = verbose_name_plural = "例会参加人"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="series_guest_is_one",
                condition=Q(user__isnull=False, contact__isnull=True) | Q(user__isnull=True, contact__isnull=False),
            ),
            models.UniqueConstraint(fields=["series", "user"], name="series_user_once"),
            models.UniqueConstraint(fields=["series", "contact"], name="series_contact_once"),
        ]

    def __str__(self) -> str:
        return str(self.user or self.contact)


def new_uid() -> str:
    return uuid.uuid4().hex


class MeetingQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whoever sees the project (`visible_condition`); unless it is secret, whoever is invited, organises or records."""
        if not user.is_active:
            return self.none()
        invited = Invitation.objects.filter(user=user).order_by().values("meeting")
        taking_part = Q(organiser=user) | Q(recorder=user) | Q(pk__in=invited)
        return self.filter(visible_condition(user) | IS_OPEN & taking_part)

    def live(self):
        return self.exclude(state__in=[State.ISSUED, State.CANCELLED])

    def search(self, text: str):
        return self.filter(
            Q(number__icontains=text)
            | Q(title__icontains=text)
            | Q(project__name__icontains=text)
            | Q(project__number__icontains=text)
        )


class Meeting(models.Model):
    """One meeting, from the invitation to the issued minutes. `turn` counts its moves; `sequence` those of its invitation."""

    number = models.CharField("会议编号", max_length=20, unique=True)
    project = models.ForeignKey(Project, verbose_name="项目", related_name="meetings", **SUBJECT)
    kind = models.ForeignKey(MeetingKind, verbose_name="会议种类", on_delete=models.PROTECT, related_name="meetings")
    series = models.ForeignKey(Series, verbose_name="例会", related_name="meetings", **SUBJECT)
    # The date that the rule of the series gave, whatever it was moved to.
    occurrence_on = models.DateField("例会日期", null=True, blank=True, editable=False)
    # Changed or moved by hand: what becomes of its series no longer touches it.
    is_on_its_own = models.BooleanField("单独调整", default=False, editable=False)
    title = models.CharField("会议名称", max_length=100)
    topic = models.CharField("议题类别", max_length=40, blank=True)
    # Who called it, where it was not our own unit (专题会议 by 监理).
    called_by = models.ForeignKey(Party, verbose_name="组织单位", related_name="called_meetings", **SUBJECT)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    room = models.ForeignKey(Room, verbose_name="会议室", related_name="meetings", **SUBJECT)
    place = models.CharField("地点", max_length=100, blank=True)
    host = models.CharField("主持人", max_length=60, blank=True)
    # Owes the minutes, checks and issues them.
    organiser = models.ForeignKey(verbose_name="组织者", **{**PERSON, "related_name": "organised_meetings"})
    # Writes them, if it is somebody else.
    recorder = models.ForeignKey(verbose_name="记录人", null=True, blank=True, **PERSON)
    note = models.TextField("会议说明", max_length=LONGEST, blank=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.PLANNED)
    turn = models.PositiveIntegerField(default=0, editable=False)
    uid = models.CharField(max_length=64, unique=True, default=new_uid, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    held_at = models.DateTimeField("召开时间", null=True, blank=True, editable=False)
    reason = models.TextField("改期（取消）原因", max_length=LONGEST, blank=True)
    last_actor = models.ForeignKey(verbose_name="经办人", null=True, blank=True, editable=False, **PERSON)
    last_act = models.CharField("最近办理", max_length=10, choices=Act, default=Act.CALL)
    last_acted_at = models.DateTimeField("办理时间", default=timezone.now)
    created_at = models.DateTimeField("召集时间", default=timezone.now, editable=False)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "会议"
        ordering = ["-starts_at", "-pk"]
        indexes = [
            models.Index(fields=["starts_at", "ends_at"], name="meeting_by_time"),
            models.Index(fields=["state", "starts_at"], name="meeting_by_state"),
        ]
        constraints = [
            models.CheckConstraint(name="meeting_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
            models.UniqueConstraint(fields=["series", "occurrence_on"], name="meeting_once_in_series"),
            models.CheckConstraint(
                name="meeting_of_series_has_its_date",
                condition=Q(series__isnull=True, occurrence_on__isnull=True)
                | Q(series__isnull=False, occurrence_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def place_words(self) -> str:
        return "，".join(word for word in (self.room.name if self.room_id else "", self.place) if word)


class Invitation(models.Model):
    """One person at one meeting: invited, and what became of it. A walk-in who signs in by phone has a name and a unit."""

    meeting = models.ForeignKey(Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="invitations")
    user = models.ForeignKey(verbose_name="人员", null=True, blank=True, **{**PERSON, "related_name": "invitations"})
    contact = models.ForeignKey(Contact, verbose_name="联系人", related_name="invitations", **SUBJECT)
    party = models.ForeignKey(Party, verbose_name="参建单位", related_name="+", **SUBJECT)
    name = models.CharField("姓名", max_length=40, blank=True)
    attendance = models.CharField("出席", max_length=10, choices=Attendance, default=Attendance.EXPECTED)
    signed_by = models.CharField("签到方式", max_length=10, choices=SignedBy, blank=True)
    signed_at = models.DateTimeField("签到时间", null=True, blank=True)
    note = models.CharField("说明", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "参会人员"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="invitation_is_one",
                condition=Q(user__isnull=False, contact__isnull=True, name="")
                | Q(user__isnull=True, contact__isnull=False, name="")
                | (Q(user__isnull=True, contact__isnull=True) & ~Q(name="")),
            ),
            models.UniqueConstraint(fields=["meeting", "user"], name="invitation_user_once"),
            models.UniqueConstraint(fields=["meeting", "contact"], name="invitation_contact_once"),
        ]

    def __str__(self) -> str:
        return self.person_name

    @property
    def person_name(self) -> str:
        if self.user_id:
            return self.user.name
        return self.contact.name if self.contact_id else self.name

    @property
    def unit_name(self) -> str:
        """“本公司” or the name of the participating unit."""
        if self.user_id:
            return "本公司"
        party = self.contact.party if self.contact_id else self.party
        return party.name if party else ""
