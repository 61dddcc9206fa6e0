"""The chain under whatever people do: a Hypothesis state machine over all acts, all three routes, right and wrong people.

The machine holds its own opinion of what should happen (shadow.py). What it thinks is allowed must succeed and leave one
row in the ledger; all else must be refused and leave every table as it was. After each step the invariants of the chain are
looked up in the database; at the end of each run the deliverable is led to its issue, so that no mixture of acts is a dead end.

`CHAIN_RUNS=50` looks for new ways at random; without it the same few runs are made each time.
"""

import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger import checks
from ledger.models import Entry
from ledger.services import head
from printing import pdf
from projects import services as project_services
from projects.models import DeliverableVersion
from projects.queries import roles_on
from reviews import chain, queries, services
from reviews.chain import AlreadyHandled
from reviews.choices import CURRENT_STATES, LIVE_STATES, Disposition
from reviews.models import Issue, Remark, Round, Signature, Waiting
from staff import permissions
from staff.choices import Action, Role
from staff.models import User
from staff.services import deactivate_user
from tests.reviews import flow
from tests.reviews.shadow import ANSWERED, ANSWERING, DRAFT, ISSUED, ISSUING, OPEN, PREPARING, REVIEWING, Shadow, Step
from tests.reviews.snapshot import everything

