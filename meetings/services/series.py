"""Series (例会): set up, changed from a day on, ended; their dates become meetings some weeks ahead, which then follow the
series and the working calendar as long as nobody changed them by hand."""

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from deadlines.queries import working_calendar
from ledger.services import record
from meetings import chain
from meetings.choices import Frequency, OffDay
from meetings.guests import Guests
from meetings.models import Meeting, MeetingKind, Room, Series, SeriesGuest
from meetings.queries import series as queries
from meetings.queries.conflicts import room_conflicts
from meetings.secrecy import may_know
from meetings.services import calling, inviting
from meetings.services.calling import Content
from notices.choices import Kind
from notices.services import notify
from projects.models import Project

AHEAD = timedelta(days=60)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """The rule of a series and what its meetings have in common."""

    title: str
    frequency: str
    begins_at: time
    organiser: object
    interval: int = 1
    weekday: int | None = None
    month_day: int | None = None
    off_day: str = OffDay.AFTER
    ends_on: date | None = None
    minutes_long: int = 60
    room: Room | None = None
    place: str = ""
    host: str = ""


FIELDS = ("title", "frequency", "begins_at", "organiser", "interval", "weekday", "month_day", "off_day", "ends_on",
          "minutes_long", "room", "place", "host")  # fmt: skip
# A change of one of these gives other days.
RULE = ("frequency", "interval", "weekday", "month_day")


@transaction.atomic
def create_series(
    *, actor, kind: MeetingKind, project: Project | None, starts_on: date, plan: Plan, guests: Guests,
    accepts_gaps: bool = False,
) -> Series:  # fmt: skip
    """Set up a series; the meetings of the next 60 days are called at once, and everybody hears of them in one message. It comes
    back with `unreached`: how many contacts no letter went to. Raises PermissionDenied for who may not call such meetings here,
    ValidationError as `call_meeting` does."""
    chain.require_may_call(actor, kind, project)
    guests = inviting.with_own(guests, plan.organiser)
    _check(kind, project, plan, guests)
    calling.check_day(starts_on)
    if starts_on < timezone.localdate():
        raise ValidationError({"starts_on": "例会自今天或以后的日期开始。"})
    missing = inviting.gaps(kind, project, guests)
    if missing and not accepts_gaps:
        raise ValidationError(f"制度要求邀请：{'；'.join(missing)}。", code="gaps")
    series = Series(kind=kind, project=project, starts_on=starts_on, created_by=actor,
                    **{name: getattr(plan, name) for name in FIELDS})  # fmt: skip
    _full_clean(series)
    series.save(force_insert=True)
    _write_guests(series, guests)
    record(actor=actor, action="series.create", subject=series, scope=project,
           data={**facts_of(series), "kind": kind.code, "guests": inviting.names(guests), "guest_ids": inviting.ids(guests),
                 "gaps": missing})  # fmt: skip
    news = _News(series)
    _make(series, actor=actor, news=news)
    series.unreached = news.send()
    return series


@transaction.atomic
def change_series(*, actor, series: Series, turn: int, since: date, plan: Plan, guests: Guests) -> Series:
    """Change a series from the day `since` on. Its planned meetings from then on follow, unless changed by hand: those on
    dates that the new rule has too keep them, the others move to its new dates in order, what is left over is cancelled.
    Everybody hears of it in one message. Raises PermissionDenied, AlreadyChanged, ValidationError."""
    series = _claim(actor, series, turn)
    if since > timezone.localdate() + AHEAD:
        raise ValidationError({"since": f"请选择 {AHEAD.days} 天以内的日期：更远的会议尚未安排。"})
    guests = inviting.with_own(guests, plan.organiser)
    _check(series.kind, series.project, plan, guests, organiser_was=series.organiser)
    since = max(since, timezone.localdate(), series.starts_on)
    before, old_guests = facts_of(series), inviting.names(queries.guests_of(series))
    has_new_rule = any(getattr(series, name) != getattr(plan, name) for name in RULE)
    for name in FIELDS:
        setattr(series, name, getattr(plan, name))
    if has_new_rule:
        series.starts_on = since
    _full_clean(series)
    series.save()
    _write_guests(series, guests)
    after = facts_of(series)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if not changes and old_guests == inviting.names(guests):
        raise ValidationError("没有改动。", code="unchanged")
    record(actor=actor, action="series.change", subject=series, scope=series.project,
           data={"since": str(since), "changes": changes, "guests": inviting.names(guests),
                 "guest_ids": inviting.ids(guests)})  # fmt: skip
    news = _News(series)
    _follow(actor, series, since, guests, news)
    series.unreached = news.send()
    return series


