"""Objections within the window, their answers, supplements."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from meetings.chain import AlreadyHandled
from meetings.models import Minutes, Objection
from meetings.services import links, minutes, objections
from meetings.verification import minutes_match
from notices.models import Delivery
from tests.conftest import PASSWORD, guards_lifted
from tests.meetings import minutes_kit as kit
from tests.reviews.flow import confirmed


@pytest.fixture
def made(cast, project, monkeypatch):
    kit.no_papers(monkeypatch)
    return kit.world(cast, project)


@pytest.fixture
def objection(cast, made):
    return objections.make(actor=cast.preparer, distribution=made.own, text="第 2 项的期限不符")


def test_a_recipient_objects_and_nobody_for_them(cast, made, objection):
    assert (objection.by_name, objection.answered_at) == ("编制人", None)
    for person, copy in ((cast.checker, made.own), (cast.preparer, made.copy)):
        with pytest.raises(PermissionDenied):
            objections.make(actor=person, distribution=copy, text="x")
    with pytest.raises(ValidationError):
        objections.make(actor=cast.preparer, distribution=made.own, text="  ")


def test_after_the_window_it_is_too_late(cast, made):
    with guards_lifted(connection):
        Minutes.objects.update(objections_until=timezone.localdate() - timedelta(days=1))
    with pytest.raises(ValidationError, match="已过"):
        objections.make(actor=cast.preparer, distribution=type(made.own).objects.get(pk=made.own.pk), text="x")


def test_the_organiser_refuses_with_a_reason_once(cast, made, objection):
    with pytest.raises(PermissionDenied):
        objections.refuse(actor=cast.preparer, objection=objection, answer="x")
    with pytest.raises(ValidationError):
        objections.refuse(actor=cast.verifier, objection=objection, answer=" ")
    found = objections.refuse(actor=cast.verifier, objection=objection, answer="录音为证")
    assert (found.is_accepted, found.answer) == (False, "录音为证")
    with pytest.raises(AlreadyHandled):
        objections.refuse(actor=cast.verifier, objection=objection, answer="又")
    assert list(minutes_match()) == []


def test_an_accepted_objection_leads_to_a_supplement_and_the_issued_text_stays(cast, made, objection):
    row = minutes.supplement(
        actor=cast.verifier, minutes=made.minutes, text="期限更正为 12 月 5 日。", objections=[objection], confirmation=confirmed(cast.verifier)
    )  # fmt: skip
    found = kit.now(objection)
    assert (found.is_accepted, found.supplement) == (True, row)
    assert row.content["objections"] == [["编制人", "第 2 项的期限不符"]]
    assert "12 月 5 日" in row.text
    assert kit.now(made.minutes).content == made.minutes.content
    assert list(minutes_match()) == []


def test_an_objection_that_was_answered_meanwhile_undoes_the_supplement(cast, made, objection):
    objections.refuse(actor=cast.verifier, objection=objection, answer="不符")
    with pytest.raises(AlreadyHandled), transaction.atomic():
        minutes.supplement(actor=cast.verifier, minutes=made.minutes, text="更正", objections=[objection],
                           confirmation=confirmed(cast.verifier))  # fmt: skip
    assert Minutes.objects.count() == 1


def test_a_unit_is_written_to_when_its_objection_is_refused_and_reads_the_answer_by_the_link(
    cast, made, client, settings
):
    settings.EMAIL_IS_CONFIGURED = True
    link, secret = links.create_receipt(actor=cast.verifier, distribution=made.copy)
    row = objections.make_by_link(link=link, name="李工", text="第 2 项的期限不符")
    objections.refuse(actor=cast.verifier, objection=row, answer="录音为证")
    letter = Delivery.objects.get(title__contains="异议已答复")
    assert letter.address == made.copy.contact.email
    assert "录音为证" not in letter.body
    address = letter.url.removeprefix(settings.SITE_URL)
    assert "录音为证" in client.get(address).text
    assert client.get(links.address_of(secret).removeprefix(settings.SITE_URL)).status_code == 404


def test_who_refuses_an_objection_of_a_unit_without_an_address_is_told_to_tell_it(cast, made, log_in):
    link, _ = links.create_receipt(actor=cast.verifier, distribution=made.copy)
    row = objections.make_by_link(link=link, name="李工", text="第 2 项的期限不符")
    url = f"/meetings/{made.meeting.pk}/objections/{row.pk}/answer/"
    page = log_in(cast.verifier).post(url, {"answer": "录音为证"}, follow=True).text
    assert f"{made.contractor.name}没有可用的邮箱" in page


def test_what_was_said_stays_as_it_was(objection):
    for change in ({"text": "别的"}, {"by_name": "别人"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Objection.objects.filter(pk=objection.pk).update(**change)


def test_an_objection_edited_behind_the_back_is_named(cast, objection):
    with guards_lifted(connection):
        Objection.objects.filter(pk=objection.pk).update(text="别的")
    assert any("异议" in words for words in minutes_match())


# ── The pages ───────────────────────────────────────────────────────────────
def test_the_way_from_objection_to_supplement_through_the_pages(cast, made, log_in):
    base = f"/meetings/{made.meeting.pk}"
    told = {"text": "<script>alert(1)</script>期限不符"}
    assert log_in(cast.checker).post(f"{base}/receipts/{made.own.pk}/object/", told).status_code == 403
    assert log_in(cast.preparer).post(f"{base}/receipts/{made.own.pk}/object/", told).status_code == 302
    row = Objection.objects.get()
    browser = log_in(cast.verifier)
    page = browser.get(f"{base}/receipts/").content.decode()
    assert "1 条待答复" in page
    assert "<script>alert" not in page
    assert browser.get(f"{base}/objections/{row.pk}/answer/").status_code == 200
    told = {"text": "更正为 12 月 5 日。", "objections": [row.pk], "password": "wrong"}
    assert browser.post(f"{base}/supplement/", told).status_code == 400
    assert Minutes.objects.count() == 1
    assert browser.post(f"{base}/supplement/", told | {"password": PASSWORD}).status_code == 302
    assert kit.now(row).is_accepted
    assert browser.get(f"{base}/objections/{row.pk}/answer/").status_code == 409
    assert "12 月 5 日" in browser.get(f"{base}/minutes/").content.decode()


def test_a_supplement_cannot_accept_what_belongs_to_other_minutes(cast, project, made, objection, log_in):
    other = kit.issued(kit.meeting(cast, project))
    told = {"text": "更正", "objections": [objection.pk], "password": PASSWORD}
    assert log_in(cast.verifier).post(f"/meetings/{other.meeting_id}/supplement/", told).status_code == 400
    assert kit.now(objection).answered_at is None
    assert (
        log_in(cast.verifier).get(f"/meetings/{other.meeting_id}/objections/{objection.pk}/answer/").status_code == 404
    )
