"""The chain from submission to issue, rule by rule (domain §3)."""

from decimal import Decimal

import pytest

from reviews.choices import State
from tests.reviews import flow


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project)


def waiting_for(deliverable) -> list[tuple[str, str]]:
    return [(w.user.name, w.duty) for r in deliverable.rounds.all() for w in r.waitings.all()]


def test_deliverable_passes_three_levels_and_is_issued(cast, deliverable):
    assert waiting_for(deliverable) == [("编制人", "prepare")]
    flow.submit(deliverable)
    assert waiting_for(deliverable) == [("校核人", "sign")]
    flow.sign(deliverable)
    assert waiting_for(deliverable) == [("复核人", "sign")]
    flow.sign(deliverable)
    flow.sign(deliverable, hits=flow.hits_losing(Decimal("13.5")))
    assert waiting_for(deliverable) == [("总工", "issue")]
    round = flow.issue(deliverable)
    assert round.state == State.ISSUED
    assert waiting_for(deliverable) == []
    sheet = round.signatures.get(level__title="审核").score_sheet
    assert (sheet.total, sheet.grade) == (Decimal("86.50"), "优良")
    assert round.issue.number.startswith("2026-ZJ1-JSSH-")
