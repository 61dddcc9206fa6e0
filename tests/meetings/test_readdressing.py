"""The address of a contact was mistyped and is corrected: what went to the former one opens nothing any more, and what is still owed
goes to the new one."""

from datetime import timedelta

import pytest
import vobject
from django.test import Client
from django.utils import timezone

from ledger.models import Entry
from meetings.guests import Guests
from meetings.models import AccessLink, Contact, Meeting
from meetings.services import calling, distributing, links, parties
from meetings.verification_course import course_matches
from notices.models import Delivery, Notice
from tests.meetings import kit as calls
from tests.meetings import minutes_kit as kit

pytestmark = pytest.mark.django_db
OLD, NEW = "contractor@example.com", "right@example.com"


@pytest.fixture(autouse=True)
def _mail(settings, monkeypatch):
    settings.EMAIL_IS_CONFIGURED = True
    kit.no_papers(monkeypatch)


@pytest.fixture
def contact(project) -> Contact:
    return kit.party(project, "宏远建设集团").contacts.select_related("party").get()


@pytest.fixture
def paper(cast, project, contact):
    return kit.issued(kit.meeting(cast, project, contacts=[contact]))


@pytest.fixture
def copy(paper, contact):
    return paper.distributions.get(party=contact.party)


def correct(cast, contact: Contact, **told) -> Contact:
    usual = {name: getattr(contact, name) for name in parties.CONTACT_FACTS}
    return parties.update_contact(actor=cast.verifier, contact=contact, **usual | {"email": NEW} | told)


def letters(address: str) -> list[Delivery]:
    return list(Delivery.objects.filter(address=address).order_by("pk"))


def opens(letter: Delivery) -> int:
    return Client().get("/m/" + letter.url.split("/m/")[1]).status_code


# ── Links ───────────────────────────────────────────────────────────────────
def test_the_link_at_the_wrong_address_is_dead_and_a_new_one_is_at_the_right_one(cast, contact, copy):
    (wrong,) = letters(OLD)
    old = AccessLink.objects.get()
    assert opens(wrong) == 200
    correct(cast, contact)
    assert opens(wrong) == 404
    (right,) = letters(NEW)
    assert opens(right) == 200
    assert "签收" in right.title
    assert letters(OLD) == [wrong]
    assert Entry.objects.filter(action="meeting.link_revoke").count() == 1
    entry = Entry.objects.get(action="contact.update")
    assert f'"revoked":[{old.pk}]' in entry.data
    assert f'"sent":[{copy.pk}]' in entry.data
    assert not any("链接" in line for line in course_matches())
    token = "/m/" + right.url.split("/m/")[1]
    assert Client().post(token, {"act": "receive", "name": "孙经理"}).status_code == 302
    assert kit.now(copy).receiver_name == "孙经理"


def test_who_received_may_still_object_by_the_new_link_and_later_gets_none(cast, contact, copy, monkeypatch):
    link = AccessLink.objects.get()
    distributing.receive_by_link(link=link, name="孙经理")
    correct(cast, contact)
    (right,) = letters(NEW)
    assert "新链接" in right.title
    assert "并签收" not in right.body
    assert opens(right) == 200
    later = timezone.now() + timedelta(days=20)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    correct(cast, kit.now(contact), email="third@example.com")
    assert opens(right) == 404
    assert letters("third@example.com") == []


def test_a_copy_that_went_to_who_took_the_place_of_another_is_theirs(cast, contact, copy):
    """The one it was sent to left; a reminder went to the unit's main contact, at a mistyped address."""
    second = parties.add_contact(actor=cast.verifier, party=contact.party, name="接替", email="typo@example.com", is_main=True)  # fmt: skip
    correct(cast, kit.now(contact), email=OLD, is_active=False, is_main=False)
    distributing.remind(actor=cast.verifier, meeting=copy.minutes.meeting, distributions=[copy.pk])
    (wrong,) = letters("typo@example.com")
    assert opens(wrong) == 200
    correct(cast, second)
    assert opens(wrong) == 404
    assert opens(letters(NEW)[0]) == 200