@transaction.atomic
def end_series(*, actor, series: Series, turn: int, reason: str) -> Series:
    """End a series; its planned meetings to come are cancelled, those changed by hand too. Raises PermissionDenied,
    AlreadyChanged, ValidationError."""
    series = _claim(actor, series, turn)
    if not reason.strip():
        raise ValidationError({"reason": "请填写原因。"})
    series.ended_by, series.ended_at = actor, timezone.now()
    series.save(update_fields=["ended_by", "ended_at"])
    record(actor=actor, action="series.end", subject=series, scope=series.project, data={"reason": reason.strip()})
    news = _News(series)
    for meeting in queries.to_come(series):
        _cancel(actor, meeting, f"例会终止：{reason.strip()}", news)
    series.unreached = news.send()
    return series


@transaction.atomic
def follow_calendar(*, actor, series: Series, turn: int) -> int:
    """Bring the planned meetings to the days that the working calendar has by now (调休), as `queries.shifts` shows them;
    returns how many were moved, cancelled or called. Those changed by hand stay."""
    series = _claim(actor, series, turn)
    found = queries.shifts(series)
    news = _News(series)
    for shift in _not_into_each_other(found):
        _apply(actor, series, shift, news)
    news.send()
    return len(found)


def may_keep(user, series: Series) -> bool:
    """Whether `user` may change or end the series: whoever may call such meetings there."""
    return series.ended_at is None and chain.may_call(user, series.kind, series.project)


def make_due() -> int:
    """Call the meetings that have come within 60 days; returns how many. A round of the clockwork: it looks in the
    database what is not there yet, and two at once make none twice. One series that fails keeps no other from it: it is
    named in the RuntimeError at the end."""
    horizon, made, failed = timezone.localdate() + AHEAD, 0, []
    for series in queries.to_be_made(horizon):
        try:
            made += _make_due_of(series, horizon)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("series %s", series.pk, exc_info=error)
            failed.append(f"例会 {series.pk}：{error}")
    if failed:
        raise RuntimeError("；".join(failed))
    return made


@transaction.atomic
def _make_due_of(series: Series, horizon: date) -> int:
    series = _held(series)
    if series.ended_at is not None or (series.made_until is not None and series.made_until >= horizon):
        return 0
    news = _News(series)
    made = _make(series, actor=None, news=news)
    news.send()
    return made


# ── Below ───────────────────────────────────────────────────────────────────
class _News(inviting.Bundle):
    """What an act on a series has to tell, in one message to each; and where its room was taken, to each organiser."""

    def __init__(self, series: Series):
        super().__init__()
        self._series, self._taken = series, []

    def room_is_taken(self, meeting: Meeting) -> None:
        self._taken.append(meeting)

    def send(self) -> int:
        for organiser in dict.fromkeys(meeting.organiser for meeting in self._taken):
            mine = [meeting for meeting in self._taken if meeting.organiser == organiser]
            _tell_room_is_taken(organiser, mine, self._series)
        return super().send()


def _held(series: Series) -> Series:
    list(Series.objects.select_for_update(no_key=True).filter(pk=series.pk).values_list("pk"))
    return Series.objects.select_related("project__unit", "kind", "organiser", "room").get(pk=series.pk)


class AlreadyChanged(Exception):
    """The series was changed or ended since the page was drawn."""

    status_code = 409


def _claim(actor, series: Series, turn: int) -> Series:
    """Hold the series for `actor`. Raises PermissionDenied, AlreadyChanged."""
    series = _held(series)
    chain.require_may_call(actor, series.kind, series.project)
    if series.ended_at is not None or series.turn != turn:
        raise AlreadyChanged("例会已由他人修改或终止，请重新打开页面查看。")
    Series.objects.filter(pk=series.pk).update(turn=turn + 1)
    series.turn = turn + 1
    return series


