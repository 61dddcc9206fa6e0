"""An inspection under whatever people do: a Hypothesis state machine over all its acts, by right and wrong people.

The machine holds its own opinion of what should happen. What it thinks is allowed must succeed and leave one row of the
inspection in the ledger; all else must be refused and leave every table as it was. After each step the invariants are looked
up in the database; at the end each run is led to its close, so that no mixture of acts is a dead end.

`CHAIN_RUNS=50` looks for new ways at random; without it the same few runs are made each time.
"""

import os
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from deadlines.choices import State as ClockState
from deadlines.models import Deadline
from inspections.chain import TABLE, AlreadyHandled
from inspections.choices import Act, Kind, Side, State
from inspections.models import Finding, Inspection, Opinion, Receipt, Rectification
from inspections.services import concluding, findings, opening, rectifying, score_sheets
from inspections.services.rectifying import RectificationConflict
from inspections.services.score_sheets import SectionConflict
from ledger import checks
from ledger.models import Entry
from ledger.services import head
from staff.models import User
from tests.inspections import kit
from tests.reviews.flow import confirmed

RUNS = int(os.environ.get("CHAIN_RUNS", "0"))
SETTINGS = settings(
    max_examples=RUNS or 6,
    stateful_step_count=40 if RUNS else 30,
    derandomize=not RUNS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    phases=[Phase.generate],
)
REFUSALS = (PermissionDenied, ValidationError, AlreadyHandled, RectificationConflict, SectionConflict)
PARTS = (
    "preparer", "checker", "verifier", "approver", "chief_engineer", "executive", "quality_office", "administrator",
    "auditor", "archivist", "expert1", "outsider", "disabled", "second",
)  # fmt: skip
OURS = ("inspections", "deadlines", "ledger", "notices", "scoring")

# Who may do what, by hand: the lead is 质量办, the second inspector holds the same post.
INSPECTORS, OFFICE, ANSWERING = {"quality_office", "second"}, {"quality_office", "second"}, {"verifier", "approver"}
TEAM = {"preparer", "checker", "verifier", "approver"}
WHO = {
    "save": INSPECTORS, "find": INSPECTORS, "finish": {"quality_office"}, "again": {"quality_office"},
    "say_office": INSPECTORS, "say_project": ANSWERING, "issue": OFFICE, "receive": ANSWERING, "deliver": OFFICE | ANSWERING,
    "draft": TEAM, "reply": ANSWERING, "recheck": OFFICE, "cancel": OFFICE, "appoint": OFFICE,
}  # fmt: skip
WHEN = {
    "save": {State.SCORING}, "find": {State.SCORING}, "finish": {State.SCORING}, "again": {State.DISCUSSING},
    "say_office": {State.DISCUSSING}, "say_project": {State.DISCUSSING}, "issue": {State.DISCUSSING},
    "receive": {State.ISSUED}, "deliver": {State.ISSUED}, "draft": {State.RECTIFYING}, "reply": {State.RECTIFYING},
    "recheck": {State.RECHECKING}, "cancel": {State.SCORING, State.DISCUSSING}, "appoint": {State.SCORING},
}  # fmt: skip
WEIGHTS = {"save": 2, "find": 2, "finish": 4, "again": 1, "say_office": 2, "say_project": 2, "issue": 3, "receive": 2,
           "deliver": 1, "draft": 2, "reply": 3, "recheck": 3, "cancel": 0, "appoint": 1}  # fmt: skip


@dataclass(frozen=True)
class How:
    """How an act is tried: by whom, from a page drawn one turn before, with something left out, and which of several."""

    part: str = "right"
    is_stale: bool = False
    is_odd: bool = False
    which: int = 0


HOW = st.builds(
    How,
    part=st.sampled_from(["right"] * 24 + list(PARTS)),
    is_stale=st.sampled_from([False] * 7 + [True]),
    is_odd=st.sampled_from([False] * 4 + [True]),
    which=st.integers(0, 9),
)
AS_EXPECTED = How()


@dataclass
class Shadow:
    """What the machine thinks of the inspection."""

    state: State = State.SCORING
    moves: int = 0
    findings: int = 0
    sides: set = field(default_factory=set)
    is_clean: bool = True
    drafts: set = field(default_factory=set)
    settled: set = field(default_factory=set)
    opinions: int = 0


