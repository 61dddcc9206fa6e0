"""The chain under whatever people do: a Hypothesis state machine over all acts, all three routes, right and wrong people.

The machine holds its own opinion of what should happen (shadow.py). What it thinks is allowed must succeed and leave one
row in the ledger; all else must be refused and leave every table as it was. After each step the invariants of the chain are
looked up in the database; at the end of each run the deliverable is led to its issue, so that no mixture of acts is a dead end.

`CHAIN_RUNS=200` looks for new ways at random; without it the same few runs are made each time.
"""

import os
import sys
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger import checks
from ledger.models import Entry
from printing import pdf
from projects import services as project_services
from projects.models import DeliverableVersion
from projects.queries import roles_on
from reviews import chain, queries, services
from reviews.chain import AlreadyHandled
from reviews.choices import Disposition
from reviews.models import Issue, Round, Signature, Waiting
from staff import permissions
from staff.choices import Action, Role
from staff.models import User
from staff.services import deactivate_user
from tests.reviews import flow
from tests.reviews.shadow import ANSWERED, ANSWERING, DRAFT, ISSUED, ISSUING, OPEN, PREPARING, REVIEWING, Shadow, Step
from tests.reviews.snapshot import everything

RUNS = int(os.environ.get("CHAIN_RUNS", "0"))
SETTINGS = settings(
    max_examples=RUNS or 4,
    stateful_step_count=40 if RUNS else 20,
    derandomize=not RUNS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    phases=[Phase.generate],  # a run takes seconds: shrinking it would take an hour
)

REFUSALS = (PermissionDenied, ValidationError, AlreadyHandled)
PARTS = (
    "preparer", "checker", "verifier", "approver", "chief_engineer", "executive", "quality_office", "administrator",
    "auditor", "archivist", "expert1", "expert2", "outsider", "disabled",
)  # fmt: skip
# Most people who act are the right ones; the others come in from the side.
anyone = st.sampled_from(PARTS)
right_or_anyone = st.one_of(st.just("right"), st.just("right"), anyone)
mostly_false = st.sampled_from([False, False, False, True])
marks = st.sampled_from(["a", "b", "c"])
seat_numbers = st.integers(0, 6)


