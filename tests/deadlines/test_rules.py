"""When a limit ends and when it speaks up, at the boundaries. No database."""

from datetime import date, datetime, time, timedelta
from itertools import islice

import pytest

from deadlines import rules
from deadlines.choices import Light, Measure, State, StepKind
from deadlines.rules import Calendar, Plan, Term
from tests.deadlines.conftest import moment

OFF, ON = False, True
# Friday 2026-10-09 is a day off here; Saturday 10-10 makes up for it. All other days go by the weekday.
CALENDAR = Calendar({date(2026, 10, 9): OFF, date(2026, 10, 10): ON})
LATER = moment("2030-01-01 00:00")


def course(
    start: str, amount: int, measure=Measure.CALENDAR_DAYS, pauses=(), *, moves=False, now=LATER, calendar=CALENDAR
):
    pauses = [(moment(begun), ended and moment(ended)) for begun, ended in pauses]
    return rules.course(Term(amount, measure, moves), moment(start), pauses, calendar, now=now)


def due(*given, **options) -> str:
    return f"{course(*given, **options).due_on}"


def due_at(start: str, hours: int, pauses=(), **options) -> str:
    found = course(start, hours, Measure.WORKING_HOURS, pauses, **options)
    return f"{found.due_at:%m-%d %H:%M:%S}"


# ── Days ────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("hour", ["00:00", "08:30", "23:59:59"])
def test_the_day_itself_is_not_counted_whatever_the_hour(hour):
    assert due(f"2026-03-02 {hour}", 1) == "2026-03-03"
    assert due(f"2026-03-02 {hour}", 45) == "2026-04-16"


def test_the_limit_ends_with_its_last_day():
    found = course("2026-03-02 10:00", 10)
    assert found.due_on == date(2026, 3, 12)
    assert found.due_at == moment("2026-03-13 00:00")


def test_the_day_is_that_of_the_firm_not_of_greenwich():
    """17:00 in Greenwich is 01:00 of the next day in Shanghai."""
    started = datetime.fromisoformat("2026-03-02T17:00+00:00")
    assert rules.course(Term(1, Measure.CALENDAR_DAYS), started, [], CALENDAR, now=LATER).due_on == date(2026, 3, 4)


def test_leap_day_and_year_end_are_days_like_others():
    assert due("2024-02-28 10:00", 1) == "2024-02-29"
    assert due("2024-02-28 10:00", 2) == "2024-03-01"
    assert due("2025-02-28 10:00", 1) == "2025-03-01"
    assert due("2026-12-31 10:00", 1) == "2027-01-01"


def test_every_day_has_its_line():
    lines = course("2026-03-02 10:00", 2).lines
    assert [(f"{line.day:%m-%d}", line.text, line.number) for line in lines] == [
        ("03-02", "起算日，不计入", None),
        ("03-03", "第 1 天", 1),
        ("03-04", "第 2 天", 2),
    ]


def test_an_end_on_a_day_off_moves_only_where_the_rule_says_so():
    assert due("2026-03-02 10:00", 5) == "2026-03-07"  # Saturday
    assert due("2026-03-02 10:00", 5, moves=True) == "2026-03-09"
    assert due("2026-10-08 10:00", 1, moves=True) == "2026-10-10"  # off on Friday, on at the weekend
    assert due("2026-03-02 10:00", 4, moves=True) == "2026-03-06"  # a Friday stays
    assert course("2026-03-02 10:00", 5, moves=True).lines[-1].text == "期限届满日为非工作日，顺延"


def test_working_days_leave_out_weekends_and_holidays_and_count_made_up_ones():
    assert due("2026-03-05 10:00", 1, Measure.WORKING_DAYS) == "2026-03-06"
    assert due("2026-03-06 10:00", 1, Measure.WORKING_DAYS) == "2026-03-09"
    assert due("2026-03-07 10:00", 1, Measure.WORKING_DAYS) == "2026-03-09"  # started on a Saturday
    assert due("2026-10-08 10:00", 1, Measure.WORKING_DAYS) == "2026-10-10"
    assert due("2026-10-08 10:00", 2, Measure.WORKING_DAYS) == "2026-10-12"


