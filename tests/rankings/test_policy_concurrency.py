"""Two who keep the policy or record the same at the same instant: one is taken, the other is told. Real connections, PostgreSQL."""

import pytest
from django.db import connection
from django.utils import timezone

from rankings.models import Attendance, Policy
from rankings.queries import policies as queries
from rankings.services import attendance
from rankings.services import policies as services
from tests.rankings import policy_kit as kit
from tests.scoring.test_concurrency import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="concurrency tests are PostgreSQL's"),
]


def test_of_five_who_copy_one_gets_a_draft(cast):
    outcomes = at_once(*[lambda: services.copy_policy(actor=cast.quality_office)] * 5)
    assert outcomes.count("done") == 1
    assert all("已有草稿" in each for each in outcomes if each != "done")


def test_what_is_published_is_what_was_looked_at_even_while_somebody_saves(cast):
    """The save or the publishing comes first, never a mixture of both."""
    draft = kit.draft_of(cast.quality_office)
    seen = queries.content_of(draft)
    other = kit.with_amounts(seen, "321")
    mine, yours = Policy.objects.get(pk=draft.pk), Policy.objects.get(pk=draft.pk)
    outcomes = at_once(
        lambda: services.save_draft(actor=cast.quality_office, policy=mine, turn=0, content=other),
        lambda: services.publish_policy(
            actor=cast.executive, confirmation=kit.signed(cast.executive), policy=yours, turn=0, against=1
        ),
    )
    draft.refresh_from_db()
    assert outcomes.count("done") == 1
    assert queries.content_of(draft) == (other if draft.is_draft else seen)


def test_of_five_who_record_the_same_one_is_kept(cast):
    rule = kit.rule_of("旷工")

    def record():
        attendance.record(actor=cast.quality_office, person=cast.preparer, rule=rule, happened_on=timezone.localdate())

    outcomes = at_once(*[record] * 5)
    assert outcomes.count("done") == 1
    assert all("已经登记" in each for each in outcomes if each != "done")
    assert Attendance.objects.count() == 1
