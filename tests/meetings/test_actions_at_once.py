"""Many at once at one action item: one act counts, its clock ends once, and a sweep in between stands in nobody's way."""

from collections import Counter

import pytest

from deadlines import services as deadline_services
from deadlines.models import Deadline
from deadlines.verification import ended_clocks_match
from ledger.models import Entry
from meetings.models import ActionItem
from meetings.services import action_items as services
from tests.meetings import minutes_kit as kit
from tests.meetings.test_action_items import held, in_days, item
from tests.reviews.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(results) -> Counter:
    return Counter(type(result).__name__ for result in results)


def test_of_done_close_change_and_drop_at_once_one_counts(cast, project):
    meeting = held(cast, project)
    row = item(cast, meeting)
    told = {"item": row, "turn": row.turn}
    results = at_once([
        lambda: services.report_done(actor=cast.preparer, note="完成", **told),
        lambda: services.close_item(actor=cast.verifier, note="会上出示", **told),
        lambda: services.drop_item(actor=cast.verifier, reason="不再需要", **told),
        lambda: services.change_item(actor=cast.verifier, text="核对", owner=cast.preparer, due_on=in_days(9), **told),
        deadline_services.sweep,
    ])  # fmt: skip
    assert kinds(results) == {"ActionItem": 1, "AlreadyHandled": 3, "Swept": 1}
    assert Entry.objects.about(row).count() == 2
    assert kit.now(row).turn == 1
    assert list(ended_clocks_match()) == []


def test_items_set_at_once_have_numbers_and_clocks_of_their_own(cast, project):
    meeting = held(cast, project)
    results = at_once([lambda n=n: item(cast, meeting, text=f"事项 {n}") for n in range(4)])
    assert kinds(results) == {"ActionItem": 4}
    assert len(set(ActionItem.objects.values_list("number", flat=True))) == 4
    assert Deadline.objects.open().filter(subject_type="meetings.actionitem").count() == 4


def test_progress_noted_twice_at_once_carries_the_item_once(cast, project):
    row = item(cast, held(cast, project))
    later = held(cast, project, hours=-1)
    results = at_once([
        lambda n=n: services.note_progress(actor=cast.verifier, meeting=later, item=row, note=f"{n} 成") for n in range(3)
    ])  # fmt: skip
    assert kinds(results) == {"CarriedItem": 3}
    assert later.carried_items.count() == 1
