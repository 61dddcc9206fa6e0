"""Many workers and people at once (PostgreSQL: real connections, real locks; SQLite: writers that queue)."""

import threading
from collections import Counter
from contextlib import contextmanager, suppress
from threading import Barrier
from threading import Event as Signal

import pytest
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Count

from deadlines import services
from deadlines.choices import Event, State
from deadlines.models import Deadline, DeadlineRule, Reminder
from deadlines.services import adjusting, clocks, sweeping, time_rules
from ledger import checks
from ledger.models import Entry
from ledger.services import record
from notices.choices import Kind
from notices.models import Notice
from tests.conftest import guards_lifted
from tests.deadlines.conftest import extension, now_in_database, rule
from tests.reviews.crowd import PATIENCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)

on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'",
    reason="SQLite has one writer at a time from BEGIN on: these races cannot even start there",
)
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="what SQLite's single writer means for a crowd")


@pytest.fixture(autouse=True)
def _sequences(db):
    """The rules that conftest writes again after each of these tests have their ids, of which PostgreSQL's sequence knows
    nothing: the next version would take the first id once more."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [DeadlineRule]):
            cursor.execute(statement)


CROWD = 8
# Seven steps of each clock, and one message to each of four people.
STEPS, PEOPLE = 7, 4


def kinds(results) -> Counter:
    return Counter(type(result).__name__ for result in results)


@pytest.fixture
def late_clocks(cast, start, time) -> int:
    """Twelve clocks of four days, on which nobody has swept for a fortnight."""
    subjects = [getattr(cast, part) for part in list(vars(cast))[:12]]
    for subject in subjects:
        start(Event.BIDS_RECEIVED, subject=subject, beyond_reason="多次")
    Notice.objects.all().delete()
    time.to("2026-03-16 11:00")
    return len(subjects)


def said_more_than_once() -> int:
    return Reminder.objects.values("deadline", "key").annotate(n=Count("pk")).filter(n__gt=1).count()


def assert_said_once(count: int) -> None:
    assert said_more_than_once() == 0
    assert Reminder.objects.count() == STEPS * count
    assert Notice.objects.count() == PEOPLE * count
    assert Entry.objects.filter(action="deadline.escalate").count() == count
    assert not Deadline.objects.filter(state=State.RUNNING, next_at__lte=Reminder.objects.first().written_at).exists()
    assert checks.verify().problems == []


# ── Eight sweep ─────────────────────────────────────────────────────────────
@on_postgresql
@pytest.mark.parametrize("batch", [3, 200])
def test_eight_who_sweep_at_once_say_each_step_once(late_clocks, batch):
    results = at_once([lambda: services.sweep(batch=batch)] * CROWD)
    assert kinds(results) == {"Swept": CROWD}
    assert sum(done.reminders for done in results) == STEPS * late_clocks
    assert sum(done.told for done in results) == PEOPLE * late_clocks
    assert_said_once(late_clocks)


@pytest.fixture
def meet_before_claiming(monkeypatch):
    """The worst case made certain: nobody holds the clocks, and all have read the same ones before the first writes."""
    barrier, known = Barrier(CROWD), threading.local()

    def after_all_have_read(now, batch, failed, only):
        found = Deadline.objects.filter(state=State.RUNNING, next_at__lte=now).exclude(pk__in=list(failed))
        if only is not None:
            found = found.filter(pk=only)
        rows = list(found.select_related("rule", "responsible").order_by("next_at", "pk")[:batch])
        if not getattr(known, "has_met", False):
            known.has_met = True
            barrier.wait(PATIENCE)
        return rows

    monkeypatch.setattr(sweeping, "_due", after_all_have_read)


def remove_the_claim(monkeypatch):
    """The claim without its comparison: whoever has read a clock takes it."""
    guarded = Deadline.objects.filter

    def unguarded(*args, **given):
        return guarded(*args, **{name: value for name, value in given.items() if name not in ("state", "next_at")})

    monkeypatch.setattr(Deadline.objects, "filter", unguarded)


@contextmanager
def without_unique_reminders():
    """The database's own guard out of the way; what it would have refused goes at the end."""
    (guard,) = [each for each in Reminder._meta.constraints if each.name == "reminder_once"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Reminder, guard)
    try:
        yield
    finally:
        with transaction.atomic(), guards_lifted(connection):
            Reminder.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Reminder, guard)


