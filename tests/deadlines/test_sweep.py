"""The sweep says each thing once, to the right people, whatever was missed."""

import pytest
from django.db import OperationalError, connection, models
from django.test.utils import CaptureQueriesContext

from deadlines import queries, services
from deadlines.choices import Event
from deadlines.models import Deadline, Heartbeat, Reminder
from deadlines.services import sweeping
from ledger import checks
from ledger.models import Entry
from notices.choices import Kind
from notices.models import Notice
from projects.choices import Confidentiality
from projects.models import Assignment
from staff.choices import Role
from staff.models import Post
from tests.conftest import LONG_AGO
from tests.deadlines.conftest import (
    extension,
    last_row,
    moment,
    now_in_database,
    resume,
    rows_of,
    rule,
    said,
    suspend,
    told,
)

pytestmark = pytest.mark.django_db
LADDER = ["+1 technical_director", "+2 quality_office", "+3 executive"]


def swept() -> tuple[int, int, int]:
    done = services.sweep()
    return done.clocks, done.reminders, done.told


def sweep_daily(time, first: str, days: int) -> list[tuple[str, list[str]]]:
    """Sweep each morning at nine; who was told on which day."""
    time.to(f"{first} 09:00")
    heard = []
    for _ in range(days):
        before = Notice.objects.count()
        services.sweep()
        if names := told()[before:]:
            heard.append((f"{time.now:%m-%d}", names))
        time.go(days=1)
    return heard


# ── Day by day ──────────────────────────────────────────────────────────────
def test_each_step_is_said_once_on_its_day_to_the_next_person_up(cast, start, time):
    """Four days from Monday, 03-02."""
    deadline = start(Event.BIDS_RECEIVED)
    Notice.objects.all().delete()
    assert sweep_daily(time, "2026-03-02", 20) == [
        ("03-03", ["复核人"]),
        ("03-05", ["复核人"]),
        ("03-06", ["复核人"]),
        ("03-07", ["复核人", "审核人"]),
        ("03-08", ["复核人", "质量办"]),
        ("03-09", ["复核人", "管理层"]),
        ("03-16", ["复核人", "管理层"]),
    ]
    assert said(deadline) == ["-3", "-1", "+0", *LADDER, "+10 executive"]
    kinds = list(Notice.objects.filter(recipient=cast.verifier).order_by("pk").values_list("kind", flat=True))
    assert kinds == [Kind.REMINDER] * 3 + [Kind.OVERDUE] * 4


def test_words_of_a_reminder_and_of_an_escalation(cast, start, time):
    start(Event.BIDS_RECEIVED)
    time.to("2026-03-06 08:30")
    services.sweep()
    notice = Notice.objects.first()
    assert notice.title == "标函分析今天到期：2026-ZJ1-001 滨江花园二期 · 结算书"
    assert notice.body == "2026-03-06 周五 到期。"
    assert notice.url == f"/deadlines/{Deadline.objects.get().pk}/"
    time.to("2026-03-07 08:30")
    services.sweep()
    own, above = Notice.objects.filter(kind=Kind.OVERDUE).get(), Notice.objects.filter(kind=Kind.ESCALATION).get()
    assert own.title == above.title == "标函分析逾期 1 天：2026-ZJ1-001 滨江花园二期 · 结算书"
    assert own.body == "2026-03-06 周五 到期。已上报：审核人。"
    assert above.body == "2026-03-06 周五 到期。责任人：复核人。"


def test_nothing_is_said_a_second_before_it_is_due(start, time):
    start(Event.BIDS_RECEIVED)
    time.to("2026-03-03 08:29:59")
    assert swept() == (0, 0, 0)
    time.to("2026-03-03 08:30")
    assert swept() == (1, 1, 1)


def everything() -> list:
    """All rows that a sweep could write, but for its heartbeat."""
    return [list(model.objects.order_by("pk").values()) for model in (Deadline, Reminder, Notice, Entry)]


