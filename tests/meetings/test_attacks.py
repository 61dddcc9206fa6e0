"""Meetings as somebody would break them: stale and double acts, people who left, hostile dates and words, what was written past
the application."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from icalendar import Calendar

from meetings import invitations
from meetings.choices import Attendance
from meetings.guests import Guests
from meetings.models import AccessLink, ActionItem, Invitation, Meeting, Paper, Room
from meetings.services import (
    action_items,
    agenda,
    attendance,
    calling,
    distributing,
    inviting,
    links,
    minutes,
    parties,
    series,
)
from meetings.verification_course import course_matches
from notices.models import Delivery, Notice
from tests.conftest import guards_lifted
from tests.inspections.kit import photo
from tests.meetings import kit as calls
from tests.meetings import minutes_kit as kit
from tests.meetings.test_action_items import clock, held, item

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _papers(monkeypatch):
    kit.no_papers(monkeypatch)


def content_of(meeting: Meeting) -> calling.Content:
    return calling.Content(**{name: getattr(meeting, name) for name in calling.FIELDS})


# ── Cancelled, moved, changed once it has begun ─────────────────────────────
def test_a_meeting_with_action_items_is_not_cancelled_over_them(cast, project):
    """Nobody could close them any more, and their clocks would run for ever."""
    meeting = kit.meeting(cast, project, hours=-0.5)
    row = item(cast, meeting)
    with pytest.raises(ValidationError, match="待办"):
        calling.cancel_meeting(actor=cast.verifier, meeting=meeting, turn=meeting.turn, reason="不开了")
    action_items.drop_item(actor=cast.verifier, item=row, turn=row.turn, reason="不开了")
    calling.cancel_meeting(actor=cast.verifier, meeting=meeting, turn=meeting.turn, reason="不开了")


def test_who_signed_in_before_it_was_moved_was_not_at_the_moved_meeting(cast, project):
    contractor = kit.party(project, "宏远")
    meeting = kit.meeting(cast, project, contacts=list(contractor.contacts.all()), hours=0.5)
    link, _ = links.create_sign_in(actor=cast.verifier, meeting=meeting)
    guest = meeting.invitations.get(contact__isnull=False)
    attendance.sign_in_by_phone(link=link, invitation=guest.pk)
    attendance.sign_in_by_phone(link=link, name="路人", unit="丙公司")
    attendance.sign_in(actor=cast.verifier, meeting=meeting)
    starts_at = calls.at(calls.tomorrow(3), 9)
    calling.move_meeting(actor=cast.verifier, meeting=meeting, turn=meeting.turn, reason="停电", starts_at=starts_at,
                         ends_at=starts_at + timedelta(hours=1))  # fmt: skip
    assert not meeting.invitations.filter(attendance=Attendance.PRESENT).exists()
    assert not meeting.invitations.filter(signed_at__isnull=False).exists()
    assert not meeting.invitations.filter(name="路人").exists()


def test_who_has_signed_in_is_not_taken_off_the_list(cast, project):
    contractor = kit.party(project, "宏远")
    meeting = kit.meeting(cast, project, contacts=list(contractor.contacts.all()), users=[cast.preparer], hours=-0.5)
    attendance.sign_in(actor=cast.preparer, meeting=meeting)
    guests = Guests([cast.verifier], list(contractor.contacts.all()))
    with pytest.raises(ValidationError, match="编制人"):
        calling.change_meeting(actor=cast.verifier, meeting=meeting, turn=meeting.turn, content=content_of(meeting),
                               guests=guests)  # fmt: skip
    assert meeting.invitations.filter(user=cast.preparer).exists()


# ── People who left ─────────────────────────────────────────────────────────
def gone(user):
    type(user).objects.filter(pk=user.pk).update(is_active=False)


def leave_list(cast, contact):
    parties.update_contact(actor=cast.verifier, contact=contact, name=contact.name, position="", phone=contact.phone,
                           email=contact.email, is_main=False, is_active=False)  # fmt: skip


def test_a_contact_who_left_the_unit_hears_no_more_of_the_meeting(cast, project, settings):
    settings.EMAIL_IS_CONFIGURED = True
    party = calls.party(cast, project)
    meeting = calls.meeting(cast, project, contacts=[calls.main_contact(party)])
    leave_list(cast, calls.main_contact(party))
    Delivery.objects.all().delete()
    starts_at = calls.at(calls.tomorrow(3), 9)
    calling.move_meeting(actor=cast.verifier, meeting=meeting, turn=meeting.turn, reason="停电", starts_at=starts_at,
                         ends_at=starts_at + timedelta(hours=1))  # fmt: skip
    assert not Delivery.objects.exclude(address="").filter(address__endswith="@example.cn").exists()


def test_the_link_of_a_contact_who_left_opens_nothing_any_more(cast, project, settings, client):
    settings.EMAIL_IS_CONFIGURED = True
    world = kit.world(cast, project)
    _, secret = links.create_receipt(actor=cast.verifier, distribution=world.copy)
    assert client.get(f"/m/{secret}/").status_code == 200
    leave_list(cast, world.copy.contact)
    assert client.get(f"/m/{secret}/").status_code == 404
    assert client.get(f"/m/{secret}/minutes.pdf").status_code == 404


def test_the_organiser_left_and_the_project_manager_goes_on(cast, project, major_project):
    made = kit.meeting(cast, project, users=[cast.preparer])
    row = item(cast, made, contact=kit.party(project, "宏远").contacts.get())
    Meeting.objects.filter(pk=made.pk).update(organiser=cast.checker)
    gone(cast.checker)
    made = kit.now(made)
    held_ = minutes.hold(actor=cast.verifier, meeting=made, turn=made.turn)
    assert held_.state == "held"
    action_items.change_item(actor=cast.verifier, item=row, turn=row.turn, text=row.text, owner=cast.preparer,
                             due_on=row.due_on)  # fmt: skip
    assert clock(row).responsible == cast.preparer


# ── Clocks of action items ──────────────────────────────────────────────────
def test_the_owner_is_not_late_for_the_days_an_item_lay_closed(cast, project, monkeypatch):
    row = item(cast, held(cast, project), days=3)
    row = action_items.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成")
    row = action_items.close_item(actor=cast.verifier, item=row, turn=row.turn)
    later = timezone.now() + timedelta(days=10)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    row = action_items.reopen_item(actor=cast.verifier, item=row, turn=row.turn, reason="没做完")
    assert clock(row).due_at > later
    assert row.due_on > timezone.localdate(later)


def test_the_owner_of_an_item_of_a_secret_project_is_in_the_know(cast, project):
    type(project).objects.filter(pk=project.pk).update(confidentiality="secret")
    project.refresh_from_db()
    meeting = held(cast, project)
    outsider = cast.outsider
    assert not type(project).objects.visible_to(outsider).filter(pk=project.pk).exists()
    with pytest.raises(ValidationError, match="秘密"):
        item(cast, meeting, owner=outsider)


# ── Hostile dates and words ─────────────────────────────────────────────────
@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_time_is_refused(cast, project, log_in, on):
    told = {
        "title": "周例会",
        "on": on,
        "begins": "00:10",
        "ends": "23:50",
        "organiser": cast.verifier.pk,
        "users": [cast.verifier.pk],
    }
    browser = log_in(cast.verifier)
    for _ in range(2):
        page = browser.post(f"/meetings/new/?project={project.pk}&kind=weekly", told)
        assert page.status_code == 200
        told["seen"] = page.context["form"].data.get("seen", "")
    assert not Meeting.objects.exists()
    meeting = calls.meeting(cast, project)
    told = {"on": on, "begins": "00:10", "ends": "23:50", "reason": "改", "turn": meeting.turn}
    for _ in range(2):
        page = browser.post(f"/meetings/{meeting.pk}/move/", told)
        assert page.status_code == 200
        told["seen"] = page.context["form"].data.get("seen", "")
    for freq in ("weekly", "monthly"):
        told = {
            "title": "周例会",
            "frequency": freq,
            "interval": 1,
            "weekday": 1,
            "month_day": 1,
            "begins_at": "00:10",
            "minutes_long": 60,
            "off_day": "after",
            "starts_on": on,
            "organiser": cast.verifier.pk,
            "users": [cast.verifier.pk],
        }
        for _ in range(2):
            page = browser.post(f"/meetings/series/new/?project={project.pk}&kind=weekly", told)
            assert page.status_code == 200, page.status_code
            told["seen"] = page.context["form"].data.get("seen", "")


HOSTILE = [
    "a\x00b",
    "\u202egnp.exe",
    "</script><script>alert(1)</script>",
    "%",
    "_",
    "\\",
    "'\"",
    "=1+1",
    "甲" * 5000,
    "\ud800"[:0] + "😀",
]


@pytest.mark.parametrize("word", HOSTILE)
def test_lists_take_any_word(cast, project, log_in, word):
    kit.meeting(cast, project)
    browser = log_in(cast.verifier)
    for address, name in [
        ("/meetings/", "q"),
        ("/meetings/", "state"),
        ("/meetings/", "project"),
        ("/meetings/", "sort"),
        ("/meetings/search/", "q"),
        ("/meetings/search/", "year"),
        ("/meetings/search/", "page"),
        ("/meetings/calendar/", "month"),
        ("/meetings/actions/", "q"),
        ("/meetings/actions/", "meeting"),
        ("/meetings/actions/", "state"),
        ("/meetings/actions/export/", "q"),
        ("/meetings/series/", "q"),
        ("/meetings/new/", "kind"),
        ("/meetings/new/", "project"),
        (f"/projects/{project.pk}/parties/new/", "kind"),
        (f"/projects/{project.pk}/meetings/", "page"),
    ]:
        page = browser.get(address, {name: word})
        assert page.status_code in (200, 404), (address, name)
        assert b"<script>alert" not in page.content


@pytest.mark.parametrize(
    "title", ["甲\r乙", "甲\u2028乙", "甲\x85乙", "甲\r\nATTENDEE:mailto:x@y.cn", "甲;乙,丙:丁\\n"]
)
def test_a_title_adds_no_line_to_an_invitation(cast, project, title):
    party = calls.party(cast, project)
    meeting = calls.meeting(cast, project, title=title, place=title, note=title, host=title)
    text = invitations.message(meeting, invitations.Recipient(title, "a@b.cn"))
    assert len(Calendar.from_ical(text).walk("VEVENT")) == 1
    for mark in ("\r\n", "\n"):
        text = text.replace(mark, "\n")
    lines = text.split("\n")
    assert sum(line.startswith("ATTENDEE") for line in lines) == 1
    assert not any(char in line for line in lines for char in "\r\x0b\x0c")
    assert party.name not in text


def test_a_reminder_goes_to_who_is_there_now(cast, project, settings):
    settings.EMAIL_IS_CONFIGURED = True
    world = kit.world(cast, project)
    leave_list(cast, world.copy.contact)
    parties.add_contact(
        actor=cast.verifier, party=world.contractor, name="新人", phone="9", email="new@example.com", is_main=True
    )
    Delivery.objects.all().delete()
    distributing.remind(actor=cast.verifier, meeting=world.meeting, distributions=[world.copy.pk])
    assert [each.address for each in Delivery.objects.exclude(outsider="")] == ["new@example.com"]
    parties.update_party(actor=cast.verifier, party=world.contractor, kind=world.contractor.kind,
                         name=world.contractor.name, is_active=False)  # fmt: skip
    assert not AccessLink.objects.filter(distribution=world.copy, revoked_at=None).exists()


# ── Past the application ────────────────────────────────────────────────────
@pytest.fixture
def record(cast, project):
    """A meeting that was called, moved, changed and held, with attendance, a paper, items in all states, and a link."""
    client = calls.party(cast, project)
    meeting = calls.meeting(cast, project, users=[cast.preparer], contacts=[calls.main_contact(client)])
    starts_at = calls.at(calls.tomorrow(3), 9)
    meeting = calling.move_meeting(actor=cast.verifier, meeting=meeting, turn=meeting.turn, reason="停电",
                                   starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))  # fmt: skip
    meeting = calling.change_meeting(actor=cast.verifier, meeting=meeting, turn=meeting.turn, guests=inviting.guests_of(meeting),
                                     content=replace(content_of(meeting), title="改名的周例会"))  # fmt: skip
    return meeting, starts_at


def test_what_is_changed_past_the_application_is_named(cast, project, record, monkeypatch):
    meeting, starts_at = record
    monkeypatch.setattr("django.utils.timezone.now", lambda: starts_at + timedelta(minutes=5))
    links.create_sign_in(actor=cast.verifier, meeting=meeting)
    link, _ = links.create_sign_in(actor=cast.verifier, meeting=meeting)
    attendance.sign_in_by_phone(link=link, invitation=meeting.invitations.get(contact__isnull=False).pk)
    attendance.sign_in_by_phone(link=link, name="路人", unit="丙公司")
    agenda.add_item(actor=cast.verifier, meeting=meeting, title="进度")
    agenda.add_papers(actor=cast.verifier, meeting=meeting, files=[photo()])
    rows = [item(cast, meeting) for _ in range(4)]
    done = action_items.report_done(actor=cast.preparer, item=rows[0], turn=0, note="完成", files=[photo()])
    done = action_items.close_item(actor=cast.verifier, item=done, turn=done.turn, note="好")
    action_items.reopen_item(actor=cast.verifier, item=done, turn=done.turn, reason="不好")
    action_items.drop_item(actor=cast.verifier, item=rows[1], turn=0, reason="不做了")
    action_items.close_item(actor=cast.verifier, item=rows[2], turn=0, note="会上确认")
    action_items.change_item(actor=cast.verifier, item=rows[3], turn=0, text="另一件", owner=cast.checker,
                             due_on=rows[3].due_on + timedelta(days=2))  # fmt: skip
    assert list(course_matches()) == []
    for change, word in _changes_past(cast, project, meeting, link, rows):
        try:
            with transaction.atomic():
                with guards_lifted(connection):
                    change()
                assert any(word in line for line in course_matches()), word
                raise _Undo
        except _Undo:
            pass
    assert list(course_matches()) == []


class _Undo(Exception):
    pass


def _changes_past(cast, project, meeting, link, rows):
    later = timezone.now() + timedelta(days=9)
    room = Room.objects.create(name="另一会议室")
    for values, word in (
        ({"title": "x"}, "名称"), ({"ends_at": later}, "结束时间"), ({"state": "cancelled"}, "状态"), ({"turn": 9}, "办理次数"),
        ({"host": "别人"}, "主持人"), ({"place": "别处"}, "地点"), ({"room": room}, "会议室"), ({"note": "x"}, "说明"),
        ({"topic": "x"}, "议题类别"), ({"organiser": cast.approver}, "组织者"), ({"recorder": cast.checker}, "记录人"),
        ({"called_by": calls.party(cast, project, "supervisor")}, "组织单位"), ({"project": None}, "项目"),
        ({"kind": calls.kind("monthly")}, "种类"), ({"sequence": 0}, "邀请序号"), ({"reason": "x"}, "原因"),
    ):  # fmt: skip
        yield (
            lambda values=values: Meeting.objects.filter(pk=meeting.pk).update(**values),
            f"{meeting.number} 的{word}与",
        )
    yield (
        lambda: meeting.invitations.filter(user=cast.preparer).update(user=cast.checker),
        f"{meeting.number} 的受邀人员",
    )
    yield lambda: meeting.invitations.filter(user=cast.preparer).delete(), f"{meeting.number} 的受邀人员"
    yield lambda: Invitation.objects.create(meeting=meeting, user=cast.outsider), f"{meeting.number} 的受邀人员"
    yield lambda: kit.meeting(cast, project), "未见于证据链"
    guests = meeting.invitations
    yield lambda: guests.filter(user=cast.preparer).update(attendance="present", signed_by="self"), "出席"
    yield lambda: guests.filter(contact__isnull=False).update(attendance="leave"), "出席"
    yield lambda: guests.filter(name="路人").update(note="丁公司"), "出席"
    yield lambda: guests.filter(name="路人").delete(), "到会人员"
    for values in (
        {"text": "x"},
        {"due_on": later.date()},
        {"state": "closed"},
        {"owner": cast.approver},
        {"turn": 7},
        {"done_note": "x"},
    ):
        yield lambda values=values: ActionItem.objects.filter(pk=rows[0].pk).update(**values), rows[0].number
    yield lambda: ActionItem.objects.filter(pk=rows[2].pk).update(close_note="x"), rows[2].number
    for values in ({"sha256": "0" * 64}, {"name": "x"}, {"file": "meetings/none"}, {"removed_at": later}):
        for of in ({"meeting": meeting}, {"action_item": rows[0]}):
            yield lambda values=values, of=of: Paper.objects.filter(**of).update(**values), "会议文件"
    for values in ({"expires_at": later}, {"secret_sha256": "0" * 64}):
        yield lambda values=values: AccessLink.objects.filter(pk=link.pk).update(**values), "外部链接"


# ── Pages that are older than what they say ─────────────────────────────────
def _fields_of(page) -> dict:
    """What a browser sends of the list as it was drawn."""
    form = page.context["form"]
    told = {name: form[name].value() for name in form.fields}
    return told | {f"s-{row.pk}": row.attendance for row in form.rows}


def test_saving_an_older_list_undoes_nobodys_signature(cast, project, log_in):
    contractor = kit.party(project, "宏远", calls.PartyKind.MAIN_CONTRACTOR, "李工", "赵工")
    meeting = kit.meeting(cast, project, contacts=list(contractor.contacts.all()), hours=-0.5)
    address = f"/meetings/{meeting.pk}/attendance/"
    browser = log_in(cast.verifier)
    page = browser.get(address)
    told = _fields_of(page)
    assert all(f'name="{name}"' in page.content.decode() for name in told)
    link, _ = links.create_sign_in(actor=cast.verifier, meeting=meeting)
    guest, other = meeting.invitations.get(contact__name="李工"), meeting.invitations.get(contact__name="赵工")
    attendance.sign_in_by_phone(link=link, invitation=guest.pk)
    attendance.sign_in_by_phone(link=link, name="路人", unit="丙公司")
    changed = told | {f"a-{other.pk}": "leave", f"n-{guest.pk}": "代张工"}
    assert browser.post(address, changed).status_code == 302
    guest.refresh_from_db()
    other.refresh_from_db()
    assert (guest.attendance, guest.signed_by, other.attendance) == ("present", "phone", "leave")
    assert meeting.invitations.get(name="路人").attendance == "present"
    told = _fields_of(browser.get(address))
    assert browser.post(address, told | {f"a-{other.pk}": "expected"}).status_code == 302
    other.refresh_from_db()
    assert other.attendance == "expected"


def test_a_series_is_changed_while_the_first_guests_of_its_next_meeting_sign_in(cast, project, monkeypatch):
    row = calls.series(cast, project, users=[cast.preparer])
    first = row.meetings.order_by("starts_at").first()
    monkeypatch.setattr("django.utils.timezone.now", lambda: first.starts_at - timedelta(minutes=30))
    attendance.sign_in(actor=cast.preparer, meeting=first)
    series.change_series(actor=cast.verifier, series=calls.now(row), turn=row.turn, since=timezone.localdate(),
                         plan=calls.plan(cast, title="改名"), guests=Guests([cast.verifier], []))  # fmt: skip
    assert calls.now(first).title == "改名"
    assert first.invitations.get(user=cast.preparer).attendance == "present"
    assert not row.meetings.order_by("starts_at").last().invitations.filter(user=cast.preparer).exists()


def test_what_takes_the_room_is_told_to_the_organiser_as_far_as_the_organiser_may_know(cast, project, other_project):
    type(other_project).objects.filter(pk=other_project.pk).update(confidentiality="secret")
    room, kind = Room.objects.create(name="一号会议室"), calls.kind()
    type(kind).objects.filter(pk=kind.pk).update(caller_roles=[*kind.caller_roles, "executive"])
    row = calls.series(cast, project)
    for meeting in row.meetings.all():
        taken = kit.meeting(cast, other_project, title="绝密谈判", room=room)
        Meeting.objects.filter(pk=taken.pk).update(starts_at=meeting.starts_at, ends_at=meeting.ends_at, state="planned",
                                                   organiser=cast.executive)  # fmt: skip
        taken.invitations.all().delete()
    series.change_series(actor=cast.executive, series=calls.now(row), turn=row.turn, since=timezone.localdate(),
                         plan=calls.plan(cast, room=room), guests=Guests([cast.verifier], []))  # fmt: skip
    told = Notice.objects.filter(recipient=cast.verifier, title__contains="会议室已被占用")
    assert told.exists()
    assert not any("绝密" in each.body for each in told)


def test_nobody_from_outside_signs_in_as_one_of_us(cast, project, client, settings):
    meeting = kit.meeting(cast, project, hours=-0.5)
    _, secret = links.create_sign_in(actor=cast.verifier, meeting=meeting)
    for unit in ("本公司", " 本 公司 ", settings.FIRM_NAME):
        assert client.post(f"/m/{secret}/", {"walk_in": "1", "name": "冒名", "unit": unit}).status_code == 400
    assert not meeting.invitations.filter(name="冒名").exists()


CONTROLS = "=HYPERLINK(\x01\x0b\x1f\u202e</script><b>&\ufffe"


def test_words_with_control_characters_reach_workbook_calendar_and_paper(cast, project, log_in, monkeypatch):
    monkeypatch.undo()
    made = kit.meeting(cast, project, items=(CONTROLS,), title=CONTROLS, place=CONTROLS)
    row = item(cast, made, text=CONTROLS)
    action_items.report_done(actor=cast.preparer, item=row, turn=row.turn, note=CONTROLS)
    browser = log_in(cast.verifier)
    for address in ("/meetings/actions/export/", "/meetings/actions/", f"/meetings/{made.pk}/", f"/meetings/actions/{row.pk}/",
                    f"/meetings/{made.pk}/minutes/", f"/meetings/{made.pk}/minutes/draft.pdf", "/meetings/search/?q=HYPERLINK"):  # fmt: skip
        page = browser.get(address)
        assert page.status_code == 200, address
        if "html" in page["Content-Type"]:
            assert "</script><b>" not in page.content.decode(), address
    Calendar.from_ical(invitations.message(made, invitations.Recipient(CONTROLS, "a@b.cn")))
    paper = kit.issued(made)
    assert browser.get(f"/meetings/{made.pk}/minutes/{paper.pk}.pdf").status_code == 200
    assert browser.get(f"/meetings/{made.pk}/minutes/").status_code == 200


def test_a_series_of_a_project_that_became_secret_invites_only_who_sees_it(cast, project, monkeypatch):
    row = calls.series(cast, project, users=[cast.preparer, cast.outsider])
    type(project).objects.filter(pk=project.pk).update(confidentiality="secret")
    known = set(row.meetings.values_list("pk", flat=True))
    later = timezone.now() + timedelta(days=20)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert series.make_due() > 0
    for meeting in row.meetings.exclude(pk__in=known):
        assert {each.user for each in meeting.invitations.all()} == {cast.verifier, cast.preparer}
