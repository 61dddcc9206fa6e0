"""On which days a series meets (例会): pure, no clock and no database.

A rule gives its own dates (每周一；每月 25 日, 31 for the last day of a month); what becomes of one that is no working day
is a choice. `occurrence_on` is always the rule's own date: by it a meeting is known, wherever it was moved to.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from meetings.choices import Frequency, OffDay

DAY = timedelta(days=1)
# No holiday is longer; a calendar without working days must not be searched for ever.
FARTHEST = 31

IsWorkingDay = Callable[[date], bool]


@dataclass(frozen=True)
class Rule:
    """Every `interval` weeks on `weekday` (Monday is 1), or every `interval` months on `month_day`, counted from the first
    such date on or after `starts_on`."""

    frequency: str
    starts_on: date
    interval: int = 1
    weekday: int | None = None
    month_day: int | None = None
    off_day: str = OffDay.AFTER
    ends_on: date | None = None


@dataclass(frozen=True)
class Occurrence:
    """A date of the rule and the day of the meeting. None: no meeting (当次不开, or one with the last before it)."""

    on: date
    day: date | None


def dates(rule: Rule, since: date, until: date, is_working_day: IsWorkingDay) -> list[Occurrence]:
    """What becomes of each of the rule's own dates from `since` to `until`, both included, in order.

    No two meetings of a series are on one day: where moving would bring one to the day of the last before it, it is left
    out. That depends on the calendar alone, never on `since`."""
    found, before = [], None
    for on in _own_dates(rule, until):
        day = shifted(on, rule.off_day, is_working_day)
        if on >= since:
            found.append(Occurrence(on, None if day is not None and day == before else day))
        before = day
    return found


def shifted(on: date, off_day: str, is_working_day: IsWorkingDay) -> date | None:
    """The day of a meeting that the rule puts on `on`; None: it is not held."""
    if off_day == OffDay.KEEP or is_working_day(on):
        return on
    if off_day == OffDay.SKIP:
        return None
    step = DAY if off_day == OffDay.AFTER else -DAY
    for distance in range(1, FARTHEST + 1):
        if is_working_day(on + step * distance):
            return on + step * distance
    return None


def _own_dates(rule: Rule, until: date) -> Iterator[date]:
    """The rule's own dates, from its start to `until` or its end."""
    last = min(until, rule.ends_on) if rule.ends_on else until
    step = _weekly(rule) if rule.frequency == Frequency.WEEKLY else _monthly(rule)
    for on in step:
        if on > last:
            return
        yield on


def _weekly(rule: Rule) -> Iterator[date]:
    on = rule.starts_on + DAY * ((rule.weekday - rule.starts_on.isoweekday()) % 7)
    while True:
        yield on
        on += timedelta(weeks=rule.interval)


def _monthly(rule: Rule) -> Iterator[date]:
    month = rule.starts_on.year * 12 + rule.starts_on.month - 1
    if _day_of(month, rule.month_day) < rule.starts_on:
        month += 1
    while True:
        yield _day_of(month, rule.month_day)
        month += rule.interval


def _day_of(month: int, month_day: int) -> date:
    """The day of a month counted from year 0; the last one of a month that has no such day."""
    year, index = divmod(month, 12)
    return date(year, index + 1, min(month_day, monthrange(year, index + 1)[1]))