def test_a_second_sweep_writes_nothing(start, time):
    start(), start(Event.INQUIRY_ASKED)
    time.go(days=60)
    assert swept()[0] == 2
    before = everything()
    assert swept() == (0, 0, 0)
    assert everything() == before


def test_a_step_that_was_said_is_not_said_again_though_the_clock_asks_for_it(start, time):
    """The unique key is the second line behind the claim: next_at set back, as by a restored row."""
    deadline = start(Event.BIDS_RECEIVED)
    time.to("2026-03-05 09:00")
    services.sweep()
    Deadline.objects.update(next_at=moment("2026-03-03 08:30"))
    assert swept() == (1, 0, 0)
    assert said(deadline) == ["-3", "-1"]
    assert now_in_database(deadline).next_at == moment("2026-03-06 08:30")


# ── Outages ─────────────────────────────────────────────────────────────────
def test_a_fortnight_without_a_sweep_is_caught_up_with_one_message_each(cast, start, time):
    deadline = start(Event.BIDS_RECEIVED)
    Notice.objects.all().delete()
    time.to("2026-03-16 11:00")
    assert swept() == (1, 7, 4)
    assert sorted(told()) == sorted(["复核人", "审核人", "质量办", "管理层"])
    assert said(deadline) == ["-3", "-1", "+0", *LADDER, "+10 executive"]
    names = list(Reminder.objects.order_by("planned_at").values_list("told", flat=True))
    assert names == ["复核人"] * 3 + ["复核人、审核人", "复核人、质量办", "复核人、管理层", "复核人、管理层"]
    assert set(Reminder.objects.values_list("written_at", flat=True)) == {time.now}
    assert "逾期 10 天" in Notice.objects.first().title


def test_a_day_without_a_sweep_is_caught_up_the_next_morning(start, time):
    deadline = start(Event.BIDS_RECEIVED)
    time.to("2026-03-05 08:00")
    services.sweep()
    time.to("2026-03-06 10:00")
    assert swept() == (1, 2, 1)
    assert said(deadline) == ["-3", "-1", "+0"]
    planned = Reminder.objects.order_by("planned_at").values_list("planned_at", flat=True)
    assert list(planned) == [moment(f"2026-03-0{day} 08:30") for day in (3, 5, 6)]


def test_catching_up_in_small_batches_is_the_same(cast, start, time):
    for person in vars(cast).values():
        start(Event.BIDS_RECEIVED, subject=person, beyond_reason="多次")
    time.to("2026-03-16 11:00")
    done = services.sweep(batch=3)
    count = Deadline.objects.count()
    assert (done.clocks, done.reminders, done.told) == (count, 7 * count, 4 * count)
    assert checks.verify().problems == []


def test_a_sweep_that_breaks_off_has_said_nothing_and_the_next_says_all(start, time, monkeypatch):
    deadline = start(Event.BIDS_RECEIVED)
    time.to("2026-03-16 11:00")
    before = everything()

    def away(*args):
        raise OperationalError("the database went away")

    with monkeypatch.context() as patched:
        patched.setattr(sweeping, "_record_escalation", away)
        with pytest.raises(OperationalError):
            services.sweep()
    assert everything() == before
    beat = Heartbeat.objects.get(pk="sweep")
    error = "OperationalError: the database went away"
    assert (beat.failed_at, beat.error, beat.finished_at) == (time.now, error, None)
    assert queries.is_late(queries.heartbeats().get("sweep"))
    services.sweep()
    assert len(said(deadline)) == 7
    assert Heartbeat.objects.get(pk="sweep").error == ""


