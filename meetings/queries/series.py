"""Reads of series: their dates, the meetings to come, what the working calendar would move."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Q
from django.utils import timezone

from deadlines import rules
from deadlines.queries import working_calendar
from meetings import recurrence
from meetings.choices import State
from meetings.guests import Guests
from meetings.models import Meeting, Series
from meetings.secrecy import seeing


def rule_of(series: Series) -> recurrence.Rule:
    return recurrence.Rule(
        frequency=series.frequency, starts_on=series.starts_on, interval=series.interval, weekday=series.weekday,
        month_day=series.month_day, off_day=series.off_day, ends_on=series.ends_on,
    )  # fmt: skip


def occurrences(series: Series, since: date, until: date, calendar: rules.Calendar) -> list[recurrence.Occurrence]:
    """The dates of the series from `since` to `until` by that calendar."""
    return recurrence.dates(rule_of(series), since, until, calendar.is_working)


def guests_of(series: Series) -> Guests:
    """Whom each meeting of the series invites, as far as they still may be invited: of a secret project those who see it."""
    rows = list(series.guests.select_related("user", "contact__party"))
    users = [row.user for row in rows if row.user_id and row.user.is_active]
    users = seeing(series.project, users)
    contacts = [
        row.contact for row in rows if row.contact_id and row.contact.is_active and row.contact.party.is_active
    ]
    return Guests(users, contacts)


def to_come(series: Series) -> list[Meeting]:
    """The planned meetings of the series that have not begun, by their date."""
    rows = series.meetings.filter(state=State.PLANNED, starts_at__gt=timezone.now())
    return list(rows.select_related("room", "called_by", "recorder", "organiser").order_by("occurrence_on"))


def to_be_made(horizon: date) -> list[Series]:
    """The running series of which not all dates up to `horizon` were looked at. A finished project meets no more."""
    due = Q(made_until__isnull=True) | Q(made_until__lt=horizon)
    is_open = Q(ends_on__isnull=True) | Q(made_until__isnull=True) | Q(made_until__lt=F("ends_on"))
    rows = Series.objects.running(timezone.localdate()).filter(due, is_open, project__actual_finish_on__isnull=True)
    return list(rows.order_by("pk"))


@dataclass(frozen=True)
class Shift:
    """What the calendar does to one date of a series: its meeting (None: there is none yet) goes to `day` (None: it is
    not held)."""

    on: date
    meeting: Meeting | None
    day: date | None


def shifts(series: Series) -> list[Shift]:
    """Where the meetings to come would go by the working calendar as it is now; those changed by hand stay."""
    if series.ended_at is not None or series.made_until is None:
        return []
    today = timezone.localdate()
    since = today - timedelta(days=recurrence.FARTHEST)
    meetings = {meeting.occurrence_on: meeting for meeting in series.meetings.filter(occurrence_on__gte=since)}
    taken = {timezone.localdate(each.starts_at) for each in meetings.values() if is_fixed(each)}
    found = []
    for occurrence in occurrences(series, since, series.made_until, working_calendar()):
        meeting, day = meetings.get(occurrence.on), occurrence.day
        if day in taken or (day is not None and day <= today):
            continue
        if meeting is None and day is not None and occurrence.on >= today:
            found.append(Shift(occurrence.on, None, day))
        elif meeting is not None and _follows(meeting) and timezone.localdate(meeting.starts_at) != day:
            found.append(Shift(occurrence.on, meeting, day))
    return found


def is_fixed(meeting: Meeting) -> bool:
    """Planned, and moved or changed by hand: it keeps its day, and no other of its series comes to that day."""
    return meeting.state == State.PLANNED and meeting.is_on_its_own


def _follows(meeting: Meeting) -> bool:
    return meeting.state == State.PLANNED and not meeting.is_on_its_own and meeting.starts_at > timezone.now()