def _check(kind: MeetingKind, project: Project | None, plan: Plan, guests: Guests, organiser_was=None) -> None:
    calling._check(kind, project, _content(plan), guests, organiser_was)
    if plan.frequency == Frequency.WEEKLY and not plan.weekday:
        raise ValidationError({"weekday": "请选择星期几。"})
    if plan.frequency == Frequency.MONTHLY and not plan.month_day:
        raise ValidationError({"month_day": "请填写每月几日。"})


def _content(plan) -> Content:
    """What the meetings take from their series (or from the plan of one)."""
    return Content(title=plan.title, organiser=plan.organiser, room=plan.room, place=plan.place, host=plan.host)


def _full_clean(series: Series) -> None:
    if series.frequency == Frequency.WEEKLY:
        series.month_day = None
    else:
        series.weekday = None
    if series.ends_on and series.ends_on < series.starts_on:
        raise ValidationError({"ends_on": "结束日期不能早于开始日期。"})
    series.full_clean()


def _write_guests(series: Series, guests: Guests) -> None:
    series.guests.all().delete()
    SeriesGuest.objects.bulk_create(
        [SeriesGuest(series=series, user=user) for user in guests.users]
        + [SeriesGuest(series=series, contact=contact) for contact in guests.contacts]
    )


def facts_of(series: Series) -> dict:
    """What the ledger keeps of a series; organiser and room by number too, for names may change."""
    return {
        "starts_on": str(series.starts_on), **{name: str(getattr(series, name) or "") for name in FIELDS},
        "organiser_id": series.organiser_id, "room_id": series.room_id,
    }  # fmt: skip


def times_of(series: Series, day: date) -> tuple[datetime, datetime]:
    """When the meeting on that day begins and ends."""
    begin = timezone.make_aware(datetime.combine(day, series.begins_at))
    return begin, begin + timedelta(minutes=series.minutes_long)


def _make(series: Series, *, actor, news: _News) -> int:
    """Call what is missing up to 60 days ahead; the series is held."""
    today = timezone.localdate()
    horizon, made = today + AHEAD, 0
    known = set(series.meetings.values_list("occurrence_on", flat=True))
    calendar = working_calendar()
    for occurrence in queries.occurrences(series, today, horizon, calendar):
        if occurrence.day is None or occurrence.on in known or not _is_ahead(series, occurrence.day):
            continue
        _call(actor, series, occurrence.on, occurrence.day, news)
        made += 1
    Series.objects.filter(pk=series.pk).update(made_until=horizon)
    series.made_until = horizon
    return made


def _is_ahead(series: Series, day: date) -> bool:
    return times_of(series, day)[0] > timezone.now()


def _call(actor, series: Series, on: date, day: date, news: _News) -> Meeting:
    """One meeting of the series. Where its room is taken it is called without, and the organiser told to find one."""
    starts_at, ends_at = times_of(series, day)
    content, guests = _content(series), queries.guests_of(series)
    if not (series.organiser.is_active and may_know(series.organiser, series.project)):
        content = replace(content, organiser=inviting.successor(series.kind, series.project) or series.organiser)
    guests = inviting.with_own(guests, content.organiser)
    taken = room_conflicts(series.organiser, series.room, starts_at, ends_at)
    if taken:
        content = replace(content, room=None)
    meeting = calling.write_meeting(
        actor=actor, kind=series.kind, project=series.project, starts_at=starts_at, ends_at=ends_at, content=content,
        guests=guests, data={"series": series.pk, "occurrence_on": str(on)}, series=series, occurrence_on=on,
        bundle=news,
    )  # fmt: skip
    if taken:
        news.room_is_taken(meeting)
    return meeting


def _tell_room_is_taken(organiser, meetings: list[Meeting], series: Series) -> None:
    """When and by what it is taken, as far as the organiser may know; in one message."""
    if not may_know(organiser, series.project):
        return
    lines, first = [], meetings[0]
    for meeting in meetings:
        taken = room_conflicts(organiser, series.room, meeting.starts_at, meeting.ends_at, but=meeting)
        lines.append("；".join(each.words for each in taken))
    many = f"（{len(meetings)} 次）" if len(meetings) > 1 else ""
    notify(
        recipients=[organiser], kind=Kind.MEETING, title=f"会议室已被占用，请另定地点：{first.title}{many}",
        body="\n".join(lines), url=f"/meetings/{first.pk}/",
        is_confidential=bool(series.project_id and series.project.is_secret),
    )  # fmt: skip


