"""Many at once: one case for a finding, one decision for a sheet, an answer or a lapse, and nobody waits for ever."""

from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from deadlines.models import Deadline
from deadlines.services import chores
from deadlines.services import sweep as sweep_clocks
from inspections.choices import CaseState, SheetState
from inspections.models import LiabilityCase, LiabilitySheet
from inspections.services import liability, liability_sheets
from ledger import checks
from ledger.models import Entry
from staff.choices import Role
from tests.inspections import blame
from tests.reviews import flow
from tests.reviews.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _stored(cast):
    """Threads see only what is stored: the cast is, before any of them starts."""
    assert connection.in_atomic_block is False


@pytest.fixture
def case(cast, project):
    return blame.opened(cast, blame.signed(cast, project))


def kinds(results) -> Counter:
    return Counter(type(result).__name__ for result in results)


def test_one_finding_makes_one_case_however_many_open_it(cast, project):
    finding = blame.finding(cast, project, blame.issued(cast, project))
    results = at_once(
        [lambda: liability.open_case(actor=cast.quality_office, finding=finding, category="quantity")] * 4
    )
    assert kinds(results) == {"LiabilityCase": 1, "ValidationError": 3}
    assert LiabilityCase.objects.get().number == f"WZ-{timezone.localdate().year}-0001"


def test_one_letter_makes_one_case_and_different_problems_get_numbers_without_gaps(cast, case):
    deliverable = case.deliverable
    results = at_once([lambda: blame.opened(cast, deliverable, problem="同一问题")] * 3)
    assert kinds(results) == {"LiabilityCase": 1, "ValidationError": 2}
    results = at_once([lambda n=n: blame.opened(cast, deliverable, problem=f"问题 {n}") for n in range(4)])
    assert kinds(results) == {"LiabilityCase": 4}
    numbers = sorted(LiabilityCase.objects.values_list("number", flat=True))
    assert [int(number[-4:]) for number in numbers] == [1, 2, 3, 4, 5, 6]


def test_one_of_several_proposals_counts(cast, case):
    results = at_once([lambda: blame.served(cast, case, cast.verifier)] * 3)
    assert kinds(results) == {"list": 1, "AlreadyHandled": 2}
    assert LiabilitySheet.objects.count() == Deadline.objects.count() == 1
    assert checks.verify().problems == []


def test_exactly_one_of_two_deciders_decides(cast, case):
    other = blame.one_more(cast, "副总", Role.EXECUTIVE)
    (sheet,) = blame.served(cast, case, cast.verifier)
    blame.answered(sheet, "申辩")
    sheet = blame.fresh(sheet)

    def decide(actor):
        return liability_sheets.decide_sheet(
            actor=actor, sheet=sheet, turn=sheet.turn, outcome="upheld", decision=f"{actor.name}的决定", hearing="已核查",
            confirmation=flow.confirmed(actor),
        )  # fmt: skip

    results = at_once([lambda actor=actor: decide(actor) for actor in (cast.executive, other)])
    assert kinds(results) == {"LiabilitySheet": 1, "AlreadyHandled": 1}
    decided = blame.fresh(sheet)
    late = next(each for each in results if isinstance(each, Exception))
    assert str(late).startswith(f"已由（{decided.decided_by.name}）于")
    assert decided.decision == f"{decided.decided_by.name}的决定"
    assert Entry.objects.filter(action="liability.decide").count() == 1
    assert checks.verify().problems == []


def test_last_sheets_decided_at_once_close_the_case_once(cast, case):
    sheets = blame.served(cast, case, cast.checker, cast.verifier, cast.approver)
    for sheet in sheets:
        blame.answered(sheet)
    results = at_once([lambda sheet=sheet: blame.decided(cast, sheet) for sheet in sheets])
    assert kinds(results) == {"LiabilitySheet": 3}
    case.refresh_from_db()
    assert case.state == CaseState.DECIDED
    assert Entry.objects.filter(action="liability.close").count() == 1
    assert checks.verify().problems == []


def test_answers_of_several_people_at_once_do_not_stop_one_another(cast, case):
    sheets = blame.served(cast, case, cast.checker, cast.verifier, cast.approver)
    results = at_once([lambda sheet=sheet: blame.answered(sheet, "申辩") for sheet in sheets] + [sweep_clocks])
    assert [each for each in results if isinstance(each, Exception)] == []
    assert set(LiabilitySheet.objects.values_list("state", flat=True)) == {SheetState.APPEALED}
    assert checks.verify().problems == []


def test_lapse_decision_and_sweep_at_once_leave_one_lapse(cast, case, monkeypatch):
    sheets = blame.served(cast, case, cast.checker, cast.verifier)
    late = blame.after_window(sheets[0])
    monkeypatch.setattr(timezone, "now", lambda: late)
    results = at_once([
        chores.lapse, chores.lapse, sweep_clocks, sweep_clocks, lambda: blame.decided(cast, sheets[0]),
        lambda: blame.answered(sheets[1], "申辩"),
    ])  # fmt: skip
    assert {} == results[0] == results[1]
    assert kinds(results)["OperationalError"] == 0
    assert Entry.objects.filter(action="liability.lapse").count() == 2
    assert not LiabilitySheet.objects.filter(state=SheetState.PROPOSED).exists()
    assert checks.verify().problems == []
