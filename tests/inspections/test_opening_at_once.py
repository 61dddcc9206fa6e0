"""立项 by many at once: numbers without gaps, one inspection of a project in a plan, one re-inspection, one winner a turn."""

from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from inspections import services as plan_services
from inspections.choices import Kind, PlanState, State
from inspections.models import Inspection
from inspections.services import drawn, opening
from ledger import checks
from tests.inspections import kit
from tests.reviews.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = timezone.localdate()
CROWD = 5


@pytest.fixture(autouse=True)
def _stored(cast):
    """Threads see only what is stored: the cast is, before any of them starts."""
    assert connection.in_atomic_block is False


def kinds(results) -> Counter:
    return Counter(type(result).__name__ for result in results)


def open_one(cast, project, **more) -> Inspection:
    told = {"kind": Kind.IRREGULAR, "lead": cast.quality_office, "planned_on": TODAY} | more
    return opening.open_inspection(actor=cast.quality_office, project=project, **told)


@pytest.fixture
def sample(cast, project, other_project):
    plan = plan_services.create_plan(actor=cast.quality_office, year=TODAY.year, kind=Kind.REGULAR, title="年度检查")
    plan = plan_services.move_plan(actor=cast.quality_office, plan=plan, state=PlanState.IN_FORCE)
    return plan_services.draw_sample(actor=cast.quality_office, plan=plan, size=2)


def test_inspections_that_are_opened_at_once_get_numbers_without_gaps(cast, project):
    results = at_once([lambda: open_one(cast, project)] * CROWD)
    assert kinds(results) == {"Inspection": CROWD}
    numbers = sorted(Inspection.objects.values_list("number", flat=True))
    assert numbers == [f"JC-{TODAY.year}-{n:04}" for n in range(1, CROWD + 1)]
    assert checks.verify().problems == []


def test_of_several_who_open_a_sample_one_opens_it_and_the_others_are_told(cast, project, other_project, sample):
    def act():
        return drawn.open_drawn(actor=cast.quality_office, draw=sample, projects=[project, other_project],
                                lead=cast.quality_office, planned_on=TODAY)  # fmt: skip

    results = at_once([act] * 3)
    assert kinds(results) == {"list": 1, "ValidationError": 2}
    assert all("已经立项" in message for each in results if not isinstance(each, list) for message in each.messages)
    assert Inspection.objects.count() == 2
    assert sorted(Inspection.objects.values_list("number", flat=True)) == [
        f"JC-{TODAY.year}-{n:04}" for n in (1, 2)
    ]  # fmt: skip


def test_reinspection_is_opened_once(cast, project):
    former = kit.concluded(cast, project, veto=True)
    results = at_once([lambda: open_one(cast, project, reinspection_of=former)] * 3)
    assert kinds(results) == {"Inspection": 1, "ValidationError": 2}
    assert former.reinspections.count() == 1


def test_of_two_who_cancel_and_one_who_appoints_one_wins(cast, project):
    found, second = open_one(cast, project), kit.inspector(cast)
    told = {"inspection": found, "turn": 0, "reason": "改期"}
    results = at_once([
        lambda: opening.cancel(actor=cast.quality_office, **told),
        lambda: opening.cancel(actor=second, **told),
        lambda: opening.appoint(actor=second, lead=second, inspectors=[], planned_on=TODAY, **told),
    ])  # fmt: skip
    assert kinds(results) == {"Inspection": 1, "AlreadyHandled": 2}
    found = kit.now(found)
    assert found.turn == 1
    crew = list(found.inspectors.values_list("user", flat=True))
    assert crew == ([cast.quality_office.pk] if found.state == State.CANCELLED else [second.pk])
    assert checks.verify().problems == []
