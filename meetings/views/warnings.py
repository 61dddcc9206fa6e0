"""What a form warns of before it is saved: whoever sends it again, having seen just that, means it."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from deadlines.queries import working_calendar
from meetings.guests import Guests
from meetings.models import Meeting, MeetingKind, Series
from meetings.queries.conflicts import people_conflicts, room_conflicts
from meetings.queries.series import Shift, guests_of, occurrences
from meetings.services import inviting
from meetings.services.series import AHEAD, FIELDS, Plan, times_of
from projects.models import Project


@dataclass(frozen=True)
class Warnings:
    """`gaps`: whom the 制度 asks and who is not invited; `busy`: who is at another meeting then; `others`: the day."""

    gaps: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.gaps or self.busy or self.others)

    @property
    def mark(self) -> str:
        """What the page carries for having shown just these."""
        return hashlib.sha256("\n".join([*self.gaps, "-", *self.busy, "-", *self.others]).encode()).hexdigest()


def of_call(user, kind: MeetingKind, project: Project | None, guests: Guests, times) -> Warnings:
    starts_at, ends_at = times
    busy = people_conflicts(user, guests, starts_at, ends_at)
    return Warnings(inviting.gaps(kind, project, guests), by_person(busy), _of_day(starts_at))


def of_move(user, meeting: Meeting, times) -> Warnings:
    busy = people_conflicts(user, inviting.guests_of(meeting), *times, but=meeting)
    return Warnings(busy=by_person(busy), others=_of_day(times[0]))


def of_change(user, meeting: Meeting, guests: Guests) -> Warnings:
    busy = people_conflicts(user, guests, meeting.starts_at, meeting.ends_at, but=meeting)
    gaps = inviting.gaps(meeting.kind, meeting.project, guests)
    return Warnings(gaps, by_person(busy))


def of_series(
    user, kind: MeetingKind, project: Project | None, guests: Guests, starts_on: date, plan: Plan, *,
    changed: Series | None = None, since: date | None = None,
) -> Warnings:  # fmt: skip
    """Of the meetings of the first weeks: where the room is taken, and who is at another meeting. `changed`: the series that is
    to go by the plan from `since` on; its own meetings are in nobody's way."""
    series = Series(kind=kind, project=project, starts_on=starts_on,
                    **{name: getattr(plan, name) for name in FIELDS})  # fmt: skip
    rooms, busy = [], []
    until = timezone.localdate() + AHEAD
    for occurrence in occurrences(series, max(starts_on, since or starts_on), until, working_calendar()):
        if occurrence.day is not None:
            times = times_of(series, occurrence.day)
            rooms += room_conflicts(user, plan.room, *times, but=changed)
            busy += people_conflicts(user, guests, *times, but=changed)
    words = [f"会议室已被占用，当次须另定地点：{each.words}" for each in rooms]
    return Warnings(inviting.gaps(kind, project, guests), by_person(busy), words)


def of_shifts(user, series: Series, shifts: list[Shift]) -> list[str]:
    """Who is at another meeting, and where the room is taken, on the days to which the calendar would bring the meetings; a line
    for each."""
    guests, rooms, busy = guests_of(series), [], []
    for shift in shifts:
        if shift.day is not None:
            times = times_of(series, shift.day)
            rooms += room_conflicts(user, series.room, *times, but=series)
            busy += people_conflicts(user, guests, *times, but=series)
    return [*by_person(busy), *(f"会议室已被占用，当次须另定地点：{each.words}" for each in rooms)]


def by_person(conflicts) -> list[str]:
    """A line for each person: “周建国：11-30 09:30–10:30 忙（HY-2026-0001 周例会）；…”."""
    found: dict[str, list[str]] = {}
    for each in conflicts:
        found.setdefault(each.who, []).append(each.words.removeprefix(f"{each.who}："))
    return [f"{who}：{'；'.join(words)}" for who, words in found.items()]


def _of_day(starts_at: datetime) -> list[str]:
    day, found = timezone.localdate(starts_at), []
    if not working_calendar().is_working(day):
        found.append(f"{day} 是休息日。")
    if starts_at < timezone.now():
        found.append("会议时间已过：只登记会议，不发邀请。")
    return found


def is_confirmed(form, warnings: Warnings) -> bool:
    """Whether there is nothing to warn of, or the sender saw just that. Otherwise the page drawn now shows it."""
    if not warnings or form.cleaned_data["seen"] == warnings.mark:
        return True
    form.data = form.data.copy()
    form.data["seen"] = warnings.mark
    return False
