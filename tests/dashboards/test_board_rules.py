"""The pure rules of the managers' dashboard."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from dashboards.board import rules
from deadlines.rules import SHANGHAI, Calendar
from reviews.figures import error_bin

MONDAY = date(2026, 3, 2)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("part", "whole", "found"), [(2, 3, "66.7"), (1, 3, "33.3"), (0, 5, "0.0"), (5, 5, "100.0"), (1, 800, "0.1")]
)
def test_percent_has_one_place_rounded_half_up(part, whole, found):
    assert rules.percent(part, whole) == Decimal(found)


def test_nothing_is_no_percentage_of_nothing():
    assert rules.percent(0, 0) is None
    assert rules.mean([]) is None
    assert rules.days_summary([]) == (None, None, None)


def test_mean_and_days_are_rounded_at_the_end():
    assert rules.mean([Decimal("1.00"), Decimal("2.01")]) == Decimal("1.51")
    assert rules.days_summary([0.5, 1.0, 4.06]) == (Decimal("1.0"), Decimal("1.9"), Decimal("4.1"))


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
    time = rules.WorkingTime(Calendar(), MONDAY - timedelta(5), MONDAY + timedelta(8))
    assert time.days(begun, ended) == pytest.approx(days)
    assert time.days(begun.astimezone(UTC), ended.astimezone(UTC)) == pytest.approx(days)


def test_working_time_follows_the_calendar_of_the_firm():
    saturday = MONDAY - timedelta(2)
    calendar = Calendar({saturday: True, MONDAY: False})
    time = rules.WorkingTime(calendar, saturday, MONDAY)
    assert time.days(at(saturday, 8, 30), at(MONDAY, 17, 30)) == 1


@pytest.mark.parametrize(("flags", "run"), [("", 0), ("0", 0), ("1101110", 3), ("111", 3)])
def test_longest_run(flags, run):
    assert rules.longest_run(flag == "1" for flag in flags) == run


def test_quick_is_less_than_three_minutes_for_each_file():
    begun, second = 1_772_000_000_000_000, 1_000_000
    assert rules.is_quick(begun, begun + 179 * second, 1)
    assert rules.is_quick(begun, begun + 180 * second - 1, 1)
    assert not rules.is_quick(begun, begun + 180 * second, 1)
    assert rules.is_quick(begun, begun + 480 * second, 3)
    assert rules.is_quick(begun, begun + 60 * second, 0)
    assert not rules.is_quick(None, begun, 1)


@pytest.mark.parametrize(
    ("rate", "key"),
    [
        ("0", "0-1"),
        ("1", "0-1"),
        ("1.01", "1-2"),
        ("2", "1-2"),
        ("3", "2-3"),
        ("3.01", "3-5"),
        ("5", "3-5"),
        ("5.01", "5-"),
    ],
)
def test_three_percent_itself_is_within_the_line(rate, key):
    assert error_bin(Decimal(rate)) == key
