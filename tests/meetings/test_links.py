"""Links for people without an account: one purpose, expiring, revocable, not guessable, telling nothing else."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from meetings.choices import Attendance, LinkPurpose, PartyKind
from meetings.models import AccessLink, Contact, Invitation, Objection
from meetings.services import links
from tests.conftest import guards_lifted
from tests.meetings import minutes_kit as kit


@pytest.fixture(autouse=True)
def _papers(monkeypatch):
    kit.no_papers(monkeypatch)


@pytest.fixture
def phone():
    """A browser without a session, which sends neither cookies nor an origin (`no-referrer`); CSRF is checked."""
    return Client(enforce_csrf_checks=True, headers={"Origin": "null"})


@pytest.fixture
def door(cast, project):
    """A meeting that goes on, with two of the contractor's people invited, and its link."""
    contractor = kit.party(project, "宏远建设集团", PartyKind.MAIN_CONTRACTOR, "李工")
    meeting = kit.meeting(cast, project, contacts=list(contractor.contacts.all()), hours=-0.5)
    link, secret = links.create_sign_in(actor=cast.verifier, meeting=meeting)
    return meeting, link, secret


@pytest.fixture
def receipt(cast, project):
    made = kit.world(cast, project)
    made.link, made.secret = links.create_receipt(actor=cast.verifier, distribution=made.copy)
    return made


def url(secret, tail=""):
    return f"/m/{secret}/{tail}"


# ── The secret ──────────────────────────────────────────────────────────────
def test_a_secret_has_192_bits_and_only_its_hash_is_kept(door):
    _, link, secret = door
    assert len(secret) == 32
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", secret)
    assert link.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    values = AccessLink.objects.filter(pk=link.pk).values_list().get()
    assert not any(secret in str(value) for value in values)


def test_a_new_link_ends_the_earlier_one(cast, door, phone):
    meeting, _, first = door
    _, second = links.create_sign_in(actor=cast.verifier, meeting=meeting)
    assert phone.get(url(first)).status_code == 404
    assert phone.get(url(second)).status_code == 200


def test_unknown_expired_revoked_and_over_give_one_and_the_same_page(cast, door, phone):
    meeting, link, secret = door
    unknown = phone.get(url("x" * 32))
    pages = [
        phone.get(url("a")),
        phone.get(url("é" * 16)),
        phone.get(url("y" * 500)),
        phone.get(url("z" * 32, "minutes.pdf")),
    ]
    with guards_lifted(connection):
        AccessLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    pages.append(phone.get(url(secret)))
    with guards_lifted(connection):
        AccessLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() + timedelta(hours=1))
    assert phone.get(url(secret)).status_code == 200
    type(meeting).objects.filter(pk=meeting.pk).update(
        ends_at=timezone.now() - timedelta(hours=2), starts_at=timezone.now() - timedelta(hours=4)
    )
    pages.append(phone.get(url(secret)))
    type(meeting).objects.filter(pk=meeting.pk).update(ends_at=timezone.now(), state="cancelled")
    pages.append(phone.get(url(secret)))
    type(meeting).objects.filter(pk=meeting.pk).update(state="planned")
    links.revoke(actor=cast.verifier, meeting=meeting)
    pages += [phone.get(url(secret)), phone.post(url(secret), {"who": "1"})]
    for page in pages:
        assert (page.status_code, page.content) == (404, unknown.content)


def test_the_hash_of_a_secret_opens_nothing(door, phone):
    _, link, _ = door
    assert phone.get(url(link.secret_sha256)).status_code == 404


def test_who_tries_links_is_slowed_down_and_others_are_not(door, phone):
    _, _, secret = door
    found = [phone.get(url(f"{number:032}")).status_code for number in range(25)]
    assert found == [404] * 20 + [429] * 5
    assert Client(REMOTE_ADDR="10.9.9.9").get(url(secret)).status_code == 200


def test_the_pages_are_private(door, receipt, phone):
    for secret in (door[2], receipt.secret):
        response = phone.get(url(secret))
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]
        assert "no-store" in response["Cache-Control"]
        assert not response.cookies
        assert b"http://" not in re.sub(rb"xmlns=\S+", b"", response.content)


