"""The firm's calendar: filled from what was announced, corrected by the quality office; clocks follow when they shall."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from deadlines import queries, services
from deadlines.choices import Event
from deadlines.models import Shift, WorkDay
from deadlines.services.calendar import published_days
from ledger import checks
from ledger.models import Entry
from notices.choices import Kind
from notices.models import Notice
from tests.deadlines.conftest import SHANGHAI, last_row, moment, now_in_database, rows_of, rule, said, suspend, told
from tests.deadlines.test_clocks import allowed

pytestmark = pytest.mark.django_db
HOURS = [(time(8, 30), time(12)), (time(13, 30), time(17, 30))]


@pytest.fixture
def set_days(cast):
    """`set_days({date(2026, 3, 6): False})`: by the quality office, who has just looked."""

    def set_days(days, *, actor=None, note="公司放假通知", move_running=False, seen=None):
        seen = services.digest_of(services.preview_calendar(days)) if seen is None else seen
        return services.change_days(
            actor=actor or cast.quality_office, days=days, note=note, move_running=move_running, seen=seen
        )

    return set_days


@pytest.fixture
def in_working_days(cast):
    """紧急支援 counts working days, 标函分析 moves off days off, 总承包审核 stays as it is."""
    for code, changes in (
        ("urgent_staff", {"measure": "working_days", "amount": 5}),
        ("bid_analysis", {"moves_to_working_day": True}),
    ):
        services.change_rule(
            actor=cast.quality_office, rule=rule(code), changes=changes, reason="试", move_running=False,
            seen=services.digest_of([]),
        )  # fmt: skip


@pytest.fixture
def running(start, in_working_days):
    """From Monday 03-02: five working days, four days that end on a Friday, 45 days, an hour."""
    return [start(event) for event in (Event.URGENT_ASKED, Event.BIDS_RECEIVED, Event.SETTLEMENT_RECEIVED)]


def ends(deadlines) -> list[str]:
    return [f"{now_in_database(each).due_on}" for each in deadlines]


FRIDAY_OFF = {date(2026, 3, 6): False}


# ── Days ────────────────────────────────────────────────────────────────────
def test_a_changed_day_moves_only_clocks_that_ask_for_working_days(cast, running, set_days):
    assert ends(running) == ["2026-03-09", "2026-03-06", "2026-04-16"]
    moves = services.preview_calendar(FRIDAY_OFF)
    assert [(move.deadline, f"{move.due_on}") for move in moves] == [
        (running[0], "2026-03-10"), (running[1], "2026-03-09"),
    ]  # fmt: skip
    Notice.objects.all().delete()
    assert set_days(FRIDAY_OFF, move_running=True) == 1
    assert ends(running) == ["2026-03-10", "2026-03-09", "2026-04-16"]
    assert rows_of(running[0])[-1] == "deadline.follow"
    assert rows_of(running[2]) == ["deadline.start"]
    assert told(Kind.CLOCK) == ["复核人", "复核人"]
    assert WorkDay.objects.get(day=date(2026, 3, 6)).note == "公司放假通知"
    assert checks.verify().problems == []


def test_clocks_keep_their_ends_unless_they_shall_follow(running, set_days, start, cast):
    set_days(FRIDAY_OFF)
    assert ends(running) == ["2026-03-09", "2026-03-06", "2026-04-16"]
    assert last_row().action == "calendar.change"
    assert ends([start(Event.URGENT_ASKED, subject=cast.zj1)]) == ["2026-03-10"]  # a new one counts anew


def test_a_suspended_clock_follows_when_it_goes_on(cast, running, set_days, time):
    suspend(cast, running[0])
    set_days(FRIDAY_OFF, move_running=True)
    assert ends(running)[0] == "2026-03-09"
    services.resume(actor=cast.verifier, deadline=running[0], reason="齐", basis="单")
    assert ends(running)[0] == "2026-03-10"


def test_a_day_that_is_as_it_was_is_no_change(set_days):
    with pytest.raises(ValidationError, match="没有变化"):
        set_days({date(2026, 3, 6): True})
    assert set_days({date(2026, 3, 6): False, date(2026, 3, 5): True}) == 1


def test_a_changed_day_has_its_reason(set_days):
    with pytest.raises(ValidationError, match="说明调整依据"):
        set_days(FRIDAY_OFF, note=" ")


def test_days_are_not_changed_by_who_has_not_seen_what_would_move(cast, running, set_days, start):
    seen = services.digest_of(services.preview_calendar(FRIDAY_OFF))
    start(Event.URGENT_ASKED, subject=cast.zj1)
    with pytest.raises(ValidationError, match="在您查看之后有变化"):
        set_days(FRIDAY_OFF, seen=seen)
    assert WorkDay.objects.get(day=date(2026, 3, 6)).is_working


def test_who_may_change_the_calendar(cast, set_days):
    days = (date(2026, 3, 3) + timedelta(weeks=n) for n in range(20))
    assert allowed(cast, lambda actor: set_days({next(days): False}, actor=actor)) == {"quality_office"}
    later = (time(18, minute) for minute in range(20))
    assert allowed(
        cast, lambda actor: services.change_shifts(actor=actor, shifts=[(time(8), next(later))], reason="夏令时")
    ) == {"quality_office"}


# ── Years ───────────────────────────────────────────────────────────────────
def test_an_unknown_year_is_not_filled(cast):
    for call in (
        lambda: services.import_year(actor=cast.quality_office, year=2027),
        lambda: services.import_year(actor=None, year=2027),
        lambda: services.preview_import(2027),
    ):
        with pytest.raises(
            ValidationError, match="尚无 2027 年的节假日安排，请待公布后更新系统，或在日历页逐日设置。"
        ):
            call()
    assert not WorkDay.objects.filter(day__year=2027).exists()


def test_an_unknown_year_goes_by_the_weekdays_and_says_so(start, in_working_days, time):
    time.to("2026-12-28 10:00")  # a Monday
    deadline = start(Event.URGENT_ASKED)
    assert ends([deadline]) == ["2027-01-04"]  # New Year's Day counts: nobody has announced it
    course = queries.course_of(deadline)
    assert course.is_guess
    assert [line.day.year for line in course.lines if line.is_guess] == [2027] * 4
    time.to("2026-09-30 10:00")
    assert queries.missing_years() == []
    time.to("2026-10-01 10:00")
    assert queries.missing_years() == [2027]
    time.to("2027-02-01 10:00")
    assert queries.missing_years() == [2027]


def test_a_day_of_an_unknown_year_can_be_set_by_hand(set_days, start, in_working_days, time):
    time.to("2026-12-28 10:00")
    set_days({date(2027, 1, 1): False})
    assert ends([start(Event.URGENT_ASKED)]) == ["2027-01-05"]


def forget(year: int) -> None:
    WorkDay.objects.filter(day__year=year).delete()


def test_a_known_year_is_filled_and_what_the_firm_has_set_stays(cast, set_days):
    forget(2026)
    set_days({date(2026, 3, 6): False})
    assert services.import_year(actor=cast.quality_office, year=2026) == 364
    assert not WorkDay.objects.get(day=date(2026, 3, 6)).is_working
    assert not WorkDay.objects.get(day=date(2026, 10, 1)).is_working
    assert WorkDay.objects.get(day=date(2026, 10, 10)).note == "国庆节调休上班"
    assert last_row().action == "calendar.import"
    rows = Entry.objects.count()
    assert services.import_year(actor=cast.quality_office, year=2026) == 0
    assert Entry.objects.count() == rows


def test_who_may_fill_a_year(cast):
    def fill(actor):
        forget(2026)
        services.import_year(actor=actor, year=2026)

    assert allowed(cast, fill) == {"quality_office"}
    forget(2026)
    assert services.import_year(actor=None, year=2026) == 365  # on the command line
    assert last_row().actor_name == "系统"


def test_a_filled_year_moves_what_was_guessed_if_it_shall(cast, start, in_working_days, time):
    time.to("2026-09-28 10:00")
    forget(2026)
    guessed = start(Event.URGENT_ASKED)
    assert ends([guessed]) == ["2026-10-05"]
    moves = services.preview_import(2026)
    assert [f"{move.due_on}" for move in moves] == ["2026-10-10"]  # 29 and 30 September, 8 to 10 October
    with pytest.raises(ValidationError, match="在您查看之后有变化"):
        services.import_year(actor=cast.quality_office, year=2026, move_running=True, seen="stale")
    services.import_year(actor=cast.quality_office, year=2026, move_running=True, seen=services.digest_of(moves))
    assert ends([guessed]) == ["2026-10-10"]
    assert checks.verify().problems == []


def test_a_filled_year_leaves_the_ends_alone_otherwise(cast, start, in_working_days, time):
    time.to("2026-09-28 10:00")
    forget(2026)
    guessed = start(Event.URGENT_ASKED)
    services.import_year(actor=None, year=2026)
    assert ends([guessed]) == ["2026-10-05"]


def test_what_was_announced_covers_whole_years():
    assert len(published_days(2024)) == 366
    assert len(published_days(2025)) == 365
    for year in (1999, 2027):
        with pytest.raises(ValidationError):
            published_days(year)


# ── Hours ───────────────────────────────────────────────────────────────────
def test_other_hours_count_for_clocks_started_from_now_on(cast, start):
    old = start(Event.INQUIRY_ASKED, at=moment("2026-03-02 10:00"))
    services.change_shifts(
        actor=cast.quality_office, shifts=[(time(14), time(18)), (time(9), time(10, 30))], reason="夏季"
    )
    assert now_in_database(old).due_at == moment("2026-03-02 11:00")
    new = start(Event.INQUIRY_ASKED, subject=cast.zj1)
    assert new.due_at == moment("2026-03-02 14:30")
    assert [f"{each}" for each in Shift.objects.all()] == ["09:00–10:30", "14:00–18:00"]
    assert Entry.objects.get(action="calendar.hours").data == (
        '{"after":["09:00–10:30","14:00–18:00"],"before":["08:30–12:00","13:30–17:30"],"reason":"夏季"}'
    )


@pytest.mark.parametrize(
    ("shifts", "words"),
    [
        ([], "至少填写一段"),
        ([(time(12), time(8))], "须晚于"),
        ([(time(8), time(8))], "须晚于"),
        ([(time(8), time(12)), (time(11), time(17))], "不能重叠"),
    ],
)
def test_hours_that_make_no_sense_are_refused(cast, shifts, words):
    with pytest.raises(ValidationError, match=words):
        services.change_shifts(actor=cast.quality_office, shifts=shifts, reason="夏季")
    assert Shift.objects.count() == 2


def test_other_hours_have_their_reason(cast):
    with pytest.raises(ValidationError, match="说明调整理由"):
        services.change_shifts(actor=cast.quality_office, shifts=HOURS, reason=" ")


@pytest.mark.parametrize("opens", [time(8), time(9)])
def test_no_reminder_is_lost_when_the_firm_opens_earlier_or_later(cast, start, time, opens):
    """The next step was planned for 08:30; from now on the reminders of a day go out when the firm opens."""
    deadline = start(Event.BIDS_RECEIVED)
    services.change_shifts(actor=cast.quality_office, shifts=[(opens, HOURS[1][1])], reason="夏季")
    for day in range(3, 9):
        time.to(f"2026-03-{day:02} 10:00")
        services.sweep()
    assert said(deadline) == ["-3", "-1", "+0", "+1 technical_director", "+2 quality_office"]


def test_a_reminder_in_hours_is_not_lost_when_the_hours_change(cast, start, time):
    """Asked at noon, due at 14:30; then the firm works through the noon."""
    time.to("2026-03-02 12:00")
    deadline = start(Event.INQUIRY_ASKED)
    services.change_shifts(actor=cast.quality_office, shifts=[(HOURS[0][0], HOURS[1][1])], reason="取消午休")
    assert now_in_database(deadline).due_at == moment("2026-03-02 14:30")
    for hour, spoken in (
        ("13:59", []), ("14:00", ["-30"]), ("14:29", ["-30"]), ("14:30", ["-30", "+0"]),
        ("15:00", ["-30", "+0", "+30 technical_director"]),
    ):  # fmt: skip
        time.to(f"2026-03-02 {hour}")
        services.sweep()
        assert said(deadline) == spoken, hour


def test_an_escalation_in_hours_is_not_lost_when_a_day_off_is_worked(cast, start, time, set_days):
    """Due on Friday at 17:15; the executive would hear of it on Tuesday, and does so on Monday if the firm works on
    Saturday. What lies behind by the new calendar is made up for by the next sweep."""
    time.to("2026-03-06 16:15")
    deadline = start(Event.INQUIRY_ASKED)
    time.to("2026-03-09 10:30")
    services.sweep()
    assert said(deadline)[-1] == "+120 quality_office"
    assert now_in_database(deadline).next_at == moment("2026-03-10 08:45")
    set_days({date(2026, 3, 7): True}, note="加班")
    assert now_in_database(deadline).next_at == moment("2026-03-09 08:45")
    services.sweep()
    assert "+480 executive" in said(deadline)
    assert f"{now_in_database(deadline).due_at.astimezone(SHANGHAI):%m-%d %H:%M}" == "03-06 17:15"