@pytest.mark.parametrize(
    ("pause", "end"),
    [
        ((), "2026-03-12"),
        (("2026-03-05 09:00", "2026-03-05 17:00"), "2026-03-12"),  # over before its day ends
        (("2026-03-05 09:00", "2026-03-06 09:00"), "2026-03-13"),  # over one midnight
        (("2026-03-05 23:59:59", "2026-03-06 00:00:01"), "2026-03-13"),
        (("2026-03-05 09:00", "2026-03-06 00:00"), "2026-03-13"),  # until midnight itself
        (("2026-03-06 00:00", "2026-03-06 23:59"), "2026-03-12"),  # from midnight on: no day ends in it
        (("2026-03-05 09:00", "2026-03-15 09:00"), "2026-03-22"),  # ten midnights
        (("2026-03-02 11:00", "2026-03-03 11:00"), "2026-03-12"),  # the first day is not counted anyhow
        (("2026-03-20 09:00", "2026-03-25 09:00"), "2026-03-12"),  # after the end
        (("2026-03-12 09:00", "2026-03-13 09:00"), "2026-03-13"),  # on the last day
    ],
)
def test_a_day_counts_unless_the_clock_stands_still_at_its_end(pause, end):
    assert due("2026-03-02 10:00", 10, pauses=[pause] if pause else []) == end


def test_two_pauses_add_up():
    pauses = [("2026-03-03 09:00", "2026-03-05 09:00"), ("2026-03-08 09:00", "2026-03-09 09:00")]
    assert due("2026-03-02 10:00", 10, pauses=pauses) == "2026-03-15"


@pytest.mark.parametrize(
    ("now", "end"),
    [("2026-03-05 20:00", "2026-03-12"), ("2026-03-06 00:00", "2026-03-13"), ("2026-03-08 20:00", "2026-03-15")],
)
def test_an_open_pause_counts_until_now(now, end):
    assert due("2026-03-02 10:00", 10, pauses=[("2026-03-05 09:00", None)], now=moment(now)) == end


def test_a_pause_in_working_days_costs_only_working_days():
    """Paused from Friday to Monday morning: Friday is lost, the weekend never counted."""
    pauses = [("2026-03-06 09:00", "2026-03-09 09:00")]
    assert due("2026-03-02 10:00", 5, Measure.WORKING_DAYS, pauses) == "2026-03-10"


def test_a_day_that_the_calendar_does_not_know_is_a_guess_only_where_it_matters():
    unknown = Calendar({date(2026, 3, 3): ON})
    assert not course("2026-03-02 10:00", 9, calendar=unknown).is_guess  # calendar days need no calendar
    assert not course("2026-03-02 10:00", 1, Measure.WORKING_DAYS, calendar=unknown).is_guess
    assert course("2026-03-02 10:00", 2, Measure.WORKING_DAYS, calendar=unknown).is_guess
    assert course("2026-03-02 10:00", 5, moves=True, calendar=unknown).is_guess  # Saturday moves by guess
    assert not course("2026-03-02 10:00", 1, moves=True, calendar=unknown).is_guess


def test_a_calendar_without_working_days_ends_the_search():
    never = Calendar({date(2026, 1, 1) + timedelta(days): OFF for days in range(5000)})
    for measure in (Measure.WORKING_DAYS, Measure.WORKING_HOURS):
        with pytest.raises(ValueError, match="no end of the limit"):
            course("2026-03-02 10:00", 1, measure, calendar=never)


# ── Working hours: 08:30–12:00, 13:30–17:30 ─────────────────────────────────
@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02 09:00", 1, "03-02 10:00:00"),
        ("2026-03-02 11:00", 1, "03-02 12:00:00"),  # ends with the morning
        ("2026-03-02 11:00:01", 1, "03-02 13:30:01"),
        ("2026-03-02 11:30", 1, "03-02 14:00:00"),  # across lunch
        ("2026-03-02 12:00", 1, "03-02 14:30:00"),  # at the first minute of the break
        ("2026-03-02 12:45", 1, "03-02 14:30:00"),  # asked at lunch
        ("2026-03-02 13:30", 1, "03-02 14:30:00"),
        ("2026-03-02 16:30", 1, "03-02 17:30:00"),  # ends with the day
        ("2026-03-02 17:00", 1, "03-03 09:00:00"),  # across the evening
        ("2026-03-02 17:30", 1, "03-03 09:30:00"),
        ("2026-03-02 06:00", 1, "03-02 09:30:00"),  # before work
        ("2026-03-06 17:15", 1, "03-09 09:15:00"),  # across a weekend
        ("2026-03-07 11:00", 1, "03-09 09:30:00"),  # on a Saturday
        ("2026-10-08 17:00", 1, "10-10 09:00:00"),  # across a day off to a made-up Saturday
        ("2026-03-02 08:30", 8, "03-03 09:00:00"),  # seven hours and a half make a day
        ("2026-03-02 08:30", 15, "03-03 17:30:00"),
    ],
)
def test_working_hours_run_while_the_firm_is_at_work(start, hours, end):
    assert due_at(start, hours) == end


