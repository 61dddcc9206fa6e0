"""Who was there: by name, by one's own click, through the QR code (test_links)."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ledger.models import Entry
from meetings.chain import AlreadyHandled
from meetings.choices import Attendance
from meetings.services import attendance, links
from tests.meetings import minutes_kit as kit


@pytest.fixture
def meeting(cast, project):
    contractor = kit.party(project, "宏远建设集团", "main_contractor", "李工")
    return kit.meeting(cast, project, recorder=cast.preparer, users=[cast.checker], contacts=list(contractor.contacts.all()), hours=-0.5)  # fmt: skip


def test_the_list_is_registered_by_name_with_its_row_in_the_ledger(cast, meeting):
    own, other = meeting.invitations.get(user=cast.checker), meeting.invitations.get(contact__name="李工")
    count = attendance.register(
        actor=cast.preparer, meeting=meeting, rows={own.pk: ("leave", "出差"), other.pk: ("present", "")}
    )
    assert count == 2
    other.refresh_from_db()
    assert (other.attendance, other.signed_by) == (Attendance.PRESENT, "organiser")
    assert '"attendance":"leave"' in Entry.objects.get(action="meeting.attendance").data
    assert attendance.register(actor=cast.preparer, meeting=meeting, rows={own.pk: ("leave", "出差")}) == 0


def test_what_is_no_attendance_and_people_of_other_meetings_are_left_alone(cast, project, meeting):
    row = meeting.invitations.first()
    with pytest.raises(ValidationError):
        attendance.register(actor=cast.verifier, meeting=meeting, rows={row.pk: ("king", "")})
    other = kit.meeting(cast, project).invitations.first()
    assert attendance.register(actor=cast.verifier, meeting=meeting, rows={other.pk: ("present", "")}) == 0
    assert kit.now(other).attendance == Attendance.EXPECTED


def test_one_of_us_signs_in_by_a_click_and_only_who_is_invited(cast, meeting, log_in):
    page = log_in(cast.checker).get(f"/meetings/{meeting.pk}/attendance/").content.decode()
    assert "尚未签到" in page
    log_in(cast.checker).post(f"/meetings/{meeting.pk}/attendance/sign-in/")
    row = meeting.invitations.get(user=cast.checker)
    assert (row.attendance, row.signed_by) == (Attendance.PRESENT, "self")
    assert log_in(cast.approver).post(f"/meetings/{meeting.pk}/attendance/sign-in/").status_code == 403
    with pytest.raises(PermissionDenied):
        attendance.sign_in(actor=cast.approver, meeting=meeting)


def test_nobody_signs_in_the_day_before_or_the_day_after(cast, project):
    for hours in (24, -24):
        meeting = kit.meeting(cast, project, users=[cast.checker], hours=hours)
        with pytest.raises(ValidationError):
            attendance.sign_in(actor=cast.checker, meeting=meeting)


def test_others_see_the_list_and_register_nothing(cast, meeting, log_in):
    url = f"/meetings/{meeting.pk}/attendance/"
    row = meeting.invitations.first()
    page = log_in(cast.approver).get(url).content.decode()
    assert "李工" in page
    assert "保存出席" not in page
    assert log_in(cast.approver).post(url, {f"a-{row.pk}": "present"}).status_code == 403
    assert log_in(cast.outsider).get(url).status_code == 404


def test_the_code_is_shown_once_on_an_answer_that_nobody_keeps(cast, meeting, log_in):
    browser = log_in(cast.preparer)
    url = f"/meetings/{meeting.pk}/attendance/"
    response = browser.post(f"{url}link/")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "data:image/svg+xml" in response.content.decode()
    assert "/m/" in response.content.decode()
    page = browser.get(url).content.decode()
    assert "重新生成二维码" in page
    assert "/m/" not in page
    browser.post(f"{url}link/revoke/")
    assert links.sign_in_link(meeting) is None
    assert log_in(cast.checker).post(f"{url}link/").status_code == 403


def test_a_list_of_issued_minutes_is_closed(cast, project, monkeypatch, log_in):
    kit.no_papers(monkeypatch)
    made = kit.world(cast, project)
    row = made.meeting.invitations.first()
    with pytest.raises(AlreadyHandled):
        attendance.register(actor=cast.verifier, meeting=made.meeting, rows={row.pk: ("absent", "")})
    response = log_in(cast.verifier).post(f"/meetings/{made.meeting.pk}/attendance/", {f"a-{each.pk}": "absent" for each in made.meeting.invitations.all()})  # fmt: skip
    assert response.status_code == 409


def test_the_unit_of_a_walk_in_survives_the_list(cast, meeting, log_in):
    row = attendance.add_walk_in(actor=cast.verifier, meeting=meeting, name="王总", unit="设计院<b>")
    told = {f"a-{each.pk}": "present" for each in meeting.invitations.all()}
    assert (
        log_in(cast.verifier).post(f"/meetings/{meeting.pk}/attendance/", told | {f"n-{row.pk}": "x"}).status_code
        == 302
    )
    row.refresh_from_db()
    assert row.note == "设计院<b>"
    assert "设计院<b>" not in log_in(cast.verifier).get(f"/meetings/{meeting.pk}/attendance/").content.decode()


def test_the_page_costs_the_same_for_many(cast, project, log_in, count_queries):
    party = kit.party(project, "捷安机电", "subcontractor", *[f"工{n}" for n in range(25)])
    people = list(party.contacts.all())
    few, many = kit.meeting(cast, project, contacts=people[:1]), kit.meeting(cast, project, contacts=people)
    log_in(cast.verifier)
    count_queries(f"/meetings/{few.pk}/attendance/")
    assert count_queries(f"/meetings/{few.pk}/attendance/") == count_queries(f"/meetings/{many.pk}/attendance/")


def test_the_rest_is_registered_as_present_at_once(cast, meeting, log_in):
    away = meeting.invitations.get(user=cast.checker)
    told = {f"a-{each.pk}": "expected" for each in meeting.invitations.all()} | {f"a-{away.pk}": "leave"}
    url = f"/meetings/{meeting.pk}/attendance/"
    assert log_in(cast.verifier).post(url, told | {"rest": "1"}).status_code == 302
    marks = set(meeting.invitations.exclude(pk=away.pk).values_list("attendance", flat=True))
    assert (marks, kit.now(away).attendance) == ({Attendance.PRESENT}, Attendance.LEAVE)
