"""How much working time lies between two instants."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from deadlines.rules import SHANGHAI, Calendar, WorkingTime, to_tenth, working_days

MONDAY = date(2026, 3, 2)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("begun", "ended", "days"),
    [
        (at(MONDAY, 8, 30), at(MONDAY, 17, 30), 1),
        (at(MONDAY, 8, 30), at(MONDAY, 12), 3.5 / 7.5),
        (at(MONDAY, 12), at(MONDAY, 13, 30), 0),
        (at(MONDAY, 17, 30), at(MONDAY + timedelta(1), 8, 30), 0),
        (at(MONDAY - timedelta(2), 10), at(MONDAY, 9, 30), 1 / 7.5),
        (at(MONDAY - timedelta(3), 16, 30), at(MONDAY, 9, 30), 2 / 7.5),
        (at(MONDAY, 9, 30), at(MONDAY + timedelta(7), 9, 30), 5),
        (at(MONDAY, 9), at(MONDAY, 8), 0),
    ],
)
def test_working_time_leaves_out_nights_noons_and_weekends(begun, ended, days):
    time = WorkingTime(Calendar(), MONDAY - timedelta(5), MONDAY + timedelta(8))
    assert time.days(begun, ended) == pytest.approx(days)
    assert time.days(begun.astimezone(UTC), ended.astimezone(UTC)) == pytest.approx(days)


def test_working_time_follows_the_calendar_of_the_firm():
    saturday = MONDAY - timedelta(2)
    calendar = Calendar({saturday: True, MONDAY: False})
    time = WorkingTime(calendar, saturday, MONDAY)
    assert time.days(at(saturday, 8, 30), at(MONDAY, 17, 30)) == 1


def test_working_days_of_many_are_those_of_each_and_are_shown_to_a_tenth():
    pairs = [
        (at(MONDAY - timedelta(3), 16, 30), at(MONDAY, 9, 30)),
        (at(MONDAY, 8, 30), at(MONDAY + timedelta(1), 17, 30)),
    ]
    seconds = [(int(begun.timestamp()), int(ended.timestamp())) for begun, ended in pairs]
    assert working_days(Calendar(), seconds) == [pytest.approx(2 / 7.5), 2]
    assert working_days(Calendar(), []) == []
    assert [to_tenth(days) for days in (0.25, 0.05, 2)] == [Decimal("0.3"), Decimal("0.1"), Decimal("2.0")]