@pytest.mark.parametrize(
    ("pauses", "end"),
    [
        ([("2026-03-02 09:20", "2026-03-02 09:50")], "03-02 10:30:00"),  # inside
        ([("2026-03-02 08:00", "2026-03-02 09:30")], "03-02 10:30:00"),  # begun before
        ([("2026-03-02 09:30", "2026-03-02 13:00")], "03-02 14:00:00"),  # over lunch
        ([("2026-03-02 09:30", "2026-03-04 09:00")], "03-04 09:30:00"),  # over two nights
        ([("2026-03-02 10:00", "2026-03-02 11:00")], "03-02 10:00:00"),  # at the end itself: too late to matter
        ([("2026-03-02 09:10", "2026-03-02 09:20"), ("2026-03-02 09:30", "2026-03-02 09:40")], "03-02 10:20:00"),
        ([("2026-03-02 17:40", "2026-03-03 08:00")], "03-02 10:00:00"),  # outside hours
    ],
)
def test_working_time_stands_still_in_a_pause(pauses, end):
    assert due_at("2026-03-02 09:00", 1, pauses) == end


def test_an_open_pause_stops_working_time_until_now():
    assert (
        due_at("2026-03-02 09:00", 1, [("2026-03-02 09:30", None)], now=moment("2026-03-02 11:00")) == "03-02 11:30:00"
    )


def test_lines_of_working_time_tell_minutes_from_when_to_when():
    first, second = course("2026-03-02 11:45", 1, Measure.WORKING_HOURS).lines
    assert (first.number, f"{first.starts_at:%H:%M}", f"{first.ends_at:%H:%M}") == (15, "11:45", "12:00")
    assert (second.number, f"{second.starts_at:%H:%M}", f"{second.ends_at:%H:%M}") == (60, "13:30", "14:15")
    assert second.text == "累计 60 分钟"


def test_other_shifts_other_ends():
    night = Calendar({}, ((time(6), time(6, 30)), (time(22), time(22, 15))))
    assert due_at("2026-03-02 06:00", 1, calendar=night) == "03-03 06:15:00"
    assert night.opens_at == time(6)


def test_working_hours_on_an_unknown_day_are_a_guess():
    assert course("2026-03-02 09:00", 1, Measure.WORKING_HOURS).is_guess
    assert not course("2026-10-10 09:00", 1, Measure.WORKING_HOURS).is_guess


def test_amounts_have_words():
    assert rules.amount_words(45, "calendar_days") == "45 日历天"
    assert rules.amount_words(1, Measure.WORKING_HOURS) == "1 工作小时"


# ── Steps ───────────────────────────────────────────────────────────────────
LADDER = [(1, "technical_director"), (2, "quality_office"), (3, "executive")]


def plan(
    start: str, amount: int, ahead=(7, 3, 1, 0), ladder=LADDER, repeat=7, measure=Measure.CALENDAR_DAYS, pauses=()
):
    found = course(start, amount, measure, pauses)
    pauses = [(moment(begun), moment(ended)) for begun, ended in pauses]
    return Plan(Term(amount, measure), moment(start), found.due_on, found.due_at, ahead, ladder, repeat, pauses)


def first_steps(count: int, *given, **options) -> list[tuple]:
    found = islice(rules.steps(plan(*given, **options), CALENDAR), count)
    return [(f"{step.at:%m-%d %H:%M}", step.kind, step.offset, step.role) for step in found]


def test_a_long_limit_speaks_up_from_seven_days_ahead_then_each_day_and_each_week():
    assert first_steps(10, "2026-03-02 10:00", 10) == [
        ("03-05 08:30", StepKind.AHEAD, -7, ""),
        ("03-09 08:30", StepKind.AHEAD, -3, ""),
        ("03-11 08:30", StepKind.AHEAD, -1, ""),
        ("03-12 08:30", StepKind.DUE, 0, ""),
        ("03-13 08:30", StepKind.OVERDUE, 1, "technical_director"),
        ("03-14 08:30", StepKind.OVERDUE, 2, "quality_office"),
        ("03-15 08:30", StepKind.OVERDUE, 3, "executive"),
        ("03-22 08:30", StepKind.OVERDUE, 10, "executive"),
        ("03-29 08:30", StepKind.OVERDUE, 17, "executive"),
        ("04-05 08:30", StepKind.OVERDUE, 24, "executive"),
    ]


