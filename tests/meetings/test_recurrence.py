"""On which days a series meets, against python-dateutil and a second way of reckoning days off."""

import itertools
from calendar import monthrange
from datetime import date, datetime, timedelta

import pytest
from dateutil.rrule import MONTHLY, WEEKLY, rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from meetings import recurrence
from meetings.choices import Frequency, OffDay
from meetings.recurrence import Occurrence, Rule

DAY = timedelta(days=1)
STARTS = st.dates(date(2023, 1, 1), date(2030, 12, 31))
SPANS = st.integers(0, 900).map(lambda days: timedelta(days=days))
INTERVALS = st.integers(1, 12)
# 国庆 and 春节 of 2026 with their 调休.
OFF_2026 = {date(2026, 10, day): False for day in range(1, 9)} | {
    date(2026, 2, day): False for day in range(15, 24)
}  # fmt: skip
CHANGED_2026 = OFF_2026 | {
    date(2026, 9, 27): True,
    date(2026, 10, 10): True,
    date(2026, 2, 14): True,
    date(2026, 2, 28): True,
}


def on_weekdays(day: date) -> bool:
    return day.weekday() < 5


def in_2026(day: date) -> bool:
    return CHANGED_2026.get(day, day.weekday() < 5)


def own_dates(rule: Rule, until: date) -> list[date]:
    return [each.on for each in recurrence.dates(rule, rule.starts_on, until, lambda day: True)]


def days_of(rule: Rule, until: date, is_working=in_2026) -> list[date | None]:
    return [each.day for each in recurrence.dates(rule, rule.starts_on, until, is_working)]


# ── The rule's own dates, against python-dateutil ───────────────────────────
@given(start=STARTS, span=SPANS, interval=INTERVALS, weekday=st.integers(1, 7))
def test_weekly_dates_are_those_of_dateutil(start, span, interval, weekday):
    rule = Rule(Frequency.WEEKLY, start, interval=interval, weekday=weekday)
    first = rrule(WEEKLY, dtstart=start, byweekday=weekday - 1, count=1)[0]
    expected = rrule(WEEKLY, dtstart=first, interval=interval, byweekday=weekday - 1, until=_midnight(start + span))
    assert own_dates(rule, start + span) == [each.date() for each in expected]


@given(start=STARTS, span=SPANS, interval=INTERVALS, month_day=st.integers(1, 31))
def test_monthly_dates_are_those_of_dateutil_with_the_last_day_of_short_months(start, span, interval, month_day):
    rule = Rule(Frequency.MONTHLY, start, interval=interval, month_day=month_day)
    # The last of the days 28 … month_day that the month has; the plain day where every month has it.
    days = {"bymonthday": range(min(28, month_day), month_day + 1), "bysetpos": -1}
    first = rrule(MONTHLY, dtstart=start, count=1, **days)[0]
    # dateutil drops a first month whose chosen day lies before its start, so it is started on the 1st.
    if first.date() < start or first.day != min(month_day, monthrange(first.year, first.month)[1]):
        first = rrule(MONTHLY, dtstart=(start.replace(day=1) + timedelta(days=32)).replace(day=1), count=1, **days)[0]
    expected = rrule(MONTHLY, dtstart=first.replace(day=1), interval=interval, until=_midnight(start + span), **days)
    assert own_dates(rule, start + span) == [each.date() for each in expected]


def _midnight(day: date):
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 — dateutil reckons in plain dates


@given(start=STARTS, span=SPANS, interval=INTERVALS, month_day=st.integers(1, 31))
def test_each_month_of_the_rule_has_exactly_one_date(start, span, interval, month_day):
    found = own_dates(Rule(Frequency.MONTHLY, start, interval=interval, month_day=month_day), start + span)
    months = [each.year * 12 + each.month for each in found]
    assert all(later - earlier == interval for earlier, later in itertools.pairwise(months))
    assert all(each.day == min(month_day, monthrange(each.year, each.month)[1]) for each in found)


# ── Days off, reckoned a second time ────────────────────────────────────────
@st.composite
def calendars(draw):
    """Weekdays, with holidays and 调休 as a calendar may have them, however odd."""
    centre = draw(STARTS)
    changed = draw(
        st.dictionaries(
            st.integers(-60, 400).map(lambda days: centre + timedelta(days=days)), st.booleans(), max_size=60
        )
    )
    holiday = draw(st.integers(0, 12))
    begin = centre + timedelta(days=draw(st.integers(0, 60)))
    changed |= {begin + timedelta(days=offset): False for offset in range(holiday)}
    return centre, lambda day: changed.get(day, day.weekday() < 5)


RULES = st.one_of(
    st.tuples(st.just(Frequency.WEEKLY), st.integers(1, 3), st.integers(1, 7), st.none()),
    st.tuples(st.just(Frequency.MONTHLY), st.integers(1, 3), st.none(), st.integers(1, 31)),
)