def _follow(actor, series: Series, since: date, guests: Guests, news: _News) -> None:
    """Bring the meetings from `since` on in line with the series."""
    today = timezone.localdate()
    ahead = queries.to_come(series)
    following = [each for each in ahead if not each.is_on_its_own and each.occurrence_on >= since]
    # No two meetings of a series are on one day, whatever rule or hand brought the others there.
    taken = {timezone.localdate(each.starts_at) for each in ahead if each not in following}
    wanted = {
        each.on: each.day
        for each in queries.occurrences(series, since, today + AHEAD, working_calendar())
        if each.day is not None and each.day not in taken and _is_ahead(series, each.day)
    }
    held = set(series.meetings.values_list("occurrence_on", flat=True))
    free = sorted(on for on in wanted if on not in held)
    for meeting in following:
        _change_content(actor, series, meeting, guests, news)
        if meeting.occurrence_on in wanted:
            _move_to(actor, series, meeting, meeting.occurrence_on, wanted[meeting.occurrence_on], "例会修改", news)
        elif free:
            on = free.pop(0)
            _move_to(actor, series, meeting, on, wanted[on], "例会修改", news)
        else:
            _cancel(actor, meeting, "例会修改，当次不再召开", news)
    for on in free:
        _call(actor, series, on, wanted[on], news)


def _change_content(actor, series: Series, meeting: Meeting, guests: Guests, news: _News) -> None:
    """Title, organiser, host, guests. What a meeting has beyond its series (topic, recorder, note) stays; room and place
    go with the time."""
    content = Content(
        title=series.title, organiser=series.organiser, host=series.host, topic=meeting.topic, note=meeting.note,
        called_by=meeting.called_by, recorder=meeting.recorder, room=meeting.room, place=meeting.place,
    )  # fmt: skip
    now = Meeting.objects.get(pk=meeting.pk)
    try:
        calling.change_meeting(
            actor=actor, meeting=now, turn=now.turn, content=content, guests=guests, with_series=True, bundle=news
        )
    except ValidationError as error:
        if getattr(error, "code", "") != "unchanged":
            raise


def _move_to(actor, series: Series, meeting: Meeting, on: date, day: date, reason: str, news: _News) -> None:
    """To the series' time on `day`, in its room where that is free."""
    now = Meeting.objects.select_related("room").get(pk=meeting.pk)
    starts_at, ends_at = times_of(series, day)
    taken = room_conflicts(actor, series.room, starts_at, ends_at, but=now)
    room = None if taken else series.room
    if (starts_at, ends_at) != (now.starts_at, now.ends_at):
        now = calling.move_meeting(
            actor=actor, meeting=now, turn=now.turn, reason=reason, starts_at=starts_at, ends_at=ends_at, room=room,
            place=series.place, with_series=True, bundle=news, occurrence_on=on,
        )  # fmt: skip
    elif (now.room, now.place) != (room, series.place):
        content = Content(
            **{name: getattr(now, name) for name in calling.FIELDS} | {"room": room, "place": series.place}
        )
        now = calling.change_meeting(actor=actor, meeting=now, turn=now.turn, content=content,
                                     guests=inviting.guests_of(now), with_series=True, bundle=news)  # fmt: skip
    if taken:
        news.room_is_taken(now)


def _cancel(actor, meeting: Meeting, reason: str, news: _News) -> None:
    now = Meeting.objects.get(pk=meeting.pk)
    calling.cancel_meeting(actor=actor, meeting=now, turn=now.turn, reason=reason, bundle=news)


def _apply(actor, series: Series, shift: "queries.Shift", news: _News) -> None:
    if shift.meeting is None:
        _call(actor, series, shift.on, shift.day, news)
    elif shift.day is None:
        _cancel(actor, shift.meeting, "工作日历调整，当次不开", news)
    else:
        _move_to(actor, series, shift.meeting, shift.on, shift.day, "工作日历调整", news)


def _not_into_each_other(shifts: list) -> list:
    """Cancelled ones first: their room is free for the others; called ones last."""
    return sorted(shifts, key=lambda each: (each.meeting is None, each.day is not None, each.on))