@on_postgresql
def test_the_claim_alone_keeps_eight_apart(late_clocks, meet_before_claiming):
    results = at_once([services.sweep] * CROWD)
    assert kinds(results) == {"Swept": CROWD}
    assert_said_once(late_clocks)


@on_postgresql
def test_the_unique_key_alone_lets_one_of_eight_through(late_clocks, meet_before_claiming, monkeypatch):
    with monkeypatch.context() as patched:
        remove_the_claim(patched)
        results = at_once([services.sweep] * CROWD)
    # Seven are refused by the key, look again clock by clock, and find that all is said.
    assert kinds(results) == {"Swept": CROWD}
    assert_said_once(late_clocks)


@on_postgresql
def test_control_without_both_everything_is_said_eight_times(late_clocks, meet_before_claiming, monkeypatch):
    with without_unique_reminders():
        with monkeypatch.context() as patched:
            remove_the_claim(patched)
            results = at_once([services.sweep] * CROWD)
        assert kinds(results) == {"Swept": CROWD}
        assert said_more_than_once() == STEPS * late_clocks
        assert Notice.objects.count() == CROWD * PEOPLE * late_clocks


@on_sqlite
def test_eight_sweepers_queue_in_one_file_and_none_is_locked_out(late_clocks):
    results = at_once([lambda: services.sweep(batch=3)] * CROWD)
    assert kinds(results) == {"Swept": CROWD}
    assert_said_once(late_clocks)


@on_postgresql
def test_a_sweep_passes_over_a_clock_that_somebody_holds_and_says_it_next_time(late_clocks, cast):
    """Who works on a clock does not hold up the reminders of all the others."""
    held, first = Deadline.objects.order_by("pk").first(), Signal()

    def hold():
        with transaction.atomic():
            clocks.locked(held)
            first.set()
            done.wait(PATIENCE)

    def sweep():
        first.wait(PATIENCE)
        try:
            return services.sweep()
        finally:
            done.set()

    done = Signal()
    _, swept = at_once([hold, sweep])
    assert swept.clocks == late_clocks - 1
    assert services.sweep().clocks == 1
    assert_said_once(late_clocks)


@on_postgresql
def test_a_clock_that_is_stopped_while_eight_sweep_is_told_of_or_not_but_never_half(late_clocks, cast):
    stopped = Deadline.objects.order_by("pk").last()
    results = at_once([*[services.sweep] * (CROWD - 1), lambda: services.stop(actor=cast.verifier, deadline=stopped)])
    assert kinds(results) == {"Swept": CROWD - 1, "Deadline": 1}
    services.sweep()
    said = Reminder.objects.filter(deadline=stopped).count()
    told = Notice.objects.exclude(kind=Kind.CLOCK).filter(url=clocks.page_of(stopped)).count()
    assert (said, told) in ((0, 0), (STEPS, PEOPLE))
    assert now_in_database(stopped).state == State.FULFILLED
    assert checks.verify().problems == []


# ── People ──────────────────────────────────────────────────────────────────
@on_postgresql
def test_two_decide_one_request_and_one_of_them_does(cast, start):
    for _ in range(4):
        deadline = start(subject=cast.zj1)
        request = extension(cast.verifier, deadline)
        results = at_once([
            lambda request=request: services.decide(actor=cast.approver, request=request, approve=True),
            lambda request=request: services.decide(actor=cast.quality_office, request=request, approve=False, note="不"),
        ])  # fmt: skip
        assert kinds(results) == {"TimeRequest": 1, "ValidationError": 1}
        (error,) = [result for result in results if isinstance(result, ValidationError)]
        request.refresh_from_db()
        assert error.message.startswith(f"该申请已由（{request.decided_by.name}）于")
        assert now_in_database(deadline).extra == (10 if request.decision == "approved" else 0)
        services.stop(actor=cast.verifier, deadline=deadline)
    assert checks.verify().problems == []