def test_a_clock_that_fails_silences_no_other_and_is_named(cast, start, time, monkeypatch):
    broken, well = start(Event.BIDS_RECEIVED), start(Event.BIDS_RECEIVED, subject=cast.preparer)
    time.to("2026-03-16 11:00")
    real = sweeping._record_escalation

    def stumble(deadline, *args):
        if deadline.pk == broken.pk:
            raise ZeroDivisionError("division by zero")
        return real(deadline, *args)

    with monkeypatch.context() as patched:
        patched.setattr(sweeping, "_record_escalation", stumble)
        services.sweep()
    assert (said(broken), len(said(well))) == ([], 7)
    beat = Heartbeat.objects.get(pk="sweep")
    assert beat.finished_at == time.now
    assert beat.error == f"RuntimeError: 时限 {broken.pk}：division by zero"
    services.sweep()
    assert (len(said(broken)), Heartbeat.objects.get(pk="sweep").error) == (7, "")


def test_a_clock_registered_when_it_is_late_says_at_once_what_it_should_have_said(cast, start, time):
    time.to("2026-03-16 11:00")
    deadline = start(Event.BIDS_RECEIVED, at=moment("2026-03-02 10:00"))
    services.sweep()
    assert said(deadline) == [*LADDER, "+10 executive"]
    told = set(Notice.objects.filter(kind="escalation").values_list("recipient__name", flat=True))
    assert told == {cast.approver.name, cast.quality_office.name, cast.executive.name}


def test_a_completion_taken_back_skips_no_escalation(cast, start, time):
    deadline = start(Event.BIDS_RECEIVED)
    time.to("2026-03-07 09:00")
    services.sweep()
    services.stop(actor=cast.verifier, deadline=deadline)
    time.to("2026-03-12 09:00")
    services.sweep()
    services.reopen(actor=cast.approver, deadline=deadline, reason="未完成")
    services.sweep()
    assert said(deadline) == ["-3", "-1", "+0", *LADDER]


def test_the_heartbeat_tells_when_the_last_sweep_was(start, time):
    start(Event.BIDS_RECEIVED)
    assert queries.is_late(queries.heartbeats().get("sweep"))
    time.to("2026-03-03 09:00")
    services.sweep()
    beat = Heartbeat.objects.get(pk="sweep")
    assert (beat.finished_at, beat.done) == (time.now, {"clocks": 1, "reminders": 1, "told": 1})
    time.go(minutes=15)
    assert not queries.is_late(queries.heartbeats().get("sweep"))
    time.go(seconds=1)
    assert queries.is_late(queries.heartbeats().get("sweep"))


# ── Who ─────────────────────────────────────────────────────────────────────
def test_escalations_stand_in_the_ledger_and_reminders_ahead_do_not(cast, project, start, time):
    deadline = start(Event.BIDS_RECEIVED)
    sweep_daily(time, "2026-03-03", 4)
    assert rows_of(deadline) == ["deadline.start"]
    sweep_daily(time, "2026-03-07", 3)
    assert rows_of(deadline) == ["deadline.start"] + ["deadline.escalate"] * 3
    row = last_row()
    assert row.data == (
        f'{{"due_on":"2026-03-06","responsible":{cast.verifier.pk},"steps":[[3,"executive",[{cast.executive.pk}]]]}}'
    )
    assert (row.actor, row.scope_id) == (None, project.pk)
    assert checks.verify().problems == []


def test_an_inquiry_goes_up_by_the_working_minute(cast, start, time):
    """Asked at 10:00, one working hour."""
    deadline = start(Event.INQUIRY_ASKED)
    Notice.objects.all().delete()
    heard = {}
    for hour in ("10:29", "10:30", "11:00", "11:30", "12:00", "14:29", "14:30", "17:30"):
        time.to(f"2026-03-02 {hour}")
        before = Notice.objects.count()
        services.sweep()
        heard[hour] = told()[before:]
    assert heard == {
        "10:29": [], "10:30": ["复核人"], "11:00": ["复核人"], "11:30": ["复核人", "审核人"], "12:00": [], "14:29": [],
        "14:30": ["复核人", "质量办"], "17:30": [],
    }  # fmt: skip
    time.to("2026-03-03 13:00")
    services.sweep()
    assert said(deadline) == ["-30", "+0", "+30 technical_director", "+120 quality_office", "+480 executive"]