class ChainMachine(RuleBasedStateMachine):
    """One deliverable of one project; `cast` and `project` are set by the test."""

    cast = None
    project = None

    def __init__(self):
        super().__init__()
        # Each run is undone at its end; every service inside it has a savepoint of its own.
        self.run = transaction.atomic()
        self.run.__enter__()
        self.people = {part: getattr(self.cast, part).pk for part in PARTS}

    def teardown(self):
        try:
            if hasattr(self, "shadow") and sys.exc_info()[0] is None:
                self.lead_to_issue()
                assert checks.verify().problems == []
        finally:
            transaction.set_rollback(True)
            self.run.__exit__(None, None, None)

    @initialize(has_calculation=st.booleans())
    def open(self, has_calculation):
        self.deliverable = flow.open_deliverable(self.cast, self.project, has_calculation=has_calculation)
        round = flow.live(self.deliverable)
        steps = [
            Step(level.kind, level.is_exemptible, level.is_scored, level.panel_size)
            for level in round.route.levels.all()
        ]
        seats = {(s.level.order, s.number): s.holder_id for s in self.deliverable.seats.select_related("level")}
        preparer = self.people["preparer"]
        self.shadow = Shadow(steps, seats, has_calculation, files={1: {"first"}}, prepared={preparer})

    # ── How an act is tried ─────────────────────────────────────────────────
    def who(self, part: str, right: int) -> User:
        """A fresh person: `right` is the id of whoever should do it."""
        return User.objects.get(pk=right if part == "right" else self.people[part])

    def may(self, user: User, action: Action) -> bool:
        roles = roles_on(user, self.project, self.deliverable.discipline)
        return user.is_active and permissions.allows(action, roles)

    def round(self) -> Round:
        return (
            Round.objects.current()
            .select_related("level", "version", "deliverable__project", "route")
            .get(deliverable=self.deliverable)
        )

    def attempt(self, is_allowed: bool, call, effect, *, rows: int = 1) -> None:
        """`call` succeeds and leaves `rows` rows of the chain in the ledger, or is refused and leaves nothing."""
        number = Entry.objects.count()
        if not is_allowed:
            before = everything()
            with pytest.raises(REFUSALS), transaction.atomic():
                call()
            assert everything() == before
            return
        given = call()
        effect(given)
        new = Entry.objects.filter(number__gt=number).values_list("action", flat=True)
        assert sum(action.startswith("review.") for action in new) == rows, list(new)

    def act(self, service, is_allowed: bool, effect, actor: User, *, stale: bool = False, rows: int = 1, **given):
        """Try a service of the chain at the present turn, or as from a page drawn one turn before."""
        round = self.round()
        self.attempt(
            bool(is_allowed and not stale),
            lambda: service(actor=actor, round=round, turn=round.turn - stale, **given),
            effect,
            rows=rows,
        )

    def sign_act(self, service, is_allowed, effect, actor, *, stale=False, answers=None, **content):
        round = self.round()
        more = {} if answers is None else {"answers": answers}
        self.act(service, is_allowed, effect, actor, stale=stale, content=flow.content(round, **content),
                 confirmation=flow.confirmed(actor), **more)  # fmt: skip

    # ── The preparer's acts ─────────────────────────────────────────────────
    @rule(part=right_or_anyone, mark=marks)
    def upload(self, part, mark):
        actor = self.who(part, self.shadow.preparer)
        version = DeliverableVersion.objects.filter(deliverable=self.deliverable).latest("number")
        self.attempt(
            self.shadow.allows_upload(actor.pk, mark),
            lambda: project_services.add_attachment(
                actor=actor, version=version, upload=flow.workbook_file(f"{mark}.xlsx", mark)
            ),
            lambda _: self.shadow.upload(mark),
            rows=0,
        )

    @precondition(lambda self: self.shadow.state == PREPARING)
    @rule(part=right_or_anyone, stale=mostly_false, corrected=mostly_false)
    def submit(self, part="right", stale=False, corrected=False):
        actor = self.who(part, self.shadow.preparer)
        self.deliverable.refresh_from_db()
        answers = (flow.corrected if corrected else flow.explained)(self.deliverable)
        allowed = self.shadow.allows_submit(actor.pk, corrected) and self.may(actor, Action.PREPARE)
        self.sign_act(services.submit, allowed, lambda _: self.shadow.submit(), actor, stale=stale, answers=answers)

    @rule(part=right_or_anyone, stale=mostly_false)
    def revise(self, part="right", stale=False):
        actor = self.who(part, self.shadow.preparer)
        allowed = self.shadow.allows_revise(actor.pk) and self.may(actor, Action.PREPARE)
        self.act(services.start_version, allowed, lambda _: self.shadow.revise(), actor, stale=stale, note="修改")

    @precondition(lambda self: self.shadow.state == REVIEWING)
    @rule(part=right_or_anyone, reason=st.sampled_from(["传错文件", " "]))
    def withdraw(self, part, reason):
        actor = self.who(part, self.shadow.preparer)
        allowed = self.shadow.allows_withdraw(actor.pk) and self.may(actor, Action.PREPARE) and reason.strip()
        self.act(services.withdraw, allowed, lambda _: self.shadow.withdraw(), actor, reason=reason)

    @precondition(lambda self: self.shadow.state == ANSWERING)
    @rule(part=right_or_anyone, stale=mostly_false, corrected=mostly_false)
    def answer(self, part="right", stale=False, corrected=False):
        actor = self.who(part, self.shadow.preparer)
        answers = dict.fromkeys(
            self.open_notes(), (Disposition.CORRECTED if corrected else Disposition.EXPLAINED, "见底稿")
        )
        allowed = self.shadow.allows_answer(actor.pk) and self.may(actor, Action.PREPARE) and not corrected
        self.act(services.answer_remarks, allowed, lambda _: self.shadow.answer(), actor, stale=stale, answers=answers)

    def open_notes(self):
        return [note.pk for note in self.shadow.notes if note.state == OPEN]

    # ── The reviewers' acts ─────────────────────────────────────────────────
    def holder(self, part: str) -> User:
        return self.who(part, self.shadow.seats[self.shadow.level, 0])

    @precondition(lambda self: self.shadow.is_at_reviewer)
    @rule(part=right_or_anyone, stale=mostly_false)
    def draft(self, part, stale):
        actor = self.holder(part)
        allowed = self.shadow.allows_draft(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.act(
            services.draft_remark, allowed, lambda remark: self.shadow.draft(remark.pk), actor, stale=stale, rows=0,
            place="第 3 行", problem="漏项", category="omission",
        )  # fmt: skip

    @precondition(lambda self: self.shadow.notes)
    @rule(part=right_or_anyone, which=st.integers(0, 9))
    def drop(self, part="right", which=0):
        actor, note = self.holder(part), self.note(which)
        remark, turn = self.deliverable.remarks.get(pk=note.pk), self.round().turn
        self.attempt(
            self.shadow.allows_drop(actor.pk, note) and self.may(actor, Action.SIGN_LEVEL),
            lambda: services.drop_remark(actor=actor, remark=remark, turn=turn),
            lambda _: self.shadow.drop(note),
            rows=0,
        )

    def note(self, which: int):
        """A remark, one of the present level if there is any."""
        notes = self.shadow.here(DRAFT, OPEN, ANSWERED) or self.shadow.notes
        return notes[which % len(notes)]

    @precondition(lambda self: self.shadow.notes)
    @rule(part=right_or_anyone, which=st.integers(0, 9), passed=st.booleans(), stale=mostly_false)
    def recheck(self, part="right", which=0, passed=True, stale=False):
        actor, note = self.holder(part), self.note(which)
        remark, turn = self.deliverable.remarks.get(pk=note.pk), self.round().turn - stale
        self.attempt(
            not stale and self.shadow.allows_recheck(actor.pk, note) and self.may(actor, Action.SIGN_LEVEL),
            lambda: services.recheck_remark(actor=actor, remark=remark, turn=turn, passed=passed, text="仍不符"),
            lambda _: self.shadow.recheck(note, passed),
        )

    @precondition(lambda self: self.shadow.is_at_reviewer)
    @rule(part=right_or_anyone, stale=mostly_false)
    def return_remarks(self, part="right", stale=False):
        actor = self.holder(part)
        allowed = self.shadow.allows_return(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.act(services.return_remarks, allowed, lambda _: self.shadow.return_remarks(), actor, stale=stale)

    @rule(part=right_or_anyone, stale=mostly_false, fails=mostly_false)
    def sign(self, part="right", stale=False, fails=False):
        actor, step = self.holder(part), self.shadow.step
        allowed = self.shadow.allows_sign(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        if step.is_scored:
            allowed = allowed and self.may(actor, Action.SCORE)
        content = {"hits": failing_hits()} if fails and step.is_scored else {}
        self.sign_act(services.sign, allowed, lambda _: self.shadow.sign(fails), actor, stale=stale, **content)

    @precondition(lambda self: self.shadow.step.kind == "panel")
    @rule(part=right_or_anyone, stale=mostly_false)
    def join(self, part="right", stale=False):
        missing = sorted(self.shadow.missing_experts()) or [0]
        actor = self.who(part, self.shadow.seats[self.shadow.level, missing[0]])
        allowed = self.shadow.allows_join(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.sign_act(services.join_opinion, allowed, lambda _: self.shadow.join(actor.pk), actor, stale=stale)

    @precondition(lambda self: self.shadow.signed)
    @rule(part=right_or_anyone, stale=mostly_false)
    def revoke(self, part, stale):
        actor = self.who(part, self.shadow.signed[-1].signer)
        allowed = self.shadow.allows_revoke(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.act(services.revoke, allowed, lambda _: self.shadow.revoke(), actor, stale=stale, reason="看漏一处")

    @precondition(lambda self: self.shadow.is_at_reviewer)
    @rule(part=right_or_anyone, stale=mostly_false)
    def send_back(self, part="right", stale=False):
        actor = self.holder(part)
        allowed = self.shadow.allows_send_back(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.act(services.send_back, allowed, lambda _: self.shadow.send_back(), actor, stale=stale, reason="依据不足")

    @rule(part=st.sampled_from(["approver", "approver", "checker", "administrator"]), which=seat_numbers)
    def exempt(self, part, which):
        actor, order = self.who(part, 0), which % len(self.shadow.steps)
        level = self.round().route.levels.get(order=order)
        allowed = self.shadow.allows_exempt(order) and self.may(actor, Action.EXEMPT_LEVEL)
        self.act(
            services.exempt_level, allowed, lambda _: self.shadow.exempt_level(order), actor,
            level=level, reason="文字报告", confirmation=flow.confirmed(actor),
        )  # fmt: skip

    @rule(part=right_or_anyone, stale=mostly_false)
    def issue(self, part="right", stale=False):
        actor = self.holder(part)
        allowed = self.shadow.allows_issue(actor.pk) and self.may(actor, Action.ISSUE)
        self.sign_act(services.issue, allowed, lambda _: self.shadow.issue(), actor, stale=stale)

    # ── People come and go ──────────────────────────────────────────────────
    @rule(part=right_or_anyone, which=seat_numbers, to=anyone, stale=mostly_false)
    def hand_over(self, part, which, to, stale):
        place = sorted(self.shadow.seats)[which % len(self.shadow.seats)]
        self.hand(self.who(part, self.shadow.seats[place]), place, self.who(to, 0), stale)

    def hand(self, actor, place, to, stale=False):
        seat = self.deliverable.seats.get(level__order=place[0], number=place[1])
        is_free = to.is_active and not permissions.is_set_apart(role for role, _ in to.posts_today)
        allowed = self.shadow.allows_hand_over(place, to.pk) and is_free and self.may(actor, Action.HAND_OVER)
        if actor.pk != seat.holder_id:
            allowed = allowed and self.may(actor, Action.HAND_OVER_ANY)
        self.act(services.hand_over, allowed, lambda _: self.shadow.hand_over(place, to.pk), actor, stale=stale,
                 seat=seat, to=to, reason="休假")  # fmt: skip

    @rule(part=anyone, by=st.sampled_from(["verifier", "approver", "checker", "administrator"]))
    def end_assignment(self, part, by):
        """Somebody leaves the team, seat or not: the chain waits for that person until the seat is handed over."""
        actor, yesterday = self.who(by, 0), timezone.localdate() - timedelta(days=1)
        found = self.project.assignments.filter(user=self.people[part], ends_on=None, starts_on__lt=yesterday).first()
        if found is not None:
            self.attempt(
                self.may(actor, Action.SET_TEAM),
                lambda: project_services.end_assignment(actor=actor, assignment=found, ends_on=yesterday),
                lambda _: None,
                rows=0,
            )

    @rule(part=anyone, by=st.sampled_from(["administrator", "administrator", "approver"]))
    def deactivate(self, part, by):
        actor, user = self.who(by, 0), self.who(part, 0)
        has_duty = self.shadow.state != ISSUED and user.pk in self.shadow.seats.values()
        is_administrator = (Role.ADMINISTRATOR, None) in user.posts_today
        allowed = actor.is_active and (Role.ADMINISTRATOR, None) in actor.posts_today
        self.attempt(
            allowed and not has_duty and not is_administrator,
            lambda: deactivate_user(actor=actor, user=user),
            lambda _: None,
            rows=0,
        )

    # ── Forward ─────────────────────────────────────────────────────────────
    @rule(steps=st.integers(1, 5))
    def go_on(self, steps):
        """What sensible people would do next, some steps of it."""
        for _ in range(steps):
            self.step_forward()

    def step_forward(self):
        """One step towards the issue, by whoever should do it. It must succeed: the chain has no dead end."""
        shadow = self.shadow
        if shadow.state == ISSUED or self.replace_whoever_cannot():
            return
        if shadow.state == PREPARING:
            self.prepare_forward()
        elif shadow.state == ANSWERING:
            self.sure(self.answer)
        elif shadow.here(ANSWERED):
            self.sure(self.recheck, which=shadow.here(DRAFT, OPEN, ANSWERED).index(shadow.here(ANSWERED)[0]))
        elif shadow.state == ISSUING and (shadow.unsettled() or any(row.fails for row in shadow.signed)):
            self.sure(self.send_back)
        elif shadow.here(DRAFT, OPEN):
            self.sure(self.return_remarks)
        elif shadow.state == ISSUING:
            self.sure(self.issue)
        else:
            self.sure(self.join if shadow.missing_experts() else self.sign)

    def prepare_forward(self):
        shadow = self.shadow
        if shadow.is_sealed and shadow.version in shadow.returned:
            self.sure(self.revise)
        elif not shadow.is_sealed and shadow.files[shadow.version] in (set(), shadow.files.get(shadow.version - 1)):
            mark = next(mark for mark in "abcdefghij" if shadow.allows_upload(shadow.preparer, mark))
            self.upload("right", mark)
        else:
            self.sure(self.submit)

    def sure(self, step, **given):
        """The step is taken: the ledger grows."""
        before = Entry.objects.count()
        step(**given)
        assert Entry.objects.count() > before, f"{step.__name__} was refused: {self.shadow}"

    def replace_whoever_cannot(self) -> bool:
        """Hand over the seat of whoever lost the role that the next step takes; whether that was the case."""
        shadow = self.shadow
        for person, duty in sorted(shadow.waits_for()):
            needed = {"prepare": Action.PREPARE, "answer": Action.PREPARE, "issue": Action.ISSUE}.get(
                duty, Action.SIGN_LEVEL
            )
            if not self.may(User.objects.get(pk=person), needed):
                place = next(place for place, holder in shadow.seats.items() if holder == person)
                self.hand(self.who("executive", 0), place, self.deputy())
                assert shadow.seats[place] != person
                return True
        return False

    def deputy(self) -> User:
        taken = {*self.shadow.seats.values(), *self.shadow.prepared}
        free = User.objects.active().exclude(pk__in=taken).order_by("pk")
        return next(user for user in free if not permissions.is_set_apart(role for role, _ in user.posts_today))

    def lead_to_issue(self):
        for _ in range(60):
            if self.shadow.state == ISSUED:
                return
            self.step_forward()
        raise AssertionError(f"no way to the issue: {self.shadow}")

    # ── What holds after each step ──────────────────────────────────────────
    @invariant()
    def all_holds(self):
        self.database_is_as_expected()
        self.one_round_is_current()
        self.inbox_is_what_the_chain_waits_for()
        self.signatures_stand_in_order_on_the_present_files()
        self.signers_are_different_people_and_none_prepared()
        self.issue_exists_behind_a_full_flow_sheet_only()
        assert checks.verify().problems == []

    def database_is_as_expected(self):
        round, shadow = self.round(), self.shadow
        assert (round.state, round.level.order, round.number) == (shadow.state, shadow.level, shadow.number)
        assert (round.version.number, round.version.sealed_at is not None) == (shadow.version, shadow.is_sealed)
        held = {(s.level.order, s.number): s.holder_id for s in self.deliverable.seats.select_related("level")}
        assert held == shadow.seats
        notes = {(n.pk, n.state, n.level) for n in shadow.notes}
        assert set(self.deliverable.remarks.values_list("pk", "state", "level__order")) == notes

    def one_round_is_current(self):
        states = Counter(self.deliverable.rounds.values_list("state", flat=True))
        assert sum(states[state] for state in (PREPARING, REVIEWING, ANSWERING, ISSUING, ISSUED)) == 1
        ended = self.deliverable.rounds.exclude(pk=self.round().pk)
        assert not ended.filter(ended_at__isnull=True).exists()

    def inbox_is_what_the_chain_waits_for(self):
        rows = Waiting.objects.filter(round__deliverable=self.deliverable)
        found = set(rows.values_list("user", "duty"))
        assert found == set(chain.duties(self.round())) == self.shadow.waits_for()
        assert not rows.exclude(round=self.round()).exists()

    def signatures_stand_in_order_on_the_present_files(self):
        round = self.round()
        rows = list(queries.signatures_of(round))
        assert {(s.level.order, s.seat_number, s.signer_id) for s in rows} == {
            (row.level, row.seat, row.signer) for row in self.shadow.signed
        }
        assert all(s.manifest_sha256 == round.version.manifest_sha256 for s in rows)
        signed = [s.level.order for s in rows if s.seat_number == 0]
        to_pass = [level.order for level in queries.levels_to_pass(round)]
        assert signed == to_pass[: len(signed)]
        unsettled = self.deliverable.remarks.unsettled().values_list("level__order", flat=True)
        assert max((order for order in signed if order > 0), default=-1) < min(unsettled, default=99)

    def signers_are_different_people_and_none_prepared(self):
        rows = Signature.objects.filter(round__deliverable=self.deliverable, revoked_at__isnull=True)
        signers = Counter(rows.values_list("round", "signer"))
        assert max(signers.values(), default=1) == 1
        reviewers = {row.signer for row in self.shadow.signed if row.level > 0}
        assert not reviewers & self.shadow.prepared

    def issue_exists_behind_a_full_flow_sheet_only(self):
        round = self.round()
        issue = Issue.objects.filter(round__deliverable=self.deliverable).first()
        assert (issue is not None) == (round.state == ISSUED)
        if issue is not None:
            assert issue.round == round
            assert queries.issue_gaps(round) == []
            expected = {
                (level.pk, number) for level in queries.levels_to_pass(round) for number in range(level.panel_size + 1)
            }
            assert {(s.level_id, s.seat_number) for s in queries.signatures_of(round)} == expected
            assert all(s.score_sheet for s in queries.signatures_of(round) if s.level.is_scored and s.seat_number == 0)
            assert (issue.flow_sheet, issue.review_record) != ("", "")


@cache
def failing_hits() -> dict:
    return flow.hits_losing(Decimal("45"))


@pytest.fixture
def quick_paper(monkeypatch):
    """The typesetter is left out: it takes seconds for each issue and test_chain.py runs it. What is printed is still
    gathered from the record; the bytes that are kept, hashed and recorded are few."""
    monkeypatch.setattr(pdf, "render", lambda template, context, **options: options["title"].encode())


@pytest.mark.parametrize("route", ["three_levels", "three_levels_panel", "consulting"])
def test_chain_holds_whatever_people_do(cast, project, major_project, quick_paper, route):
    failing_hits.cache_clear()
    chosen = major_project if route == "three_levels_panel" else project
    if route == "consulting":
        project.business_line = "engineering_consulting"
        project.save()
    assert queries.route_of(chosen).code == route
    machine = type("Machine", (ChainMachine,), {"cast": cast, "project": chosen})
    run_state_machine_as_test(machine, settings=SETTINGS)