def everything() -> dict[str, list[tuple]]:
    models = (model for app in OURS for model in apps.get_app_config(app).get_models())
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in models}


class InspectionMachine(RuleBasedStateMachine):
    """One inspection of one project; `cast` and `project` are set by the test."""

    cast = None
    project = None
    second = None

    def __init__(self):
        super().__init__()
        self.run = transaction.atomic()
        self.run.__enter__()
        people = {part: getattr(self.cast, part) for part in PARTS if part != "second"}
        self.people = {part: person.pk for part, person in people.items()} | {"second": self.second.pk}
        self.steps = 0

    def teardown(self):
        try:
            if hasattr(self, "shadow") and sys.exc_info()[0] is None:
                self.lead_to_close()
                self.all_holds()
                assert checks.verify().problems == []
        finally:
            transaction.set_rollback(True)
            self.run.__exit__(None, None, None)

    @initialize()
    def open(self):
        office = self.cast.quality_office
        self.inspection = opening.open_inspection(
            actor=office, kind=Kind.IRREGULAR, project=self.project, lead=office, inspectors=[self.second],
            planned_on=timezone.localdate(),
        )  # fmt: skip
        self.shadow = Shadow()

    @rule(draw=st.integers(0, 999), is_out_of_time=st.sampled_from([False] * 7 + [True]), how=HOW)
    def somebody_acts(self, draw, is_out_of_time, how):
        """One act. A single rule, since of many Hypothesis leaves some out in each run."""
        names = [
            name
            for name, weight in WEIGHTS.items()
            for _ in range(weight)
            if is_out_of_time
            or self.shadow.state in WHEN[name]
            or self.shadow.state in (State.CLOSED, State.CANCELLED)
        ]
        name = names[draw % len(names)]
        note(f"{name} ({how}) in {self.shadow.state}")
        getattr(self, name)(how)

    # ── How an act is tried ─────────────────────────────────────────────────
    def who(self, name: str, how: How) -> User:
        right = sorted(WHO[name])[how.which % len(WHO[name])]
        self.part = right if how.part == "right" else how.part
        return User.objects.get(pk=self.people[self.part])

    def fresh(self) -> Inspection:
        return Inspection.objects.select_related("project__unit", "unit", "standard").get(pk=self.inspection.pk)

    def attempt(self, name: str, is_allowed: bool, call, effect, rows: int = 1) -> None:
        is_allowed = self.part in WHO[name] and self.shadow.state in WHEN[name] and is_allowed
        if not is_allowed:
            before = everything()
            with pytest.raises(REFUSALS), transaction.atomic():
                call()
            assert everything() == before
            return
        number, _ = head()
        call()
        effect()
        new = list(Entry.objects.filter(number__gt=number).values_list("action", flat=True))
        assert sum(action.startswith("inspection.") for action in new) == rows, new

    def move(self, name: str, how: How, service, is_allowed: bool, effect, **given) -> None:
        """An act through the door of states, at the present turn or as from a page drawn one turn before."""
        actor, inspection = self.who(name, how), self.fresh()

        def done():
            effect()
            self.shadow.moves += 1

        self.attempt(
            name, bool(is_allowed and not how.is_stale),
            lambda: service(actor=actor, inspection=inspection, turn=inspection.turn - how.is_stale,
                            **{key: value(actor) if callable(value) else value for key, value in given.items()}),
            done,
        )  # fmt: skip

    def to(self, state: State, **changes):
        def effect():
            self.shadow.state = state
            for key, value in changes.items():
                setattr(self.shadow, key, value)

        return effect

    # ── The acts ────────────────────────────────────────────────────────────
    def sections(self):
        return list(self.fresh().sections.select_related("criterion").order_by("criterion__order"))

    def save(self, how):
        section = self.sections()[how.which % 6]
        actor = self.who("save", how)
        self.attempt(
            "save", not how.is_stale and not how.is_odd,
            lambda: score_sheets.save_section(
                actor=actor, inspection=self.fresh(), criterion=section.criterion, turn=section.turn + how.is_stale,
                hits={0: Decimal(1)} if how.is_odd else {}, note=f"第 {self.steps} 步", is_done=True,
            ),
            lambda: None, rows=0,
        )  # fmt: skip

    def find(self, how):
        actor = self.who("find", how)

        def effect():
            self.shadow.findings += 1

        self.attempt(
            "find", not how.is_odd,
            lambda: findings.add_finding(
                actor=actor, inspection=self.fresh(), problem="" if how.is_odd else "计算底稿缺失", requirement="补齐底稿"
            ),
            effect,
        )  # fmt: skip

    def finish_all_sections(self) -> None:
        for section in self.sections():
            if not section.is_done:
                score_sheets.save_section(
                    actor=User.objects.get(pk=self.people["quality_office"]), inspection=self.fresh(),
                    criterion=section.criterion, turn=section.turn, hits={}, note="", is_done=True,
                )  # fmt: skip

    def finish(self, how):
        is_whole = not how.is_odd
        if is_whole and self.shadow.state == State.SCORING:
            self.finish_all_sections()
        is_whole = all(section.is_done for section in self.sections())
        self.move(
            "finish", how, concluding.finish_scoring, is_whole and not how.is_odd,
            self.to(State.DISCUSSING, sides=set()), conclusion="" if how.is_odd else "总体良好", confirmation=confirmed,
            flags={},
        )  # fmt: skip

    def again(self, how):
        self.move("again", how, concluding.score_again, not how.is_odd, self.to(State.SCORING),
                  reason="" if how.is_odd else "被检方补充了底稿")  # fmt: skip

    def say_office(self, how):
        self.say("say_office", Side.OFFICE, how)

    def say_project(self, how):
        self.say("say_project", Side.PROJECT, how)

    def say(self, name, side, how):
        self.move(
            name, how, concluding.talk, not how.is_odd, lambda: self.shadow.sides.add(side), side=side,
            text="" if how.is_odd else "无异议", agrees=True,
        )  # fmt: skip

    def issue(self, how):
        self.move(
            "issue", how, concluding.issue_opinion, self.shadow.sides == set(Side) and not how.is_odd,
            self.to(State.ISSUED, opinions=1, drafts=set(), settled=set()),
            confirmation=lambda actor: confirmed(self.cast.archivist if how.is_odd else actor),
        )  # fmt: skip

    def receive(self, how):
        self.move("receive", how, rectifying.receive, True, self.received())

    def deliver(self, how):
        """质量办 registers a delivery with proof; the inspected side needs none."""
        self.who("deliver", how)
        is_whole = not how.is_odd or self.part in ANSWERING
        self.move(
            "deliver", how, rectifying.receive, is_whole, self.received(), note="专人送达，李某签收",
            received_at=None if how.is_odd else timezone.now(), evidence=kit.photo(),
        )  # fmt: skip

    def received(self):
        return self.to(State.RECTIFYING if self.shadow.findings else State.CLOSED)

    def open_findings(self):
        return [row for row in self.fresh().findings.all() if row.pk not in self.shadow.settled]

    def draft(self, how):
        rows = self.open_findings()
        if not rows:
            return
        finding, actor = rows[how.which % len(rows)], self.who("draft", how)
        row = finding.rectifications.filter(submitted_at__isnull=True).first()
        self.attempt(
            "draft", not how.is_stale,
            lambda: rectifying.save_rectification(
                actor=actor, finding=Finding.objects.select_related("inspection").get(pk=finding.pk),
                turn=(row.turn if row else 0) + how.is_stale, plan="补做底稿", result="已补齐并复核", files=[kit.photo(shade=self.steps % 250)],
            ),
            lambda: self.shadow.drafts.add(finding.pk), rows=0,
        )  # fmt: skip

    def reply(self, how):
        if not how.is_odd and self.shadow.state == State.RECTIFYING:
            for which in range(len(self.open_findings())):
                self.draft(How(which=which))
        is_whole = {row.pk for row in self.open_findings()} <= self.shadow.drafts
        self.move("reply", how, rectifying.submit_reply, is_whole, self.to(State.RECHECKING, drafts=set()),
                  confirmation=confirmed)  # fmt: skip

    def recheck(self, how):
        rows = self.open_findings()
        failed = {row.pk for place, row in enumerate(rows) if how.which >= 6 and place == 0}
        results = {
            row.pk: (row.pk not in failed, "证据不足" if row.pk in failed and not how.is_odd else "") for row in rows
        }

        def effect():
            self.shadow.settled |= {pk for pk, (is_passed, _) in results.items() if is_passed}
            self.shadow.state = State.RECTIFYING if failed else State.CLOSED

        # The reply's signer of the inspected side never has the right to re-check, so that no name is compared here.
        self.move("recheck", how, rectifying.recheck, bool(rows) and not (failed and how.is_odd), effect, results=results,
                  confirmation=confirmed)  # fmt: skip

    def cancel(self, how):
        self.move("cancel", how, opening.cancel, not how.is_odd, self.to(State.CANCELLED),
                  reason="" if how.is_odd else "立项有误")  # fmt: skip

    def appoint(self, how):
        self.move(
            "appoint", how, opening.appoint, not how.is_odd, lambda: None, lead=self.cast.quality_office,
            inspectors=[self.cast.checker if how.is_odd else self.second], reason="分工调整",
            planned_on=timezone.localdate() + timedelta(days=how.which),
        )  # fmt: skip

    # ── What always holds ───────────────────────────────────────────────────
    @invariant()
    def all_holds(self):
        if not hasattr(self, "shadow"):
            return
        self.steps += 1
        inspection, shadow = self.fresh(), self.shadow
        assert (inspection.state, inspection.turn) == (shadow.state, shadow.moves)
        assert inspection.findings.count() == shadow.findings
        is_concluded = inspection.state in (State.ISSUED, State.RECTIFYING, State.RECHECKING, State.CLOSED)
        assert Opinion.objects.filter(inspection=inspection).count() == is_concluded == shadow.opinions
        assert is_concluded <= (inspection.score_sheet is not None)
        is_received = inspection.state in (State.RECTIFYING, State.RECHECKING, State.CLOSED)
        assert Receipt.objects.filter(opinion__inspection=inspection).count() == is_received
        clocks = Deadline.objects.of(inspection).values_list("state", flat=True)
        expected = {
            State.RECTIFYING: [ClockState.RUNNING],
            State.RECHECKING: [ClockState.FULFILLED],
            State.CLOSED: [ClockState.FULFILLED] if shadow.findings else [],
        }
        assert list(clocks) == expected.get(inspection.state, [])
        settled = set(inspection.findings.filter(settled_at__isnull=False).values_list("pk", flat=True))
        passed = set(
            Rectification.objects.filter(finding__inspection=inspection, is_passed=True).values_list(
                "finding", flat=True
            )
        )
        assert settled == passed == shadow.settled
        waiting = Rectification.objects.submitted().filter(finding__inspection=inspection, rechecked_at__isnull=True)
        assert waiting.exists() == (inspection.state == State.RECHECKING)
        if self.steps % 5 == 0:
            assert checks.verify().problems == []

    def lead_to_close(self):
        for _ in range(20):
            following = {State.SCORING: "finish", State.ISSUED: "receive", State.RECTIFYING: "reply",
                         State.RECHECKING: "recheck"}  # fmt: skip
            if self.shadow.state in (State.CLOSED, State.CANCELLED):
                return
            if self.shadow.state == State.DISCUSSING:
                missing = [side for side in Side if side not in self.shadow.sides]
                name = {Side.OFFICE: "say_office", Side.PROJECT: "say_project"}[missing[0]] if missing else "issue"
            else:
                name = following[self.shadow.state]
            getattr(self, name)(AS_EXPECTED)
        raise AssertionError("a dead end")


def test_inspection_under_whatever_people_do(db, cast, project, settings):
    InspectionMachine.cast, InspectionMachine.project = cast, project
    InspectionMachine.second = kit.inspector(cast)
    run_state_machine_as_test(InspectionMachine, settings=SETTINGS)


def test_every_state_but_the_ends_has_a_way_on():
    reachable = {state for state, _ in TABLE}
    assert reachable == set(State) - {State.CLOSED, State.CANCELLED}
    assert {act for _, act in TABLE} == set(Act) - {Act.OPEN}
