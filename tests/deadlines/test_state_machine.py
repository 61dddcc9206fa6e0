"""One clock under whatever people do to it, while time goes by and the sweep comes now and then.

The machine keeps its own record of what happened and counts ends and steps from it in another way than `deadlines.rules`:
days left out of a list, working minutes one by one. What it thinks is allowed must succeed, all else must be refused and
leave no row in the ledger; after each act the clock in the database is what the record says.

`CLOCK_RUNS=100` looks for new ways at random; without it the same few runs are made each time.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as hour_of
from random import Random

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from deadlines import services
from deadlines.choices import ENDED_BY_ACT, Event, State
from deadlines.models import Deadline, DeadlineRule, Reminder, Suspension, TimeRequest
from ledger import checks
from ledger.services import head
from tests.deadlines.conftest import SHANGHAI, extension, moment, suspension
from tests.deadlines.test_three_years import Naive

RUNS = int(os.environ.get("CLOCK_RUNS", "0"))
SETTINGS = settings(
    max_examples=RUNS or 4,
    stateful_step_count=50,
    derandomize=not RUNS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    phases=[Phase.generate],
)
REFUSALS = (PermissionDenied, ValidationError)
NAIVE = Naive()
MINUTE = timedelta(minutes=1)
MINUTES_OF_WORK = [*range(8 * 60 + 30, 12 * 60), *range(13 * 60 + 30, 17 * 60 + 30)]


@dataclass
class Record:
    """What happened to the clock, and what follows from it."""

    kind: str  # "days", "working days", "hours"
    amount: int
    version: int
    started_at: datetime
    state: str = State.RUNNING
    extra: int = 0
    pauses: list = field(default_factory=list)
    pending: tuple | None = None  # (kind, amount, asked at, by whom)
    said: set = field(default_factory=set)
    due: datetime | None = None
    floor: datetime | None = None  # nothing before this is said any more
    stopped_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state in (State.RUNNING, State.SUSPENDED)

    @property
    def term(self) -> int:
        return max(self.amount + self.extra, 1)

    def reckon(self, now: datetime) -> None:
        """The end anew, as if a pause that lasts were over now."""
        self.due, self.floor = self.end(now), now

    def end(self, now: datetime) -> datetime:
        if self.kind == "hours":
            return self.minutes_of_work(self.term * 60, now)[-1]
        return datetime.combine(self.last_day(now) + timedelta(1), hour_of(), SHANGHAI)

    def last_day(self, now: datetime):
        """Take the days in which the clock stood still at midnight out of the list; the n-th of the rest."""
        lost = set()
        for begun, ended in self.pauses:
            nights = ((ended or now).date() - begun.date()).days
            lost |= {begun.date() + timedelta(n) for n in range(nights)}
        first = self.started_at.date()
        days = (first + timedelta(n) for n in range(1, 2000))
        left = [day for day in days if day not in lost and (self.kind == "days" or day in NAIVE.set)]
        return left[self.term - 1]

    def minutes_of_work(self, count: int, now: datetime) -> list[datetime]:
        """The ends of the first `count` minutes of work in which the clock ran."""
        ends, day = [], self.started_at.date()
        while len(ends) < count:
            for minute in MINUTES_OF_WORK if day in NAIVE.set else ():
                at = datetime.combine(day, hour_of(), SHANGHAI) + minute * MINUTE
                still = any(begun <= at < (ended or now) for begun, ended in self.pauses)
                if at >= self.started_at and not still:
                    ends.append(at + MINUTE)
            day += timedelta(1)
        return ends[:count]

    def steps(self, until: datetime, plan: DeadlineRule) -> list[tuple[datetime, int]]:
        """(when, offset) of everything that there is to say up to `until`."""
        offsets = [-each for each in plan.reminders] + [after for after, _ in plan.escalation]
        top = plan.escalation[-1][0]
        offsets += [top + n * plan.repeat_every for n in range(1, 60)]
        found = []
        if self.kind == "hours":
            wanted = [self.term * 60 + offset for offset in offsets if self.term * 60 + offset > 0]
            ends = self.minutes_of_work(max(wanted), until)
            found = [(ends[each - 1], each - self.term * 60) for each in wanted]
        else:
            due_on = (self.due - MINUTE).date()
            for offset in offsets:
                day = due_on + timedelta(offset)
                if day > self.started_at.date():
                    found.append((datetime.combine(day, hour_of(8, 30), SHANGHAI), offset))
        return [(at, offset) for at, offset in found if at <= until]


# When an act comes up (act, what must be so, weight). Now and then one comes up out of its time.
ACTS = (
    ("wait", lambda record: True, 9),
    ("sweep", lambda record: True, 6),
    ("ask_extension", lambda record: record.is_open and not record.pending, 2),
    ("ask_suspension", lambda record: record.state == State.RUNNING and not record.pending, 5),
    ("approve", lambda record: record.is_open and record.pending, 8),
    ("refuse", lambda record: record.pending, 1),
    ("take_back", lambda record: record.pending, 1),
    ("resume", lambda record: record.state == State.SUSPENDED, 6),
    ("shorten", lambda record: record.is_open and not record.pending, 2),
    ("fulfil", lambda record: record.is_open, 1),
    ("cancel", lambda record: record.is_open, 0.3),
    ("reopen", lambda record: record.state == State.FULFILLED, 6),
    ("start_again", lambda record: not record.is_open, 4),
    ("change_rule", lambda record: True, 1.5),
)
# Whole minutes: a moment, a lunch, a night, days.
WAITS = [1, 7, 30, 61, 150, 480, 1440, 1440, 2880, 2880, 4 * 1440 + 13, 6 * 1440]
# Long enough to be suspended, extended and shortened on the way.
AMOUNTS = {"days": 12, "working days": 9, "hours": 12}


class ClockMachine(RuleBasedStateMachine):
    cast = project = time = kind = None

    def __init__(self):
        super().__init__()
        # Each run is undone at its end; every service inside it has a savepoint of its own.
        self.run = transaction.atomic()
        self.run.__enter__()
        self.time.to("2026-03-02 10:00")

    def teardown(self):
        try:
            assert checks.verify().problems == []
        finally:
            transaction.set_rollback(True)
            self.run.__exit__(None, None, None)

    @initialize(seed=st.integers(0, 2**32))
    def open(self, seed):
        # Left to itself, Hypothesis repeats the same few values within a run: what is done is drawn evenly.
        self.chance, kind = Random(seed), self.kind
        self.code = "inquiry_reply" if kind == "hours" else "bid_analysis"
        self.event = Event.INQUIRY_ASKED if kind == "hours" else Event.BIDS_RECEIVED
        measure = {"measure": "working_days"} if kind == "working days" else {}
        self.put_in_force({"amount": AMOUNTS[kind], **measure}, move_running=False)
        self.clock = self.start()

    @property
    def now(self) -> datetime:
        return self.time.now

    def rule_in_force(self) -> DeadlineRule:
        return DeadlineRule.objects.newest().get(code=self.code)

    def start(self) -> Deadline:
        (clock,) = services.start(
            actor=self.cast.checker, event=self.event, subject=self.project, scope=self.project, url="/",
            event_at=self.now, beyond_reason="多次",
        )  # fmt: skip
        in_force = self.rule_in_force()
        self.record = Record(self.kind, in_force.amount, in_force.version, self.now)
        self.record.reckon(self.now)
        return clock

    def put_in_force(self, changes: dict, *, move_running: bool) -> None:
        of = self.rule_in_force()
        seen = services.digest_of(services.preview_rule(of, changes))
        services.change_rule(
            actor=self.cast.quality_office,
            rule=of,
            changes=changes,
            reason="合同",
            move_running=move_running,
            seen=seen,
        )

    def attempt(self, is_allowed, call) -> bool:
        """`call` succeeds, or is refused and leaves no row; returns whether it was allowed."""
        before = head()
        if is_allowed:
            call()
            assert head() != before
        else:
            with pytest.raises(REFUSALS):
                call()
            assert head() == before
        return bool(is_allowed)

    def request(self) -> TimeRequest:
        return TimeRequest.objects.filter(deadline=self.clock).order_by("pk").last()

    @rule()
    def somebody_acts(self):
        chance = self.chance
        is_out_of_time = chance.random() < 0.1
        fitting = [(name, weight) for name, fits, weight in ACTS if is_out_of_time or fits(self.record)]
        names, weights = zip(*fitting, strict=True)
        (name,) = chance.choices(names, weights)
        note(f"{self.now:%m-%d %H:%M} {name} in {self.record.state}")
        getattr(self, name)(chance.randint(1, 5), chance.random() < 0.1)

    # ── Acts ────────────────────────────────────────────────────────────────
    def wait(self, amount, is_odd):
        self.time.go(minutes=self.chance.choice(WAITS))

    def sweep(self, amount, is_odd):
        services.sweep()
        record = self.record
        if record.state == State.RUNNING:
            plan = Deadline.objects.get(pk=self.clock.pk).rule
            due = {(record.due, offset) for at, offset in record.steps(self.now, plan) if at > record.floor}
            record.said |= due
            record.floor = self.now

    def ask_extension(self, amount, is_odd):
        actor = self.cast.preparer if is_odd else self.cast.verifier
        allowed = self.record.is_open and not self.record.pending and not is_odd
        if self.attempt(allowed, lambda: extension(actor, self.clock, amount)):
            self.record.pending = ("extension", amount, self.now)

    def ask_suspension(self, amount, is_odd):
        record = self.record
        is_late = self.now >= record.due
        actor = self.cast.outsider if is_odd else self.cast.checker
        allowed = record.state == State.RUNNING and not record.pending and not is_late and not is_odd
        if self.attempt(allowed, lambda: suspension(actor, self.clock)):
            record.pending = ("suspension", None, self.now)

    def approve(self, amount, is_odd):
        record, request = self.record, self.request()
        if request is None:
            return
        # 复核人 owes the clock, and asks at times; neither decides.
        actor = self.cast.verifier if is_odd else self.cast.approver
        allowed = record.pending and record.is_open and not is_odd
        if not self.attempt(allowed, lambda: services.decide(actor=actor, request=request, approve=True)):
            return
        kind, more, asked_at = record.pending
        record.pending = None
        if kind == "extension":
            record.extra += more
            record.reckon(self.now)
        else:
            record.state = State.SUSPENDED
            record.pauses.append((asked_at, None))

    def refuse(self, amount, is_odd):
        request = self.request()
        if request is None:
            return
        note = "" if is_odd else "不"
        if self.attempt(
            self.record.pending and not is_odd,
            lambda: services.decide(actor=self.cast.executive, request=request, approve=False, note=note),
        ):
            self.record.pending = None

    def take_back(self, amount, is_odd):
        request = self.request()
        if request is None:
            return
        actor = self.cast.approver if is_odd else request.requested_by
        if self.attempt(
            self.record.pending and not is_odd, lambda: services.withdraw_request(actor=actor, request=request)
        ):
            self.record.pending = None

    def resume(self, amount, is_odd):
        record = self.record
        call = lambda: services.resume(  # noqa: E731
            actor=self.cast.verifier, deadline=self.clock, reason="" if is_odd else "齐", basis="单"
        )
        if self.attempt(record.state == State.SUSPENDED and not is_odd, call):
            record.state = State.RUNNING
            record.pauses[-1] = (record.pauses[-1][0], self.now)
            record.reckon(self.now)

    def shorten(self, amount, is_odd):
        record = self.record
        allowed = record.is_open and not record.pending and amount < record.term
        if allowed:
            record.extra -= amount
            allowed = record.end(self.now) > self.now
            record.extra += amount
        call = lambda: services.shorten(  # noqa: E731
            actor=self.cast.verifier, deadline=self.clock, amount=amount, reason="急", basis="函"
        )
        if self.attempt(allowed, call):
            record.extra -= amount
            record.reckon(self.now)

    def fulfil(self, amount, is_odd):
        record = self.record
        facts = {"actor": self.cast.verifier, "deadline": self.clock, "note": "完成"}
        if is_odd:  # earlier than now, which who owes the clock may not tell
            self.attempt(False, lambda: services.fulfil(at=self.now - MINUTE, **facts))
            return
        by_hand = self.event not in ENDED_BY_ACT
        if self.attempt(record.is_open, lambda: (services.fulfil if by_hand else services.stop)(**facts)):
            if record.state == State.SUSPENDED:
                record.pauses[-1] = (record.pauses[-1][0], self.now)
                record.reckon(self.now)
            record.state, record.stopped_at, record.pending = State.FULFILLED, self.now, None

    def cancel(self, amount, is_odd):
        record = self.record
        actor = self.cast.verifier if is_odd else self.cast.quality_office
        call = lambda: services.cancel(actor=actor, deadline=self.clock, reason="误登记")  # noqa: E731
        if self.attempt(record.is_open and not is_odd, call):
            if record.state == State.SUSPENDED:
                record.pauses[-1] = (record.pauses[-1][0], self.now)
            record.state, record.pending = State.CANCELLED, None

    def reopen(self, amount, is_odd):
        record = self.record
        actor = self.cast.verifier if is_odd else self.cast.approver
        call = lambda: services.reopen(actor=actor, deadline=self.clock, reason="误")  # noqa: E731
        if self.attempt(record.state == State.FULFILLED and not is_odd, call):
            record.state = State.RUNNING
            record.reckon(self.now)
            record.floor = record.stopped_at  # what was missed since then is said by the next sweep

    def start_again(self, amount, is_odd):
        if not self.record.is_open:
            self.clock = self.start()

    def change_rule(self, amount, is_odd):
        """A little more or less than the rule has; the clock follows unless this is odd."""
        in_force = self.rule_in_force()
        new = in_force.amount + (amount if amount % 2 or in_force.amount < 6 else -amount)
        self.put_in_force({"amount": new}, move_running=not is_odd)
        record = self.record
        if record.is_open and not is_odd:
            record.amount, record.version = new, in_force.version + 1
            if record.state == State.RUNNING:
                record.reckon(self.now)

    # ── What holds after each act ───────────────────────────────────────────
    @invariant()
    def the_clock_is_what_the_record_says(self):
        clock, record = Deadline.objects.select_related("rule").get(pk=self.clock.pk), self.record
        assert (clock.state, clock.extra, clock.rule.version) == (record.state, record.extra, record.version)
        assert clock.due_at == record.due
        assert clock.due_on == (record.due - MINUTE).astimezone(SHANGHAI).date()
        if clock.state == State.RUNNING:
            assert clock.due_at == record.end(self.now)
        assert (clock.stopped_at is None) == record.is_open

    @invariant()
    def what_was_said_is_what_there_was_to_say(self):
        reminders = list(Reminder.objects.filter(deadline=self.clock))
        assert len(reminders) == len({each.key for each in reminders}) == len(self.record.said)
        said = {(each.key.rpartition("+" if each.offset >= 0 else "-")[0], each.offset) for each in reminders}
        assert said == {(self.name_of(due), offset) for due, offset in self.record.said}
        assert all(each.planned_at <= each.written_at for each in reminders)

    def name_of(self, due: datetime) -> str:
        if self.kind == "hours":
            return f"{due.astimezone(moment('2026-01-01 00:00').tzinfo) - timedelta(hours=8):%Y%m%dT%H%M}"
        return f"{due - MINUTE:%Y%m%d}"

    @invariant()
    def only_a_running_clock_has_a_next_step_and_it_lies_ahead_of_the_last_sweep(self):
        clock = Deadline.objects.get(pk=self.clock.pk)
        if clock.state == State.RUNNING:
            assert clock.next_at > self.record.floor
        else:
            assert clock.next_at is None

    @invariant()
    def one_pause_is_open_at_most_and_only_while_the_clock_stands(self):
        is_open = Suspension.objects.filter(deadline=self.clock, ended_at__isnull=True).count()
        assert is_open == (self.record.state == State.SUSPENDED)
        waiting = TimeRequest.objects.filter(deadline=self.clock, decision="pending").count()
        assert waiting == (self.record.pending is not None)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", AMOUNTS)
def test_a_clock_is_right_whatever_people_do(cast, project, time, kind):
    given = {"cast": cast, "project": project, "time": time, "kind": kind}
    run_state_machine_as_test(type("Machine", (ClockMachine,), given), settings=SETTINGS)
