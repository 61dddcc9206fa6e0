"""Every rule on every day of three years, computed once more in another way: lists of days and minutes, and counting.

Seeded rules and the seeded calendar are read from the database once; the sweep itself touches none. Each rule is also tried
as it could be configured: in working days, and moving off days off."""

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from itertools import islice

import pytest

from deadlines import queries, rules
from deadlines.choices import Measure
from deadlines.models import DeadlineRule, WorkDay
from tests.deadlines.conftest import SHANGHAI

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
DAYS = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
HOURS = ((0, 0, 0), (8, 30, 0), (12, 45, 30), (23, 59, 59))
LATER = datetime(2031, 1, 1, tzinfo=SHANGHAI)
CODES = [
    "inquiry_reply", "settlement_plan", "settlement_draft_main", "settlement_review_main", "settlement_draft_other",
    "settlement_review_other", "bill_of_quantities", "bid_analysis", "materials_return", "urgent_staff", "rectification_reply",
]  # fmt: skip


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """(rules of the time standards by code, calendar) as the migrations left them; the firm's own limits apart."""
    with django_db_blocker.unblock():
        standards = DeadlineRule.objects.exclude(clause__startswith="公司自定")
        return {rule.code: rule for rule in standards}, queries.working_calendar()


@pytest.fixture(scope="module")
def calendar(seeded):
    return seeded[1]


@pytest.fixture(scope="module")
def naive():
    return Naive()


class Naive:
    """The other way: all working days and all working minutes in long lists, to count along."""

    # What the State Council announced and no weekday tells, typed from the notices: days off, and days made up for.
    OFF = """2024: 0101 0210-0217 0404-0406 0501-0505 0610 0915-0917 1001-1007
             2025: 0101 0128-0204 0404-0406 0501-0505 0531-0602 1001-1008
             2026: 0101-0103 0215-0223 0404-0406 0501-0505 0619-0621 0925-0927 1001-1007"""
    ON = """2024: 0204 0218 0407 0428 0511 0914 0929 1012
            2025: 0126 0208 0427 0928 1011
            2026: 0104 0214 0228 0509 0920 1010"""

    def __init__(self):
        off, on = set(self._read(self.OFF)), set(self._read(self.ON))
        days = [FIRST + timedelta(n) for n in range(1500)]
        self.working = [day for day in days if day in on or (day.weekday() < 5 and day not in off)]
        self.set = set(self.working)
        # Minutes since the first day, in the firm's time, in which it is at work.
        stretches = [*range(8 * 60 + 30, 12 * 60), *range(13 * 60 + 30, 17 * 60 + 30)]
        self.minutes = [(day - FIRST).days * 1440 + minute for day in self.working for minute in stretches]

    @staticmethod
    def _read(text: str):
        for line in text.splitlines():
            year, words = line.split(":")
            for word in words.split():
                begun, _, ended = word.partition("-")
                day = date(int(year), int(begun[:2]), int(begun[2:]))
                last = date(int(year), int(ended[:2]), int(ended[2:])) if ended else day
                while day <= last:
                    yield day
                    day += timedelta(1)

    def due_on(self, start: date, term: rules.Term) -> date:
        if term.measure == Measure.WORKING_DAYS:
            return self.working[bisect_right(self.working, start) + term.amount - 1]
        day = date.fromordinal(start.toordinal() + term.amount)
        return self.working[bisect_left(self.working, day)] if term.moves_to_working_day else day

    def after_working_minutes(self, start: datetime, amount: int) -> datetime:
        """The end of the `amount`-th minute of work from the whole minute `start` on."""
        begun = (start.date() - FIRST).days * 1440 + start.hour * 60 + start.minute
        last = self.minutes[bisect_left(self.minutes, begun) + amount - 1]
        return datetime(2024, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=last + 1)


# ── The calendar first: a sweep that agrees with a wrong calendar shows nothing ──
@pytest.mark.django_db
def test_the_seeded_calendar_is_what_was_announced(calendar, naive):
    wrong = [day for day in DAYS if calendar.is_working(day) != (day in naive.set)]
    assert wrong == []
    assert all(calendar.knows(day) for day in DAYS)
    assert not calendar.knows(date(2027, 1, 1))
    assert WorkDay.objects.get(day=date(2026, 10, 1)).note == "国庆节"
    assert WorkDay.objects.get(day=date(2026, 9, 20)).note == "国庆节调休上班"


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2024, 2, 29), True),  # the leap day, a Thursday
        (date(2024, 2, 10), False),  # 春节, a Saturday
        (date(2024, 2, 18), True),  # a Sunday made up for 春节
        (date(2025, 1, 28), False),  # 除夕, off for the first time
        (date(2025, 10, 8), False),  # 国庆节 and 中秋节 in one, until Wednesday
        (date(2025, 10, 11), True),
        (date(2026, 1, 2), False),  # a Friday
        (date(2026, 1, 4), True),  # a Sunday
        (date(2026, 2, 23), False),  # the ninth day of 春节, a Monday
        (date(2026, 10, 7), False),  # a Wednesday
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # a Saturday
    ],
)
def test_days_that_everybody_remembers(calendar, day, is_working):
    assert calendar.is_working(day) is is_working