@pytest.mark.parametrize(
    ("amount", "offsets"), [(1, [0, 1]), (2, [-1, 0]), (4, [-3, -1]), (7, [-3, -1]), (8, [-7, -3])]
)
def test_nothing_is_said_on_the_first_day_or_before(amount, offsets):
    """T-7 of a limit of seven days would be the day it started."""
    assert [offset for _, _, offset, _ in first_steps(2, "2026-03-02 10:00", amount)] == offsets


def test_between_the_rungs_of_a_ladder_who_owes_hears_daily():
    ladder = [(2, "technical_director"), (4, "executive")]
    told = first_steps(5, "2026-03-02 10:00", 1, ahead=(), ladder=ladder, repeat=0)
    assert [(offset, role) for _, _, offset, role in told] == [
        (1, ""), (2, "technical_director"), (3, ""), (4, "executive"),
    ]  # fmt: skip


def test_without_repetition_the_last_rung_is_the_last_word():
    assert len(first_steps(99, "2026-03-02 10:00", 10, repeat=0)) == 7


def test_without_a_ladder_only_the_repetition_is_left():
    assert [step[2] for step in first_steps(3, "2026-03-02 10:00", 1, ahead=(), ladder=(), repeat=2)] == [2, 4, 6]
    assert first_steps(3, "2026-03-02 10:00", 1, ahead=(), ladder=(), repeat=0) == []


def test_order_and_repetition_of_what_is_configured_do_not_matter():
    assert first_steps(7, "2026-03-02 10:00", 10, ahead=[0, 1, 7, 3, 3]) == first_steps(7, "2026-03-02 10:00", 10)


def test_a_limit_in_hours_speaks_up_in_working_minutes():
    inquiry = {
        "measure": Measure.WORKING_HOURS, "ahead": (30, 0), "repeat": 480,
        "ladder": [(30, "technical_director"), (120, "quality_office"), (480, "executive")],
    }  # fmt: skip
    assert first_steps(6, "2026-03-02 11:15", 1, **inquiry) == [
        ("03-02 11:45", StepKind.AHEAD, -30, ""),
        ("03-02 13:45", StepKind.DUE, 0, ""),
        ("03-02 14:15", StepKind.OVERDUE, 30, "technical_director"),
        ("03-02 15:45", StepKind.OVERDUE, 120, "quality_office"),
        ("03-03 14:15", StepKind.OVERDUE, 480, "executive"),  # 225 minutes on Monday, 255 on Tuesday
        ("03-04 14:45", StepKind.OVERDUE, 960, "executive"),
    ]
    pauses = [("2026-03-02 11:30", "2026-03-02 14:00")]
    assert first_steps(2, "2026-03-02 11:15", 1, pauses=pauses, **inquiry) == [
        ("03-02 14:15", StepKind.AHEAD, -30, ""),
        ("03-02 14:45", StepKind.DUE, 0, ""),
    ]


def test_half_an_hour_ahead_of_half_an_hour_is_nothing():
    told = first_steps(2, "2026-03-02 09:00", 1, ahead=(60, 90, 0), ladder=(), repeat=0, measure=Measure.WORKING_HOURS)
    assert [offset for _, _, offset, _ in told] == [0]


def test_keys_name_a_step_for_good_and_another_end_has_others():
    first = {step.key for step in islice(rules.steps(plan("2026-03-02 10:00", 10), CALENDAR), 9)}
    other = {step.key for step in islice(rules.steps(plan("2026-03-02 10:00", 11), CALENDAR), 9)}
    assert "20260312-7" in first
    assert "20260312+0" in first
    assert len(first) == 9
    assert not first & other


def between(after: str, until: str):
    due, following = rules.steps_between(plan("2026-03-02 10:00", 10), CALENDAR, moment(after), moment(until))
    return [step.offset for step in due], following and following.offset