def second_way(on: date, off_day: str, is_working) -> date | None:
    """From the list of all days around, not step by step."""
    around = [on + timedelta(days=offset) for offset in range(-31, 32)]
    if off_day == OffDay.KEEP or is_working(on):
        return on
    open_days = [day for day in around if is_working(day)]
    if off_day == OffDay.BEFORE:
        return max((day for day in open_days if day < on), default=None)
    if off_day == OffDay.AFTER:
        return min((day for day in open_days if day > on), default=None)
    return None


@settings(max_examples=150)
@given(calendar=calendars(), told=RULES, off_day=st.sampled_from(list(OffDay)), span=SPANS)
def test_days_off_move_as_the_second_way_says_and_never_two_come_to_one_day(calendar, told, off_day, span):
    start, is_working = calendar
    frequency, interval, weekday, month_day = told
    rule = Rule(frequency, start, interval=interval, weekday=weekday, month_day=month_day, off_day=off_day)
    found = recurrence.dates(rule, start, start + span, is_working)
    expected, used = [], set()
    for on in own_dates(rule, start + span):
        day = second_way(on, off_day, is_working)
        expected.append(Occurrence(on, None if day in used else day))
        used.add(day)
    assert found == expected
    held = [each.day for each in found if each.day]
    assert held == sorted(set(held))
    assert off_day == OffDay.KEEP or all(is_working(day) for day in held)
    assert [each.on for each in found] == own_dates(rule, start + span)


@given(calendar=calendars(), told=RULES, off_day=st.sampled_from(list(OffDay)), late=st.integers(0, 300))
def test_where_one_begins_to_look_changes_nothing(calendar, told, off_day, late):
    start, is_working = calendar
    frequency, interval, weekday, month_day = told
    rule = Rule(frequency, start, interval=interval, weekday=weekday, month_day=month_day, off_day=off_day)
    since, until = start + timedelta(days=late), start + timedelta(days=400)
    whole = recurrence.dates(rule, start, until, is_working)
    assert recurrence.dates(rule, since, until, is_working) == [each for each in whole if each.on >= since]


# ── As people know them ─────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("off_day", "days"),
    [
        (OffDay.AFTER, [date(2026, 9, 28), date(2026, 10, 9), date(2026, 10, 12)]),
        (OffDay.BEFORE, [date(2026, 9, 28), date(2026, 9, 30), date(2026, 10, 12)]),
        (OffDay.SKIP, [date(2026, 9, 28), None, date(2026, 10, 12)]),
        (OffDay.KEEP, [date(2026, 9, 28), date(2026, 10, 5), date(2026, 10, 12)]),
    ],
)
def test_the_monday_of_the_national_holiday(off_day, days):
    rule = Rule(Frequency.WEEKLY, date(2026, 9, 28), weekday=1, off_day=off_day)
    assert days_of(rule, date(2026, 10, 12)) == days


def test_two_mondays_of_one_long_holiday_make_one_meeting():
    rule = Rule(Frequency.WEEKLY, date(2026, 2, 9), weekday=1)
    assert days_of(rule, date(2026, 3, 2)) == [date(2026, 2, 9), date(2026, 2, 24), None, date(2026, 3, 2)]


def test_a_saturday_that_is_worked_is_kept_and_one_that_is_not_moves_on():
    rule = Rule(Frequency.MONTHLY, date(2026, 9, 1), month_day=10)
    assert days_of(rule, date(2026, 10, 31)) == [date(2026, 9, 10), date(2026, 10, 10)]
    assert days_of(rule, date(2026, 10, 31), on_weekdays) == [date(2026, 9, 10), date(2026, 10, 12)]


def test_the_thirty_first_is_the_last_of_each_month():
    rule = Rule(Frequency.MONTHLY, date(2028, 1, 1), month_day=31, off_day=OffDay.KEEP)
    assert own_dates(rule, date(2028, 4, 30)) == [
        date(2028, 1, 31),
        date(2028, 2, 29),
        date(2028, 3, 31),
        date(2028, 4, 30),
    ]


def test_a_month_end_moved_on_lies_in_the_next_month():
    rule = Rule(Frequency.MONTHLY, date(2026, 1, 1), month_day=31)
    assert recurrence.dates(rule, date(2026, 1, 1), date(2026, 1, 31), on_weekdays) == [
        Occurrence(date(2026, 1, 31), date(2026, 2, 2))
    ]


def test_a_series_ends_with_its_last_day():
    rule = Rule(Frequency.WEEKLY, date(2026, 1, 5), weekday=1, ends_on=date(2026, 1, 19))
    assert own_dates(rule, date(2026, 12, 31)) == [date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 19)]


def test_a_calendar_without_working_days_ends_the_search():
    assert recurrence.shifted(date(2026, 1, 5), OffDay.AFTER, lambda day: False) is None