RUNS = int(os.environ.get("CHAIN_RUNS", "0"))
SETTINGS = settings(
    max_examples=RUNS or 6,
    stateful_step_count=40 if RUNS else 30,
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


@dataclass(frozen=True)
class How:
    """How an act is tried. Each act takes from it what it needs."""

    part: str = "right"  # who acts: whoever should, or somebody of the cast
    is_stale: bool = False  # from a page drawn one turn before
    is_odd: bool = False  # with what usually does not go: 采纳 without a new version, a failing score, no reason …
    which: int = 0  # of several remarks, seats, levels
    other: str = "outsider"  # whom it concerns: the deputy, who leaves


# Most people who act are the right ones; the others come in from the side.
HOW = st.builds(
    How,
    part=st.sampled_from(["right"] * 30 + list(PARTS)),
    is_stale=st.sampled_from([False] * 7 + [True]),
    is_odd=st.sampled_from([False] * 4 + [True]),
    which=st.integers(0, 9),
    other=st.sampled_from(PARTS),
)
AS_EXPECTED = How()

AT_REVIEWER = (REVIEWING, ISSUING)
ANY_TIME = (PREPARING, REVIEWING, ANSWERING, ISSUING)
# When an act comes up (act, states, weight). Now and then one comes up out of its time.
ACTS = (
    ("go_on", ANY_TIME, 2), ("upload", (PREPARING,), 1), ("submit", (PREPARING,), 3), ("revise", ANY_TIME, 1),
    ("withdraw", (REVIEWING,), 1), ("answer", (ANSWERING,), 3), ("draft", AT_REVIEWER, 3), ("drop", AT_REVIEWER, 1),
    ("recheck", AT_REVIEWER, 3), ("return_remarks", AT_REVIEWER, 2), ("sign", (REVIEWING,), 4),
    ("join", (REVIEWING,), 3), ("revoke", AT_REVIEWER, 2), ("send_back", AT_REVIEWER, 1), ("exempt", ANY_TIME, 1),
    ("hand_over", ANY_TIME, 2), ("end_assignment", ANY_TIME, 1), ("deactivate", ANY_TIME, 1), ("issue", (ISSUING,), 1),
)  # fmt: skip
CHECK_WHOLE_LEDGER_EVERY = 5


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
        self.steps = 0

    def teardown(self):
        try:
            if hasattr(self, "shadow") and sys.exc_info()[0] is None:
                self.lead_to_issue()
                self.all_holds()
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

    @rule(draw=st.integers(0, 999), is_out_of_time=st.sampled_from([False] * 7 + [True]), how=HOW)
    def somebody_acts(self, draw, is_out_of_time, how):
        """One act. A single rule, since of many Hypothesis leaves some out in each run."""
        is_any = is_out_of_time or self.shadow.state == ISSUED
        names = [
            name
            for name, states, weight in ACTS
            for _ in range(weight)
            if (is_any or self.shadow.state in states) and self.has_what_it_takes(name)
        ]
        name = names[draw % len(names)]
        note(f"{name} ({how}) in {self.shadow.state} at level {self.shadow.level}")
        getattr(self, name)(how)

    def has_what_it_takes(self, name: str) -> bool:
        if name in ("drop", "recheck"):
            return bool(self.shadow.notes)
        if name == "revoke":
            return bool(self.shadow.signed)
        return name != "join" or self.shadow.step.kind == "panel"

    # ── How an act is tried ─────────────────────────────────────────────────
    def who(self, how: How, right: int) -> User:
        """A fresh person: `right` is the id of whoever should do it."""
        return User.objects.get(pk=right if how.part == "right" else self.people[how.part])

    def may(self, user: User, action: Action) -> bool:
        roles = roles_on(user, self.project, self.deliverable.discipline)
        return user.is_active and permissions.allows(action, roles)

    def round(self) -> Round:
        return (
            Round.objects.current()
            .select_related("level", "version", "deliverable__project__unit", "deliverable__discipline", "route")
            .get(deliverable=self.deliverable)
        )

    def attempt(self, is_allowed: bool, call, effect, *, rows: int = 1) -> None:
        """`call` succeeds and leaves `rows` rows of the chain in the ledger, or is refused and leaves nothing."""
        if not is_allowed:
            before = everything()
            with pytest.raises(REFUSALS), transaction.atomic():
                call()
            assert everything() == before
            return
        number, _ = head()
        given = call()
        effect(given)
        new = Entry.objects.filter(number__gt=number).values_list("action", flat=True)
        assert sum(action.startswith("review.") for action in new) == rows, list(new)

    def act(self, service, is_allowed: bool, effect, actor: User, how: How, *, rows: int = 1, round=None, **given):
        """Try a service of the chain at the present turn, or as from a page drawn one turn before."""
        round = round or self.round()
        self.attempt(
            bool(is_allowed and not how.is_stale),
            lambda: service(actor=actor, round=round, turn=round.turn - how.is_stale, **given),
            effect,
            rows=rows,
        )

    def sign_act(self, service, is_allowed, effect, actor, how, *, content=None, **given):
        round = self.round()
        self.act(service, is_allowed, effect, actor, how, round=round, content=flow.content(round, **content or {}),
                 confirmation=flow.confirmed(actor), **given)  # fmt: skip

    # ── The preparer's acts ─────────────────────────────────────────────────
    def upload(self, how):
        actor, mark = self.who(how, self.shadow.preparer), "abc"[how.which % 3]
        version = DeliverableVersion.objects.filter(deliverable=self.deliverable).latest("number")
        file = flow.workbook_file(f"{mark}.xlsx", mark)
        self.attempt(
            self.shadow.allows_upload(actor.pk, mark),
            lambda: project_services.add_attachment(actor=actor, version=version, upload=file),
            lambda _: self.shadow.upload(mark),
            rows=0,
        )

    def answers(self, is_corrected: bool) -> dict:
        disposition = Disposition.CORRECTED if is_corrected else Disposition.EXPLAINED
        return {row.pk: (disposition, "见底稿") for row in self.shadow.notes if row.state == OPEN}

    def submit(self, how):
        actor = self.who(how, self.shadow.preparer)
        allowed = self.shadow.allows_submit(actor.pk, how.is_odd) and self.may(actor, Action.PREPARE)
        self.sign_act(services.submit, allowed, lambda _: self.shadow.submit(), actor, how,
                      answers=self.answers(how.is_odd))  # fmt: skip

    def revise(self, how):
        actor = self.who(how, self.shadow.preparer)
        allowed = self.shadow.allows_revise(actor.pk) and self.may(actor, Action.PREPARE)
        self.act(services.start_version, allowed, lambda _: self.shadow.revise(), actor, how, note="修改")

    def withdraw(self, how):
        actor, reason = self.who(how, self.shadow.preparer), " " if how.is_odd else "传错文件"
        allowed = self.shadow.allows_withdraw(actor.pk) and self.may(actor, Action.PREPARE) and not how.is_odd
        self.act(services.withdraw, allowed, lambda _: self.shadow.withdraw(), actor, how, reason=reason)

    def answer(self, how):
        actor = self.who(how, self.shadow.preparer)
        allowed = self.shadow.allows_answer(actor.pk) and self.may(actor, Action.PREPARE) and not how.is_odd
        self.act(services.answer_remarks, allowed, lambda _: self.shadow.answer(), actor, how,
                 answers=self.answers(how.is_odd))  # fmt: skip

    # ── The reviewers' acts ─────────────────────────────────────────────────
    def holder(self, how) -> User:
        return self.who(how, self.shadow.seats[self.shadow.level, 0])

    def draft(self, how):
        actor = self.holder(how)
        allowed = self.shadow.allows_draft(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.act(
            services.draft_remark, allowed, lambda remark: self.shadow.draft(remark.pk), actor, how, rows=0,
            place="第 3 行", problem="漏项", category="omission",
        )  # fmt: skip

    def remark(self, how, *states):
        """A remark: one of the present level in one of `states` if there is any."""
        found = self.shadow.here(*states) or self.shadow.notes
        row = found[how.which % len(found)]
        return row, Remark.objects.select_related("deliverable__project").get(pk=row.pk)

    def drop(self, how):
        actor, (row, remark), turn = self.holder(how), self.remark(how, DRAFT), self.round().turn
        self.attempt(
            self.shadow.allows_drop(actor.pk, row) and self.may(actor, Action.SIGN_LEVEL),
            lambda: services.drop_remark(actor=actor, remark=remark, turn=turn),
            lambda _: self.shadow.drop(row),
            rows=0,
        )

    def recheck(self, how):
        actor, (row, remark), passed = self.holder(how), self.remark(how, ANSWERED), not how.is_odd
        turn = self.round().turn - how.is_stale
        allowed = self.shadow.allows_recheck(actor.pk, row) and self.may(actor, Action.SIGN_LEVEL)
        self.attempt(
            allowed and not how.is_stale,
            lambda: services.recheck_remark(actor=actor, remark=remark, turn=turn, passed=passed, text="已核"),
            lambda _: self.shadow.recheck(row, passed),
        )

    def return_remarks(self, how):
        actor = self.holder(how)
        allowed = self.shadow.allows_return(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.act(services.return_remarks, allowed, lambda _: self.shadow.return_remarks(), actor, how)

    def sign(self, how):
        actor, step = self.holder(how), self.shadow.step
        allowed = self.shadow.allows_sign(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        if step.is_scored:
            allowed = allowed and self.may(actor, Action.SCORE)
        fails = how.is_odd and step.is_scored
        content = {"hits": self.failing_hits} if fails else {}
        self.sign_act(services.sign, allowed, lambda _: self.shadow.sign(fails), actor, how, content=content)

    def join(self, how):
        missing = sorted(self.shadow.missing_experts()) or [0]
        actor = self.who(how, self.shadow.seats[self.shadow.level, missing[how.which % len(missing)]])
        allowed = self.shadow.allows_join(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.sign_act(services.join_opinion, allowed, lambda _: self.shadow.join(actor.pk), actor, how)

    def revoke(self, how):
        actor = self.who(how, self.shadow.signed[-1].signer)
        allowed = self.shadow.allows_revoke(actor.pk) and self.may(actor, Action.SIGN_LEVEL)
        self.act(services.revoke, allowed, lambda _: self.shadow.revoke(), actor, how, reason="看漏一处")

    def send_back(self, how):
        actor, reason = self.holder(how), " " if how.is_odd else "依据不足"
        allowed = self.shadow.allows_send_back(actor.pk) and self.may(actor, Action.SIGN_LEVEL) and not how.is_odd
        self.act(services.send_back, allowed, lambda _: self.shadow.send_back(), actor, how, reason=reason)

    def exempt(self, how):
        actor = self.who(how, self.people["approver"])
        order = how.which % len(self.shadow.steps) if how.is_odd else 1
        level = self.round().route.levels.get(order=order)
        has_prepared = actor.pk in {*self.shadow.prepared, self.shadow.preparer}
        allowed = self.shadow.allows_exempt(order) and self.may(actor, Action.EXEMPT_LEVEL) and not has_prepared
        self.act(services.exempt_level, allowed, lambda _: self.shadow.exempt_level(order), actor, how,
                 level=level, reason="文字报告", confirmation=flow.confirmed(actor))  # fmt: skip

    def issue(self, how):
        actor = self.holder(how)
        allowed = self.shadow.allows_issue(actor.pk) and self.may(actor, Action.ISSUE)
        self.sign_act(services.issue, allowed, lambda _: self.shadow.issue(), actor, how)

    # ── People come and go ──────────────────────────────────────────────────
    def hand_over(self, how):
        """Often the seat of whoever has the turn, often to somebody who is free."""
        places = sorted(self.shadow.seats)
        place = places[how.which % len(places)] if how.is_odd else (self.shadow.level, 0)
        to = User.objects.get(pk=self.people[how.other])
        self.hand(self.who(how, self.shadow.seats[place]), place, to, how)

    def hand(self, actor, place, to, how=AS_EXPECTED):
        seat = self.deliverable.seats.select_related("level").get(level__order=place[0], number=place[1])
        is_free = to.is_active and not permissions.is_set_apart(role for role, _ in to.posts_today)
        allowed = self.shadow.allows_hand_over(place, to.pk) and is_free and self.may(actor, Action.HAND_OVER)
        if actor.pk != seat.holder_id:
            allowed = allowed and self.may_replace(actor, place)
        self.act(services.hand_over, allowed, lambda _: self.shadow.hand_over(place, to.pk), actor, how,
                 seat=seat, to=to, reason="休假")  # fmt: skip

    def end_assignment(self, how):
        """Somebody leaves the team, seat or not: the chain waits for that person until the seat is handed over."""
        actor, yesterday = self.who(how, self.people["approver"]), timezone.localdate() - timedelta(days=1)
        leaver = self.people[how.other]
        found = self.project.assignments.filter(user=leaver, ends_on=None, starts_on__lt=yesterday).first()
        if found is not None:
            self.attempt(
                self.may(actor, Action.SET_TEAM),
                lambda: project_services.end_assignment(actor=actor, assignment=found, ends_on=yesterday),
                lambda _: None,
                rows=0,
            )

    def deactivate(self, how):
        actor, leaver = self.who(how, self.people["administrator"]), User.objects.get(pk=self.people[how.other])
        has_duty = self.shadow.state != ISSUED and leaver.pk in self.shadow.seats.values()
        is_administrator = (Role.ADMINISTRATOR, None) in leaver.posts_today
        allowed = actor.is_active and (Role.ADMINISTRATOR, None) in actor.posts_today
        self.attempt(
            allowed and not has_duty and not is_administrator,
            lambda: deactivate_user(actor=actor, user=leaver),
            lambda _: None,
            rows=0,
        )

    # ── Forward ─────────────────────────────────────────────────────────────
    def go_on(self, how):
        """What sensible people would do next, some steps of it; the issue is left to its own act."""
        for _ in range(how.which % 4 + 1):
            if self.shadow.state not in (ISSUING, ISSUED):
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
            self.sure(self.recheck)
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
            which = next(n for n in range(3) if shadow.allows_upload(shadow.preparer, "abc"[n]))
            self.sure(self.upload, How(which=which))
        else:
            self.sure(self.submit)

    def sure(self, step, how=AS_EXPECTED):
        """The step is taken: the ledger grows."""
        before = head()
        step(how)
        assert head() != before, f"{step.__name__} was refused: {self.shadow}"

    def replace_whoever_cannot(self) -> bool:
        """Hand over the seat of whoever lost the role that the next step takes; whether that was the case."""
        shadow = self.shadow
        actions = {"prepare": Action.PREPARE, "answer": Action.PREPARE, "issue": Action.ISSUE}
        for person, duty in sorted(shadow.waits_for()):
            if not self.may(User.objects.get(pk=person), actions.get(duty, Action.SIGN_LEVEL)):
                place = next(place for place, holder in shadow.seats.items() if holder == person)
                self.hand(self.director(place), place, self.deputy())
                assert shadow.seats[place] != person
                return True
        return False

    def may_replace(self, actor: User, place) -> bool:
        """Nobody below the seat, and not who prepared where the seat looks over that work."""
        level = self.round().route.levels.get(order=place[0])
        role = Role.EXPERT if place[1] else level.role
        roles = roles_on(actor, self.project, self.deliverable.discipline)
        is_own_work = place[0] > 0 and actor.pk in {self.shadow.preparer, *self.shadow.prepared}
        return actor.is_active and permissions.may_replace(roles, role) and not is_own_work

    def director(self, place) -> User:
        return next(user for user in User.objects.order_by("pk") if self.may_replace(user, place))

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
        round = self.round()
        signatures = list(queries.signatures_of(round))
        self.database_is_as_expected(round)
        self.one_round_is_current(round)
        self.inbox_is_what_the_chain_waits_for(round)
        self.signatures_stand_in_order_on_the_present_files(round, signatures)
        self.signers_are_different_people_and_none_prepared()
        self.issue_exists_behind_a_full_flow_sheet_only(round, signatures)
        self.steps += 1
        if self.steps % CHECK_WHOLE_LEDGER_EVERY == 0:
            assert checks.verify().problems == []

    def database_is_as_expected(self, round):
        shadow = self.shadow
        assert (round.state, round.level.order, round.number) == (shadow.state, shadow.level, shadow.number)
        assert (round.version.number, round.version.sealed_at is not None) == (shadow.version, shadow.is_sealed)
        held = set(self.deliverable.seats.values_list("level__order", "number", "holder"))
        assert held == {(level, number, holder) for (level, number), holder in shadow.seats.items()}
        remarks = set(self.deliverable.remarks.values_list("pk", "state", "level__order"))
        assert remarks == {(row.pk, row.state, row.level) for row in shadow.notes}

    def one_round_is_current(self, round):
        for pk, state, ended_at in self.deliverable.rounds.values_list("pk", "state", "ended_at"):
            assert (state in CURRENT_STATES) == (pk == round.pk)
            assert (ended_at is not None) == (state not in LIVE_STATES)

    def inbox_is_what_the_chain_waits_for(self, round):
        rows = Waiting.objects.filter(round__deliverable=self.deliverable).values_list("round", "user", "duty")
        expected = self.shadow.waits_for()
        assert set(rows) == {(round.pk, *row) for row in expected}
        assert set(chain.duties(round)) == expected

    def signatures_stand_in_order_on_the_present_files(self, round, signatures):
        found = {(s.level.order, s.seat_number, s.signer_id) for s in signatures}
        assert found == {(row.level, row.seat, row.signer) for row in self.shadow.signed}
        assert all(s.manifest_sha256 == round.version.manifest_sha256 for s in signatures)
        signed = [s.level.order for s in signatures if s.seat_number == 0]
        to_pass = [level.order for level in queries.levels_to_pass(round)]
        assert signed == to_pass[: len(signed)]
        unsettled = self.deliverable.remarks.unsettled().values_list("level__order", flat=True)
        assert max((order for order in signed if order > 0), default=-1) < min(unsettled, default=99)

    def signers_are_different_people_and_none_prepared(self):
        rows = Signature.objects.filter(round__deliverable=self.deliverable, revoked_at__isnull=True)
        signers = list(rows.order_by().values_list("round", "signer"))
        assert len(signers) == len(set(signers))
        assert not {row.signer for row in self.shadow.signed if row.level > 0} & self.shadow.prepared

    def issue_exists_behind_a_full_flow_sheet_only(self, round, signatures):
        issue = Issue.objects.filter(round__deliverable=self.deliverable).first()
        assert (issue is not None) == (round.state == ISSUED)
        if issue is None:
            return
        assert issue.round == round
        assert queries.issue_gaps(round) == []
        assert {(s.level_id, s.seat_number) for s in signatures} == {
            (level.pk, number) for level in queries.levels_to_pass(round) for number in range(level.panel_size + 1)
        }
        assert all(s.score_sheet for s in signatures if s.level.is_scored and s.seat_number == 0)
        for path in (issue.flow_sheet, issue.review_record):
            assert default_storage.exists(path)


@pytest.fixture
def quick_paper(monkeypatch):
    """The typesetter is left out: it takes seconds for each issue and test_chain.py runs it. What is printed is still
    gathered from the record; the bytes that are kept, hashed and recorded are few."""
    monkeypatch.setattr(pdf, "render", lambda template, context, **options: options["title"].encode())


@pytest.mark.parametrize("route", ["three_levels", "three_levels_panel", "consulting"])
def test_chain_holds_whatever_people_do(cast, project, major_project, quick_paper, route):
    chosen = major_project if route == "three_levels_panel" else project
    if route == "consulting":
        project.business_line = "engineering_consulting"
        project.save()
    assert queries.route_of(chosen).code == route
    given = {"cast": cast, "project": chosen, "failing_hits": flow.hits_losing(Decimal("45"))}
    run_state_machine_as_test(type("Machine", (ChainMachine,), given), settings=SETTINGS)