@on_postgresql
def test_two_ask_at_once_and_one_request_waits(cast, start):
    deadline = start()
    results = at_once([lambda actor=actor: extension(actor, deadline) for actor in (cast.checker, cast.verifier)])
    assert kinds(results) == {"TimeRequest": 1, "ValidationError": 1}
    assert deadline.requests.count() == 1


@on_postgresql
def test_two_resume_at_once_and_one_does(cast, start, time):
    deadline = start()
    services.decide(
        actor=cast.approver, approve=True,
        request=adjusting.ask(actor=cast.verifier, deadline=deadline, kind="suspension", reason="缺资料", basis="函"),
    )  # fmt: skip
    time.go(days=3)
    results = at_once([
        lambda actor=actor: services.resume(actor=actor, deadline=deadline, reason="齐", basis="单")
        for actor in (cast.checker, cast.verifier)
    ])  # fmt: skip
    assert kinds(results) == {"Deadline": 1, "ValidationError": 1}
    assert checks.verify().problems == []


@on_postgresql
def test_stopping_and_extending_at_once_come_one_after_the_other(cast, start):
    seen = Counter()
    for _ in range(6):
        deadline = start(subject=cast.zj1)
        request = extension(cast.verifier, deadline)
        stopped, decided = at_once([
            lambda deadline=deadline: services.stop(actor=cast.verifier, deadline=deadline),
            lambda request=request: services.decide(actor=cast.approver, request=request, approve=True),
        ])  # fmt: skip
        assert isinstance(stopped, Deadline)
        deadline = now_in_database(deadline)
        assert deadline.state == State.FULFILLED
        is_refused = isinstance(decided, ValidationError)
        assert (deadline.extra, f"{deadline.due_on}") == ((0, "2026-04-16") if is_refused else (10, "2026-04-26"))
        seen["stopped first" if is_refused else "extended first"] += 1
    assert sum(seen.values()) == 6
    assert checks.verify().problems == []


@on_postgresql
def test_two_who_stop_one_clock_leave_one_completion(cast, start):
    deadline = start()
    results = at_once([lambda actor=actor: services.stop(actor=actor, deadline=deadline) for actor in (cast.checker, cast.verifier)])  # fmt: skip
    assert kinds(results) == {"Deadline": 1, "ValidationError": 1}
    assert Entry.objects.filter(action="deadline.stop").count() == 1


@on_postgresql
def test_stopping_all_clocks_of_a_subject_does_not_deadlock_with_who_asks_about_one(cast, project, start, monkeypatch):
    """Who has written to the ledger must wait for no clock: the other one, with the clock, waits for the ledger."""
    start(), start(Event.URGENT_ASKED)
    last = Deadline.objects.order_by("due_at").last()
    both = Barrier(2)

    def meet(**entry):
        if entry["action"] in ("deadline.stop", "deadline.request") and not both.broken:
            # One is held up by the other before it comes here: as it should be.
            with suppress(threading.BrokenBarrierError):
                both.wait(1)
        return record(**entry)

    monkeypatch.setattr(clocks, "record", meet)
    monkeypatch.setattr(adjusting, "record", meet)
    stopped, asked = at_once([
        lambda: services.stop_of(actor=cast.verifier, subject=project),
        lambda: extension(cast.checker, last),
    ])  # fmt: skip
    assert isinstance(stopped, list)
    assert asked.__class__.__name__ in ("TimeRequest", "ValidationError")
    assert {each.state for each in Deadline.objects.all()} == {State.FULFILLED}
    assert checks.verify().problems == []