def test_a_link_cannot_be_changed_into_another_by_the_database(door, receipt):
    _, link, _ = door
    for change in ({"expires_at": timezone.now() + timedelta(days=9)}, {"secret_sha256": "0" * 64}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AccessLink.objects.filter(pk=link.pk).update(**change)


# ── Signing in ──────────────────────────────────────────────────────────────
def test_a_guest_picks_the_own_name(door, phone):
    meeting, _, secret = door
    page = phone.get(url(secret)).content.decode()
    assert "李工" in page
    row = meeting.invitations.get(contact__name="李工")
    response = phone.post(url(secret), {"who": row.pk})
    assert (response.status_code, "签到成功" in response.content.decode()) == (200, True)
    row.refresh_from_db()
    assert (row.attendance, row.signed_by) == (Attendance.PRESENT, "phone")
    first = row.signed_at
    phone.post(url(secret), {"who": row.pk})
    row.refresh_from_db()
    assert row.signed_at == first


def test_a_walk_in_types_name_and_unit_and_is_there_once(door, phone):
    meeting, _, secret = door
    told = {"walk_in": "1", "name": " <script>alert(1)</script> ", "unit": "丙<b>公司"}
    for _ in range(2):
        response = phone.post(url(secret), told)
        assert response.status_code == 200
        assert b"<script>alert" not in response.content
    row = meeting.invitations.get(user=None, contact=None)
    assert (row.name, row.note, row.attendance) == ("<script>alert(1)</script>", "丙<b>公司", Attendance.PRESENT)


@pytest.mark.parametrize(
    "told", [{"name": "", "unit": "丙"}, {"name": "王"}, {"name": "王" * 41, "unit": "丙"}, {"name": "王", "unit": "丙" * 101},
             {"name": "王\x00", "unit": "丙"}, {"name": "王", "party": "999999"}]
)  # fmt: skip
def test_what_a_walk_in_leaves_out_or_overdoes_is_refused(door, phone, told):
    meeting, _, secret = door
    assert phone.post(url(secret), {"walk_in": "1", **told}).status_code == 400
    assert not meeting.invitations.filter(user=None, contact=None).exists()


def test_the_list_is_not_filled_from_outside(door, phone, monkeypatch):
    monkeypatch.setattr("meetings.services.attendance.MOST_WALK_INS", 2)
    _, _, secret = door
    found = [phone.post(url(secret), {"walk_in": "1", "name": f"客{n}", "unit": "丙"}).status_code for n in range(3)]
    assert found == [200, 200, 400]


def test_nobody_signs_for_one_of_us_or_at_another_meeting(cast, door, phone, project, other_project):
    meeting, _, secret = door
    other = kit.meeting(cast, project, contacts=list(kit.party(project, "他方").contacts.all()), hours=-0.5)
    for row in (meeting.invitations.get(user=cast.verifier), other.invitations.get(contact__isnull=False)):
        assert phone.post(url(secret), {"who": row.pk, "attendance": "leave", "meeting": other.pk}).status_code == 400
        row.refresh_from_db()
        assert row.attendance == Attendance.EXPECTED
    for who in ("", "x", "1 OR 1=1", "9" * 40, "-1"):
        assert phone.post(url(secret), {"who": who}).status_code == 400


def test_the_page_tells_no_other_unit_and_no_other_project(cast, door, phone, project, other_project):
    kit.party(other_project, "别处的单位", creator=cast.executive)
    kit.party(project, "未受邀的单位")
    page = phone.get(url(door[2])).content.decode()
    for word in ("别处的单位", "未受邀的单位", other_project.name, project.name, cast.verifier.name):
        assert word not in page


def test_it_opens_an_hour_before_the_meeting(cast, project, phone):
    contractor = kit.party(project, "滨江建设集团")
    meeting = kit.meeting(cast, project, contacts=list(contractor.contacts.all()), hours=2)
    _, secret = links.create_sign_in(actor=cast.verifier, meeting=meeting)
    assert "请届时再打开" in phone.get(url(secret)).content.decode()
    row = meeting.invitations.get(contact__isnull=False)
    assert phone.post(url(secret), {"who": row.pk}).status_code == 400


# ── Receiving ───────────────────────────────────────────────────────────────
def test_a_unit_reads_and_receives_by_its_link(receipt, phone):
    page = phone.get(url(receipt.secret)).content.decode()
    assert receipt.minutes.number in page
    paper = phone.get(url(receipt.secret, "minutes.pdf"))
    assert paper.content == kit.PDF + receipt.minutes.number.encode()
    assert paper["Content-Type"] == "application/pdf"
    assert phone.post(url(receipt.secret), {"act": "receive", "name": "孙经理"}).status_code == 302
    copy = kit.now(receipt.copy)
    assert (copy.received_by, copy.receiver_name) == ("link", "孙经理")
    phone.post(url(receipt.secret), {"act": "receive", "name": "别人"})
    assert kit.now(copy).receiver_name == "孙经理"
    assert "已签收" in phone.get(url(receipt.secret)).content.decode()


@pytest.mark.parametrize("name", ["", " ", "长" * 41, "甲\x00"])
def test_a_receipt_needs_a_name(receipt, phone, name):
    assert phone.post(url(receipt.secret), {"act": "receive", "name": name}).status_code == 400
    assert kit.now(receipt.copy).received_at is None


def test_a_link_to_receive_does_nothing_else(receipt, phone):
    """Not another copy, not attendance, whatever hidden fields say."""
    other = receipt.minutes.distributions.get(party=receipt.client)
    guest = Invitation.objects.filter(contact__isnull=False).first()
    told = {
        "act": "receive",
        "name": "孙",
        "distribution": other.pk,
        "copy": other.pk,
        "who": guest.pk,
        "walk_in": "1",
    }
    assert phone.post(url(receipt.secret), told).status_code == 302
    assert kit.now(other).received_at is None
    assert kit.now(receipt.copy).received_at is not None
    for act in ("", "answer", "sign_in", "revoke"):
        assert phone.post(url(receipt.secret), {"act": act, "name": "孙"}).status_code in (200, 400)


def test_a_link_to_sign_in_opens_no_paper_and_receives_nothing(cast, project, door, receipt, phone):
    assert phone.get(url(door[2], "minutes.pdf")).status_code == 404
    phone.post(url(door[2]), {"act": "receive", "name": "孙"})
    phone.post(url(door[2]), {"act": "object", "name": "孙", "text": "异议"})
    assert kit.now(receipt.copy).received_at is None
    assert not Objection.objects.exists()
    assert AccessLink.objects.filter(purpose=LinkPurpose.SIGN_IN).count() == 1


def test_a_unit_objects_by_its_link_which_is_a_receipt_too(receipt, phone):
    told = {"act": "object", "name": "孙<i>", "text": "第 2 项<script>alert(1)</script>不符"}
    assert phone.post(url(receipt.secret), told).status_code == 302
    row = Objection.objects.get()
    assert (row.distribution, row.by_name) == (receipt.copy, "孙<i>")
    assert kit.now(receipt.copy).received_by == "link"
    assert b"<script>alert" not in phone.get(url(receipt.secret)).content
    phone.post(url(receipt.secret), told)
    assert Objection.objects.count() == 1


def test_a_logged_in_browser_does_no_more_with_a_link_than_a_guest(cast, receipt, log_in):
    response = log_in(cast.quality_office).get(url(receipt.secret))
    assert response.status_code == 200
    assert cast.quality_office.name not in response.content.decode()


def test_of_many_guests_the_page_costs_no_more(cast, project, phone):
    contractor = kit.party(project, "滨江建设集团")
    Contact.objects.bulk_create(Contact(party=contractor, name=f"客{n}", phone=str(n + 5)) for n in range(30))
    few = kit.meeting(cast, project, contacts=list(contractor.contacts.all())[:1], hours=-0.5)
    many = kit.meeting(cast, project, contacts=list(contractor.contacts.all()), hours=-0.5)
    counts = []
    for meeting in (few, many):
        _, secret = links.create_sign_in(actor=cast.verifier, meeting=meeting)
        phone.get(url(secret))
        with CaptureQueriesContext(connection) as captured:
            assert phone.get(url(secret)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
