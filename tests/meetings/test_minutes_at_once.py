"""Many at once: minutes are issued once, an item keeps one of two versions, a receipt arrives once, guests find their places."""

from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from ledger.models import Entry
from meetings.models import Invitation, Minutes
from meetings.services import attendance, distributing, links, minutes, objections
from meetings.verification import minutes_match
from tests.meetings import minutes_kit as kit
from tests.reviews.crowd import at_once
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _stored(cast, monkeypatch):
    """Threads see only what is stored: the cast is, before any of them starts."""
    assert connection.in_atomic_block is False
    kit.no_papers(monkeypatch)


def kinds(results) -> Counter:
    return Counter(type(result).__name__ for result in results)


def test_of_several_issues_one_counts_and_the_others_are_told(cast, project):
    meeting = kit.written(kit.meeting(cast, project))

    def issue():
        return minutes.issue(
            actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier)
        )

    assert kinds(at_once([issue] * 4)) == {"Minutes": 1, "AlreadyHandled": 3}
    assert Minutes.objects.get().number == f"JY-{timezone.localdate().year}-0001"
    assert list(minutes_match()) == []


def test_an_item_and_the_issue_do_not_pass_each_other(cast, project):
    """Whatever comes first: what is issued is what is stored."""
    meeting = kit.written(kit.meeting(cast, project))
    item = meeting.agenda.first()
    results = at_once([
        lambda: minutes.save_item(actor=cast.verifier, item=item, turn=item.turn, record="最后一刻", decision="定"),
        lambda: minutes.issue(actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier)),
    ])  # fmt: skip
    assert "Minutes" in kinds(results)
    assert Minutes.objects.get().content["items"][0]["record"] == kit.now(item).record


def test_two_who_save_one_item_keep_one_version_and_the_other_is_told(cast, project):
    meeting = kit.meeting(cast, project, recorder=cast.preparer)
    item = meeting.agenda.first()
    results = at_once([
        lambda n=n: minutes.save_item(actor=cast.preparer, item=item, turn=0, record=f"第 {n} 版", decision="") for n in range(4)
    ])  # fmt: skip
    assert kinds(results) == {"AgendaItem": 1, "ItemConflict": 3}


def test_a_receipt_and_an_answer_arrive_once(cast, project):
    made = kit.world(cast, project)
    link, _ = links.create_receipt(actor=cast.verifier, distribution=made.copy)
    at_once([lambda n=n: distributing.receive_by_link(link=link, name=f"签收人{n}") for n in range(4)])
    assert Entry.objects.filter(action="minutes.receive").count() == 1
    objection = objections.make(actor=cast.preparer, distribution=made.own, text="不符")
    results = at_once([lambda: objections.refuse(actor=cast.verifier, objection=objection, answer="录音为证")] * 3)
    assert kinds(results) == {"Objection": 1, "AlreadyHandled": 2}
    assert list(minutes_match()) == []


def test_guests_who_tap_at_once_stand_on_the_list_once(cast, project):
    contractor = kit.party(project)
    meeting = kit.meeting(cast, project, contacts=list(contractor.contacts.all()), hours=-0.5)
    link, _ = links.create_sign_in(actor=cast.verifier, meeting=meeting)
    at_once([lambda: attendance.sign_in_by_phone(link=link, name="王监理", unit="江北监理")] * 4)
    assert Invitation.objects.filter(meeting=meeting, name="王监理").count() == 1