def test_where_there_is_no_address_left_the_organiser_hands_over_a_link(cast, contact, copy):
    (wrong,) = letters(OLD)
    correct(cast, contact, email="")
    assert opens(wrong) == 404
    assert Notice.objects.filter(recipient=cast.verifier, title__contains="原链接已撤销").count() == 1
    _, secret = links.create_receipt(actor=cast.verifier, distribution=copy)
    correct(cast, kit.now(contact))  # a link from somebody's hand stays
    assert Client().get(f"/m/{secret}/").status_code == 200
    assert letters(NEW) == []


def test_the_first_address_of_a_contact_brings_what_is_owed(cast, contact, copy):
    correct(cast, contact, email="")
    assert not AccessLink.objects.filter(revoked_at=None).exists()
    correct(cast, kit.now(contact))
    assert opens(letters(NEW)[0]) == 200


def test_other_units_and_other_changes_revoke_nothing(cast, project, contact, copy):
    other = kit.party(project, "别的单位", email="other@example.com").contacts.get()
    (wrong,) = letters(OLD)
    correct(cast, other)
    correct(cast, contact, email=OLD, phone="13900000000", position="总监")
    assert opens(wrong) == 200
    assert letters(NEW) == []


# ── Invitations ─────────────────────────────────────────────────────────────
def test_the_invitation_goes_to_the_new_address_as_it_is_now(cast, project):
    contact = calls.main_contact(calls.party(cast, project))
    meeting = calls.meeting(cast, project, contacts=[contact])
    cancelled = calls.meeting(cast, project, contacts=[contact], starts_at=calls.at(calls.tomorrow(), 15))
    calling.cancel_meeting(actor=cast.verifier, meeting=cancelled, turn=0, reason="x")
    starts_at = calls.at(calls.tomorrow(4), 9)
    calling.move_meeting(actor=cast.verifier, meeting=meeting, turn=0, reason="停电", starts_at=starts_at,
                         ends_at=starts_at + timedelta(hours=1))  # fmt: skip
    before = len(letters(contact.email))
    correct(cast, contact)
    (letter,) = letters(NEW)
    found = vobject.readOne(letter.calendar)
    assert found.method.value == "REQUEST"
    assert found.vevent.uid.value.startswith(meeting.uid)
    assert found.vevent.sequence.value == "1"
    assert found.vevent.dtstart.value == starts_at
    assert [each.value for each in found.vevent.attendee_list] == [f"mailto:{NEW}"]
    assert len(letters(contact.email)) == before
    assert f'"invited":["{meeting.number}"]' in Entry.objects.get(action="contact.update").data
    moved = Meeting.objects.get(pk=meeting.pk)
    calling.change_meeting(actor=cast.verifier, meeting=moved, turn=moved.turn, guests=Guests([], [kit.now(contact)]),
                           content=calling.Content(title="改名", organiser=cast.verifier))  # fmt: skip
    assert len(letters(NEW)) == 2


def test_of_a_series_the_new_address_gets_one_letter(cast, project):
    contact = calls.main_contact(calls.party(cast, project))
    of = calls.series(cast, project, contacts=[contact])
    correct(cast, contact)
    (letter,) = letters(NEW)
    events = vobject.readOne(letter.calendar).vevent_list
    assert len(events) == of.meetings.count() > 5


def test_a_contact_off_the_list_gets_nothing(cast, contact, copy):
    correct(cast, contact, is_active=False, is_main=False)
    assert letters(NEW) == []
    assert not AccessLink.objects.filter(revoked_at=None).exists()


def test_the_page_says_what_became_of_what_was_sent(cast, contact, copy, log_in):
    told = {"name": contact.name, "phone": contact.phone, "email": NEW, "is_main": "on", "is_active": "on"}
    address = f"/meetings/parties/{contact.party_id}/contacts/{contact.pk}/edit/"
    page = log_in(cast.verifier).post(address, told, follow=True).content.decode()
    assert "原邮箱的 1 个链接已撤销，1 项会议邀请和纪要已发往新邮箱。" in page
    page = log_in(cast.verifier).post(address, told | {"position": "总监"}, follow=True).content.decode()
    assert "联系人已修改。" in page
    assert "撤销" not in page