def test_a_clock_whose_project_manager_is_gone_passes_to_the_successor(cast, project, start, time):
    deadline = start(Event.BIDS_RECEIVED)
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).update(ends_on=moment("2026-03-02 10:00").date())
    Assignment.objects.create(
        project=project, user=cast.preparer, role=Role.PROJECT_MANAGER, starts_on=moment("2026-03-03 10:00").date()
    )
    Notice.objects.all().delete()
    time.to("2026-03-03 09:00")
    services.sweep()
    assert now_in_database(deadline).responsible == cast.preparer
    assert [(row.recipient, row.kind) for row in Notice.objects.order_by("pk")] == [
        (cast.preparer, Kind.CLOCK), (cast.preparer, Kind.REMINDER),
    ]  # fmt: skip
    assert rows_of(deadline)[-1] == "deadline.reassign"
    assert Reminder.objects.get().told == "编制人"


def test_a_clock_that_nobody_owes_is_reported_to_the_technical_director_from_the_first_step_on(cast, start, time):
    deadline = start(Event.BIDS_RECEIVED)
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).delete()
    Notice.objects.all().delete()
    assert sweep_daily(time, "2026-03-03", 6) == [
        ("03-03", ["审核人"]), ("03-05", ["审核人"]), ("03-06", ["审核人"]), ("03-07", ["审核人"]), ("03-08", ["质量办"]),
    ]  # fmt: skip
    assert now_in_database(deadline).responsible is None
    assert Notice.objects.last().body == "2026-03-06 周五 到期。责任岗位暂缺人员，请安排。"
    assert set(Reminder.objects.values_list("told", flat=True)) == {"审核人", "质量办"}


def test_a_vacant_rung_is_skipped_upwards(cast, start, time):
    start(Event.BIDS_RECEIVED)
    Post.objects.filter(role=Role.TECHNICAL_DIRECTOR).delete()
    Notice.objects.all().delete()
    assert sweep_daily(time, "2026-03-07", 1)[0] == ("03-07", ["复核人", "质量办"])
    assert f'[[1,"technical_director",[{cast.quality_office.pk}]]]' in last_row().data


def test_a_director_who_owes_the_clock_is_not_the_one_it_is_reported_to(cast, project, start, time):
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).update(user=cast.approver)
    start(Event.BIDS_RECEIVED)
    Notice.objects.all().delete()
    assert sweep_daily(time, "2026-03-07", 1) == [("03-07", ["审核人", "质量办"])]


def test_where_nobody_is_left_the_record_says_so(cast, start, time):
    start(Event.BIDS_RECEIVED)
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).delete()
    Post.objects.all().delete()
    Notice.objects.all().delete()
    time.to("2026-03-16 09:00")
    services.sweep()
    assert told() == []
    assert set(Reminder.objects.values_list("told", flat=True)) == {"无人可告知"}


def test_two_technical_directors_are_both_told(cast, project, start, time):
    Post.objects.create(user=cast.preparer, role=Role.TECHNICAL_DIRECTOR, unit=cast.zj1, starts_on=LONG_AGO)
    start(Event.BIDS_RECEIVED)
    Notice.objects.all().delete()
    ((_, heard),) = sweep_daily(time, "2026-03-07", 1)
    assert sorted(heard) == sorted(["复核人", "审核人", "编制人"])
    assert {name for names in Reminder.objects.values_list("told", flat=True) for name in names.split("、")} == set(
        heard
    )


def test_a_secret_project_is_told_in_the_house_only(project, start, time):
    start(Event.BIDS_RECEIVED)
    project.confidentiality = Confidentiality.SECRET
    project.save()
    Notice.objects.all().delete()
    time.to("2026-03-16 09:00")
    services.sweep()
    assert set(Notice.objects.values_list("is_confidential", flat=True)) == {True}
    assert Notice.objects.count() == 4