def test_the_seeded_rules_are_the_eleven_of_the_source(seeded):
    standards = {code: (rule.amount, rule.measure) for code, rule in seeded[0].items()}
    days = {"settlement_plan": 2, "settlement_draft_main": 30, "settlement_review_main": 45, "settlement_draft_other": 15,
            "settlement_review_other": 20, "bill_of_quantities": 10, "bid_analysis": 4, "materials_return": 7,
            "urgent_staff": 1, "rectification_reply": 10}  # fmt: skip
    assert standards == {"inquiry_reply": (1, "working_hours")} | {
        code: (amount, "calendar_days") for code, amount in days.items()
    }
    assert set(standards) == set(CODES)
    assert {rule.clause.startswith(("时间工作标准", "监管检查结果的处理")) for rule in seeded[0].values()} == {True}
    assert {code for code, rule in seeded[0].items() if rule.moves_to_working_day} == set()


# ── Three years ─────────────────────────────────────────────────────────────
def starts():
    return [datetime(day.year, day.month, day.day, *hour, tzinfo=SHANGHAI) for day in DAYS for hour in HOURS]


@pytest.mark.parametrize("code", [code for code in CODES if code != "inquiry_reply"])
@pytest.mark.parametrize(
    ("measure", "moves"),
    [(Measure.CALENDAR_DAYS, False), (Measure.CALENDAR_DAYS, True), (Measure.WORKING_DAYS, False)],
    ids=["as seeded", "moving off days off", "in working days"],
)
def test_each_rule_ends_on_the_day_that_counting_gives(seeded, naive, code, measure, moves):
    found, calendar = seeded[0][code], seeded[1]
    assert (found.measure, found.moves_to_working_day) == (Measure.CALENDAR_DAYS, False)
    term = rules.Term(found.amount, measure, moves)
    beyond = 0
    for start in starts():
        course = rules.course(term, start, [], calendar, now=LATER)
        expected = naive.due_on(start.date(), term)
        assert course.due_on == expected, start
        assert course.due_at == datetime(expected.year, expected.month, expected.day, tzinfo=SHANGHAI) + timedelta(1)
        depends_on_calendar = measure == Measure.WORKING_DAYS or (moves and course.lines[-1].number is None)
        assert course.is_guess == (depends_on_calendar and expected > LAST), start
        beyond += expected > LAST
    assert beyond  # some ended in the year that nobody has announced


def test_the_rule_in_hours_ends_in_the_minute_that_counting_gives(seeded, naive):
    """Every quarter of an hour of three years, one hour; every day at four times, a day's and a week's work."""
    calendar, hour = seeded[1], rules.Term(seeded[0]["inquiry_reply"].amount, Measure.WORKING_HOURS)
    for day in DAYS:
        for quarter in range(96):
            start = datetime(day.year, day.month, day.day, quarter // 4, quarter % 4 * 15, tzinfo=SHANGHAI)
            assert rules.course(hour, start, [], calendar, now=LATER).due_at == naive.after_working_minutes(start, 60)


@pytest.mark.parametrize("amount", [8, 37])
def test_longer_limits_in_hours_end_in_the_minute_that_counting_gives(calendar, naive, amount):
    term = rules.Term(amount, Measure.WORKING_HOURS)
    for day in DAYS:
        for hour, minute in ((0, 0), (8, 31), (11, 59), (12, 45), (17, 29), (23, 59)):
            start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)
            course = rules.course(term, start, [], calendar, now=LATER)
            assert course.due_at == naive.after_working_minutes(start, amount * 60), start
            assert course.due_on == course.due_at.date()


@pytest.mark.parametrize("code", [code for code in CODES if code != "inquiry_reply"])
def test_each_rule_speaks_up_on_the_days_that_counting_gives(seeded, code):
    found, calendar = seeded[0][code], seeded[1]
    term = rules.Term(found.amount, Measure.CALENDAR_DAYS)
    for day in DAYS:
        start = datetime(day.year, day.month, day.day, 15, tzinfo=SHANGHAI)
        due_on = day + timedelta(found.amount)
        plan = rules.Plan(term, start, due_on, LATER, found.reminders, found.escalation, found.repeat_every)
        spoken = [(step.at.date(), step.role) for step in islice(rules.steps(plan, calendar), 8)]
        quiet = [(due_on - timedelta(n), "") for n in (7, 3, 1, 0) if due_on - timedelta(n) > day]
        late = [(due_on + timedelta(n), role) for n, role in found.escalation]
        weekly = [(due_on + timedelta(3 + 7 * n), "executive") for n in range(1, 9)]
        assert spoken == (quiet + late + weekly)[:8], start


def test_pauses_cost_the_midnights_that_they_hold(calendar):
    """45 days with a pause of each length from 1 to 40 hours, begun at each hour of the leap week and the year's end."""
    term = rules.Term(45, Measure.CALENDAR_DAYS)
    for year, month, day in ((2024, 2, 27), (2025, 12, 30), (2026, 12, 30)):
        start = datetime(year, month, day, 10, tzinfo=SHANGHAI)
        # Begun after the first midnight: the end of the first day is no end of a counted day.
        for begun in (start + timedelta(hours=14 + n) for n in range(30)):
            for length in range(1, 41):
                ended = begun + timedelta(hours=length)
                midnights = (ended.date() - begun.date()).days
                course = rules.course(term, start, [(begun, ended)], calendar, now=LATER)
                assert course.due_on == start.date() + timedelta(45 + midnights), (begun, length)
