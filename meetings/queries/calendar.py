"""A month of meetings on the working calendar: what one person sees, day by day."""

import calendar
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from deadlines.year import Day, year_of
from meetings.choices import State
from meetings.models import Meeting
from meetings.queries.meetings import meeting_rows, mine_condition


@dataclass(frozen=True)
class Cell:
    """One day: of the working calendar, with its meetings. `is_outside`: of the month before or after."""

    day: Day
    is_outside: bool
    meetings: list[Meeting] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    first: date
    weeks: list[list[Cell]]

    @property
    def days(self) -> list[Cell]:
        """The days of the month itself, for a narrow screen."""
        return [cell for week in self.weeks for cell in week if not cell.is_outside]

    @property
    def count(self) -> int:
        return sum(len(cell.meetings) for cell in self.days)

    @property
    def before(self) -> str:
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        return f"{self.first + timedelta(days=31):%Y-%m}"


def month_of(user, first: date, *, only_mine: bool = False) -> Month:
    """The month that begins with `first`, in whole weeks from Monday; a constant number of queries. Cancelled meetings are
    left out."""
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    known = {
        cell.day: cell
        for year in {week[0].year for week in weeks} | {week[-1].year for week in weeks}
        for month in year_of(year).months
        for row in month.weeks
        for cell in row
        if cell
    }
    meetings = _by_day(user, weeks[0][0], weeks[-1][-1], only_mine)
    return Month(
        first, [[Cell(known[day], day.month != first.month, meetings[day]) for day in week] for week in weeks]
    )


def _by_day(user, since: date, until: date, only_mine: bool) -> dict[date, list[Meeting]]:
    begin = timezone.make_aware(datetime.combine(since, time()))
    end = timezone.make_aware(datetime.combine(until + timedelta(days=1), time()))
    rows = meeting_rows(user).filter(starts_at__gte=begin, starts_at__lt=end).exclude(state=State.CANCELLED)
    if only_mine:
        rows = rows.filter(mine_condition(user))
    found = defaultdict(list)
    for meeting in rows.order_by("starts_at", "pk"):
        found[timezone.localdate(meeting.starts_at)].append(meeting)
    return found