# ── Silence ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("end", ["stop", "cancel", "suspend"])
def test_clocks_that_do_not_run_are_silent(cast, start, time, end):
    deadline = start(Event.BIDS_RECEIVED)
    {
        "stop": lambda: services.stop(actor=cast.verifier, deadline=deadline),
        "cancel": lambda: services.cancel(actor=cast.approver, deadline=deadline, reason="误登记"),
        "suspend": lambda: suspend(cast, deadline),
    }[end]()
    time.go(days=60)
    assert swept() == (0, 0, 0)


def test_a_resumed_clock_speaks_of_its_new_end_only(cast, start, time):
    deadline = start(Event.BIDS_RECEIVED)
    time.to("2026-03-03 08:00")
    suspend(cast, deadline)
    time.to("2026-03-20 10:00")
    services.sweep()
    resume(cast.verifier, deadline)  # until 03-23
    sweep_daily(time, "2026-03-20", 6)
    assert said(deadline) == ["-1", "+0", *LADDER[:2]]  # T-3 was this morning, while it stood still
    assert Reminder.objects.order_by("planned_at").first().key == "20260323-1"


def test_an_extended_clock_is_reminded_again_and_goes_up_again(cast, start, time):
    deadline = start(Event.BIDS_RECEIVED)
    sweep_daily(time, "2026-03-03", 6)
    services.decide(actor=cast.approver, request=extension(cast.verifier, deadline, 10), approve=True)  # 03-16
    sweep_daily(time, "2026-03-09", 11)
    first, again = ["-3", "-1", "+0", *LADDER[:2]], ["-3", "-1", "+0", *LADDER]  # T-7 was this morning
    assert said(deadline) == first + again


def test_a_switched_off_rule_still_reminds_of_the_clocks_that_it_started(cast, start, time):
    deadline = start(Event.BIDS_RECEIVED)
    change = {"rule": rule("bid_analysis"), "changes": {"is_active": False}}
    seen = services.digest_of(services.preview_rule(**change))
    services.change_rule(actor=cast.quality_office, reason="停用", move_running=False, seen=seen, **change)
    time.to("2026-03-03 09:00")
    services.sweep()
    assert said(deadline) == ["-3"]


def test_after_the_last_word_the_sweep_leaves_the_clock_alone(cast, start, time):
    change = {"rule": rule("bid_analysis"), "changes": {"repeat_every": 0}}
    services.change_rule(
        actor=cast.quality_office, reason="试", move_running=False, seen=services.digest_of([]), **change
    )
    deadline = start(Event.BIDS_RECEIVED)
    time.go(days=90)
    assert swept() == (1, 6, 4)
    assert now_in_database(deadline).next_at is None


# ── Cost ────────────────────────────────────────────────────────────────────
def cost_of_a_sweep(start, time, subjects, days: int) -> int:
    for subject in subjects:
        start(Event.BIDS_RECEIVED, subject=subject, beyond_reason="多次", at=time.now)
    time.go(days=days)
    with CaptureQueriesContext(connection) as captured:
        assert services.sweep().clocks == len(subjects)
    Deadline.objects.update(next_at=None)
    return len(captured)


@pytest.mark.parametrize(("days", "per_clock"), [(1, 1), (5, 4)])
def test_a_sweep_costs_the_same_few_queries_and_a_few_for_each_clock(cast, start, time, days, per_clock):
    """For each clock the claim; for one that is overdue the row of the ledger (and its lock) as well. Rules, people, calendar, pauses, what
    was said before, and the messages are asked for and written for all clocks at once."""
    services.sweep()
    people = [each for each in vars(cast).values() if isinstance(each, models.Model)]
    few, many = cost_of_a_sweep(start, time, people[:2], days), cost_of_a_sweep(start, time, people[2:9], days)
    assert (many - few) / 5 <= per_clock
    assert few - 2 * (many - few) / 5 <= 24
