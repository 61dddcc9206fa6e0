"""A year of the working calendar as the page draws it: twelve months, a cell for each day. One query."""

import calendar
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from deadlines.models import WorkDay
from deadlines.services.calendar import HOLIDAYS

# What the pages show; the calendar module of Python would go further.
FIRST_YEAR, LAST_YEAR = 2000, 2100
WEEKDAYS = "一二三四五六日"
NAMED = frozenset(HOLIDAYS.values())


@dataclass(frozen=True)
class Day:
    """A cell. `kind` is work, rest (双休日), holiday (节日), makeup (调休上班) or closed (a weekday off for no holiday)."""

    day: date
    kind: str
    word: str
    note: str
    is_known: bool
    is_own: bool  # set by the firm, not as published
    is_today: bool

    @property
    def is_working(self) -> bool:
        return self.kind in ("work", "makeup")

    @property
    def words(self) -> str:
        """2026-10-01 周四 休息日：国庆节."""
        state = "工作日" if self.is_working else "休息日"
        return f"{self.day} 周{WEEKDAYS[self.day.weekday()]} {state}" + (f"：{self.note}" if self.note else "")


@dataclass(frozen=True)
class Month:
    number: int
    weeks: list[list[Day | None]]

    @property
    def working(self) -> int:
        return sum(day.is_working for week in self.weeks for day in week if day)


@dataclass(frozen=True)
class Year:
    number: int
    months: list[Month]
    known: int  # days that the table has
    length: int

    @property
    def working(self) -> int:
        return sum(month.working for month in self.months)

    @property
    def is_unknown(self) -> bool:
        return not self.known

    @property
    def missing(self) -> int:
        return self.length - self.known


def _cell(day: date, row: tuple[bool, str] | None, today: date) -> Day:
    is_weekend = day.weekday() >= 5
    is_working, note = row or (not is_weekend, "")
    is_published = not note or note in NAMED or note.endswith("调休上班")
    if is_working:
        kind, word = ("makeup", "班") if is_weekend else ("work", "")
    elif note in NAMED:
        kind, word = "holiday", note[:2]
    else:
        kind, word = ("rest", "休") if is_weekend else ("closed", "休")
    return Day(day, kind, word, note, row is not None, not is_published, day == today)


def year_of(number: int) -> Year:
    """The year as the table has it; days that it does not know go by their weekday."""
    rows = WorkDay.objects.filter(day__year=number).values_list("day", "is_working", "note")
    known = {day: (is_working, note) for day, is_working, note in rows}
    today = timezone.localdate()
    months = [
        Month(
            month,
            [
                [_cell(day, known.get(day), today) if day.month == month else None for day in week]
                for week in calendar.Calendar().monthdatescalendar(number, month)
            ],
        )
        for month in range(1, 13)
    ]
    return Year(number, months, len(known), 366 if calendar.isleap(number) else 365)