# ── Rules ───────────────────────────────────────────────────────────────────
def changing(cast, code: str, amount: int, *, move_running: bool):
    of = rule(code)
    seen = services.digest_of(services.preview_rule(of, {"amount": amount}))
    return lambda: services.change_rule(
        actor=cast.quality_office,
        rule=of,
        changes={"amount": amount},
        reason="合同",
        move_running=move_running,
        seen=seen,
    )


@on_postgresql
@pytest.mark.parametrize("act", ["stop", "ask", "stop_of", "refresh"])
def test_who_waits_for_a_clock_whose_rule_is_changed_finds_it_again(cast, project, start, monkeypatch, act):
    """The clock goes over to the new version while somebody waits for it."""
    deadline = start()
    is_held, held = Signal(), time_rules.record

    def record_late(**entry):
        if entry["action"] == "deadline.follow":
            is_held.set()
            threading.Event().wait(0.5)  # by now the other one waits for the clock
        return held(**entry)

    def act_later():
        assert is_held.wait(10)
        return {
            "stop": lambda: services.stop(actor=cast.verifier, deadline=deadline),
            "ask": lambda: extension(cast.verifier, deadline),
            "stop_of": lambda: services.stop_of(actor=cast.verifier, subject=project, events=[deadline.rule.event]),
            "refresh": lambda: services.refresh_responsible(actor=cast.approver, scope=project),
        }[act]()

    monkeypatch.setattr(time_rules, "record", record_late)
    changed, done = at_once([changing(cast, "settlement_review_main", 30, move_running=True), act_later])
    assert not [result for result in (changed, done) if isinstance(result, Exception)], (changed, done)
    deadline = now_in_database(deadline)
    assert (deadline.rule.version, f"{deadline.due_on}") == (2, "2026-04-01")
    assert deadline.state == (State.FULFILLED if act.startswith("stop") else State.RUNNING)
    assert checks.verify().problems == []


@on_postgresql
def test_clocks_that_start_while_their_rule_is_changed_run_by_one_version_or_the_other(cast, start, project, time):
    """Two rules start by this event; neither the starts nor the changes deadlock, and whoever loses hears so."""
    subjects = [getattr(cast, part) for part in list(vars(cast))[:CROWD]]

    def starting(subject):
        return lambda: services.start(
            actor=cast.checker, event=Event.MATERIALS_COMPLETE, subject=subject, scope=project, url="/",
            event_at=time.now, business_line="settlement_review", contract_kind="main",
        )  # fmt: skip

    results = at_once([
        *[starting(subject) for subject in subjects],
        changing(cast, "settlement_draft_main", 40, move_running=True),
        changing(cast, "settlement_plan", 5, move_running=True),
    ])  # fmt: skip
    *started, draft, plan = results
    assert {type(each) for each in started} == {list}, started
    assert {len(each) for each in started} == {2}
    for outcome in (draft, plan):
        if isinstance(outcome, Exception):
            assert isinstance(outcome, ValidationError), outcome
            assert "在您查看之后有变化" in outcome.message
    by_rule = set(Deadline.objects.values_list("rule__code", "rule__version", "due_on"))
    assert {(code, version, f"{day}") for code, version, day in by_rule} <= {
        ("settlement_draft_main", 1, "2026-04-01"), ("settlement_draft_main", 2, "2026-04-11"),
        ("settlement_plan", 1, "2026-03-04"), ("settlement_plan", 2, "2026-03-07"),
    }  # fmt: skip
    assert checks.verify().problems == []


@on_postgresql
def test_two_who_change_one_rule_make_one_version(cast, start):
    start()
    results = at_once([changing(cast, "settlement_review_main", amount, move_running=True) for amount in (30, 40)])
    assert kinds(results) == {"DeadlineRule": 1, "ValidationError": 1}
    newest = rule("settlement_review_main")
    assert newest.version == 2
    assert Deadline.objects.get().rule == newest


@on_postgresql
def test_two_who_start_one_clock_start_one(cast, start):
    results = at_once([lambda: start(subject=cast.zj1)] * 2)
    assert kinds(results)["Deadline"] == 1
    assert Deadline.objects.count() == 1
    assert checks.verify().problems == []