@pytest.mark.parametrize(
    ("after", "until", "expected"),
    [
        ("2026-03-02 10:00", "2026-03-05 08:29:59", ([], -7)),
        ("2026-03-02 10:00", "2026-03-05 08:30", ([-7], -3)),  # the instant itself is included at both ends
        ("2026-03-05 08:30", "2026-03-05 08:30", ([-7], -3)),
        ("2026-03-05 08:30:01", "2026-03-09 08:29", ([], -3)),
        ("2026-03-05 08:30", "2026-03-15 12:00", ([-7, -3, -1, 0, 1, 2, 3], 10)),
        ("2026-03-12 08:30", "2026-04-06 00:00", ([0, 1, 2, 3, 10, 17, 24], 31)),
    ],
)
def test_what_was_missed_between_two_instants(after, until, expected):
    assert between(after, until) == expected


def test_after_the_last_word_nothing_follows():
    silent = plan("2026-03-02 10:00", 10, repeat=0)
    due, following = rules.steps_between(silent, CALENDAR, moment("2026-03-15 00:00"), moment("2026-05-01 00:00"))
    assert ([step.offset for step in due], following) == ([3], None)


# ── How a clock looks ───────────────────────────────────────────────────────
DUE_ON, DUE_AT = date(2026, 3, 12), moment("2026-03-13 00:00")


def light(now: str, state=State.RUNNING, stopped: str = "") -> Light:
    stopped_at = moment(stopped) if stopped else None
    return rules.light(state, DUE_ON, DUE_AT, stopped_at, now=moment(now), today=moment(now).date())


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-08 23:59:59", Light.GREEN),  # four days left
        ("2026-03-09 00:00", Light.AMBER),  # three
        ("2026-03-12 23:59:59", Light.AMBER),
        ("2026-03-13 00:00", Light.RED),
        ("2026-05-01 00:00", Light.RED),
    ],
)
def test_light_turns_three_days_before_the_end_and_at_the_end(now, expected):
    assert light(now) == expected


def test_light_of_a_clock_that_does_not_run():
    late = "2026-04-01 00:00"
    assert light(late, State.SUSPENDED) == Light.PAUSED
    assert light(late, State.CANCELLED, "2026-03-31 10:00") == Light.VOID
    assert light(late, State.FULFILLED, "2026-03-12 23:59:59") == Light.DONE
    assert light(late, State.FULFILLED, "2026-03-13 00:00") == Light.LATE


def days_left(now: str) -> str:
    return rules.left_words(False, DUE_ON, DUE_AT, now=moment(now), today=moment(now).date())


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-03-02 10:00", "剩 10 天"),
        ("2026-03-11 23:59:59", "剩 1 天"),
        ("2026-03-12 00:00", "今天到期"),
        ("2026-03-12 23:59:59", "今天到期"),
        ("2026-03-13 00:00", "逾期 1 天"),
        ("2026-03-15 12:00", "逾期 3 天"),
    ],
)
def test_words_for_days(now, words):
    assert days_left(now) == words


HOUR_DUE = moment("2026-03-02 10:00")


def hours_left(now: str, due_at=HOUR_DUE) -> str:
    return rules.left_words(True, due_at.date(), due_at, now=moment(now), today=moment(now).date())


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-02-27 17:00", "剩 3 天"),
        ("2026-03-01 09:59", "剩 1 天"),
        ("2026-03-01 10:00:01", "剩 1 天"),
        ("2026-03-02 07:55", "剩 2 小时 5 分"),
        ("2026-03-02 09:00", "剩 1 小时"),
        ("2026-03-02 09:00:30", "剩 1 小时"),  # 59 and a half minutes: not yet 59
        ("2026-03-02 09:25", "剩 35 分钟"),
        ("2026-03-02 09:59:59", "剩 1 分钟"),
        ("2026-03-02 10:00", "逾期 0 分钟"),
        ("2026-03-02 10:01:59", "逾期 1 分钟"),
        ("2026-03-02 12:05", "逾期 2 小时 5 分"),
        ("2026-03-03 10:00", "逾期 1 天"),
        ("2026-03-05 10:00", "逾期 3 天"),
    ],
)
def test_words_for_hours(now, words):
    assert hours_left(now) == words


def test_words_for_minutes():
    assert [rules.minutes_words(n) for n in (-5, 0, 59, 60, 61, 1440)] == [
        "0 分钟", "0 分钟", "59 分钟", "1 小时", "1 小时 1 分", "24 小时",
    ]  # fmt: skip
