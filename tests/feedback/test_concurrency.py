"""Many at once: numbers without gaps, one winner for each turn, nobody waits for ever."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deadlines.models import Deadline
from deadlines.services import sweep
from feedback import services
from feedback.models import AboutPerson, Complaint
from ledger import checks
from tests.feedback import telling
from tests.reviews.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 6


@pytest.fixture(autouse=True)
def _stored(cast):
    """Threads see only what is stored: the cast is, before any of them starts."""
    assert connection.in_atomic_block is False


def kinds(results) -> Counter:
    return Counter(type(result).__name__ for result in results)


def test_complaints_that_come_at_once_get_numbers_without_gaps():
    results = at_once([lambda: telling.complaint()] * CROWD)
    assert kinds(results) == {"Complaint": CROWD}
    year = timezone.localdate().year
    assert sorted(Complaint.objects.values_list("number", flat=True)) == [
        f"TS-{year}-{n:04}" for n in range(1, CROWD + 1)
    ]
    assert checks.verify().problems == []


def test_one_of_two_handlers_accepts_it_and_its_clocks_run_once(cast):
    complaint = telling.complaint()
    actors = [cast.quality_office, cast.executive] * 2
    results = at_once(
        [lambda actor=actor: services.accept(actor=actor, complaint=complaint, turn=0) for actor in actors]
    )
    assert kinds(results) == {"Complaint": 1, "AlreadyHandled": 3}
    assert sorted(Deadline.objects.values_list("rule__code", "state")) == [
        ("complaint_accept", "fulfilled"), ("complaint_close", "running"),
    ]  # fmt: skip


def test_handling_standing_aside_and_the_sweep_do_not_stop_one_another(cast, monkeypatch):
    complaint = telling.complaint()
    late = timezone.now() + timedelta(days=20)
    monkeypatch.setattr(timezone, "now", lambda: late)
    results = at_once([
        lambda: services.accept(actor=cast.executive, complaint=complaint, turn=0),
        lambda: services.add_about(actor=cast.executive, complaint=complaint, user=cast.quality_office),
        lambda: services.add_named(actor=cast.executive, complaint=complaint, user=cast.verifier),
        lambda: services.view_sender(actor=cast.executive, complaint=complaint, reason="核实"),
        sweep,
        sweep,
    ])  # fmt: skip
    assert [each for each in results if isinstance(each, Exception)] == []
    assert Complaint.objects.get().state == "investigating"
    assert Deadline.objects.open().get().responsible is None
    assert checks.verify().problems == []


def test_the_same_person_is_set_aside_once(cast):
    complaint = telling.complaint()
    add = [lambda: services.add_about(actor=cast.executive, complaint=complaint, user=cast.verifier)] * 4
    assert kinds(at_once(add)) == {"AboutPerson": 1, "ValidationError": 3}
    assert AboutPerson.objects.count() == 1
