"""A project becomes 秘密 after its meetings: whoever does not see it any more finds nothing of them, is told nothing, and leaves the
lists; what they owe as owners of action items they can still do; the units outside go on."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from deadlines import rounds
from deadlines.models import Deadline
from deadlines.services.feeds import create_feed
from ledger.models import Entry
from meetings.choices import State
from meetings.models import Distribution, Invitation, Meeting, Series
from meetings.queries import work
from meetings.services import action_items, calling, distributing, links, minutes, objections
from meetings.services.withdrawing import withdraw_unseen
from meetings.verification_course import course_matches
from notices.models import Delivery, Notice
from projects.models import Assignment
from staff.choices import Role
from tests.meetings import kit as calls
from tests.meetings import minutes_kit as kit
from tests.meetings.test_action_items import clock, item
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _papers(monkeypatch):
    kit.no_papers(monkeypatch)


@pytest.fixture
def world(cast, project):
    """局外人, of no team, was at a meeting whose minutes are issued, owns an item of it, and is invited to the next one."""
    contractor = kit.party(project, "宏远建设集团")
    coming = calls.meeting(cast, project, users=[cast.outsider, cast.preparer], title="第 9 次周例会",
                           contacts=list(contractor.contacts.select_related("party")))  # fmt: skip
    past = kit.meeting(cast, project, users=[cast.outsider, cast.preparer], contacts=list(contractor.contacts.all()))
    todo = item(cast, past, owner=cast.outsider, text="补交签证单")
    paper = kit.issued(past)
    made = SimpleNamespace(past=kit.now(past), paper=paper, item=kit.now(todo), coming=coming, contractor=contractor,
                           copy=paper.distributions.get(user=cast.outsider))  # fmt: skip
    Notice.objects.all().delete()
    return made


def become_secret(project) -> None:
    project.confidentiality = "secret"
    project.save()


PAGES = ("/meetings/{m}/", "/meetings/{m}/agenda/", "/meetings/{m}/attendance/", "/meetings/{m}/minutes/",
         "/meetings/{m}/receipts/", "/meetings/{m}/actions/", "/meetings/{m}/minutes/{p}.pdf")  # fmt: skip


def statuses(browser, world) -> set[int]:
    found = {browser.get(each.format(m=world.past.pk, p=world.paper.pk)).status_code for each in PAGES}
    found.add(browser.get(f"/meetings/{world.coming.pk}/").status_code)
    found.add(browser.get(f"/meetings/actions/?meeting={world.past.pk}").status_code)
    return found - {200}


# ── Seeing ──────────────────────────────────────────────────────────────────
def test_who_was_invited_before_sees_nothing_of_it_any_more(cast, project, world, log_in):
    browser = log_in(cast.outsider)
    assert "第 9 次周例会" in browser.get("/meetings/").content.decode()
    assert "进度的情况" in browser.get("/meetings/search/?q=进度的情况").content.decode()
    month = f"/meetings/calendar/?month={timezone.localtime(world.coming.starts_at):%Y-%m}"
    assert "第 9 次周例会" in browser.get(month).content.decode()
    assert browser.get(f"/meetings/{world.past.pk}/minutes/").status_code == 200

    become_secret(project)
    for address in PAGES:
        assert browser.get(address.format(m=world.past.pk, p=world.paper.pk)).status_code == 404, address
    assert browser.get(f"/meetings/{world.coming.pk}/").status_code == 404
    assert browser.post(f"/meetings/{world.past.pk}/receipts/{world.copy.pk}/receive/").status_code == 404
    for address in (
        "/meetings/",
        "/meetings/search/?q=进度的情况",
        month,
        "/",
        "/search/?q=周例会",
        "/meetings/actions/",
    ):
        page = browser.get(address).content.decode()
        for word in (world.past.title, world.coming.title, "按计划执行", project.name, world.paper.number):
            assert word not in page, (address, word)


def test_the_team_sees_what_it_saw(cast, project, world, log_in):
    become_secret(project)
    browser = log_in(cast.preparer)
    assert statuses(browser, world) == set()


def test_the_feed_and_the_first_screen_forget_it(cast, project, world):
    address = f"/calendar-feed/{create_feed(actor=cast.outsider)}.ics"
    assert world.coming.uid in Client().get(address).content.decode()
    assert work.copies_to_receive(cast.outsider, 5) == [world.copy]
    become_secret(project)
    told = Client().get(address).content.decode()
    assert world.coming.uid not in told
    assert world.past.uid not in told
    assert work.copies_to_receive(cast.outsider, 5) == []
    assert work.meetings_of(cast.outsider, 5)["meetings"] == []


def test_who_leaves_the_team_of_a_secret_project_is_like_those(cast, project, world, log_in):
    become_secret(project)
    assert log_in(cast.preparer).get(f"/meetings/{world.past.pk}/").status_code == 200
    Assignment.objects.filter(project=project, user=cast.preparer).delete()
    assert log_in(cast.preparer).get(f"/meetings/{world.past.pk}/").status_code == 404


def test_an_internal_project_stays_open_to_whom_it_invites(cast, project, world, log_in):
    assert project.confidentiality == "internal"
    assert log_in(cast.outsider).get(f"/meetings/{world.past.pk}/").status_code == 200


# ── Their own obligation ────────────────────────────────────────────────────
def test_the_owner_of_an_item_works_it_off_without_the_meeting(cast, project, world, log_in):
    become_secret(project)
    browser = log_in(cast.outsider)
    address = f"/meetings/actions/{world.item.pk}/"
    for shown in (address, "/meetings/actions/", "/"):
        page = browser.get(shown).content.decode()
        assert "补交签证单" in page, shown
        assert project.name not in page, shown
        assert world.past.title not in page, shown
    answer = browser.post(f"{address}done/", {"turn": world.item.turn, "note": "已补交"})
    assert answer.status_code == 302
    assert kit.now(world.item).state == "done"
    assert Notice.objects.filter(recipient=cast.verifier, title__contains="已报完成").exists()
    done = kit.now(world.item)
    action_items.reopen_item(actor=cast.verifier, item=done, turn=done.turn, reason="缺签字")
    assert Notice.objects.filter(recipient=cast.outsider, title__contains="退回").exists()


def test_what_was_said_about_the_item_at_later_meetings_is_not_for_its_owner(
    cast, project, world, log_in, monkeypatch
):
    monkeypatch.setattr("django.utils.timezone.now", lambda at=world.coming.starts_at + timedelta(minutes=5): at)
    action_items.note_progress(actor=cast.verifier, meeting=world.coming, item=world.item, note="会上各方争执不下")
    assert "争执" in log_in(cast.outsider).get(f"/meetings/actions/{world.item.pk}/").content.decode()
    become_secret(project)
    assert "争执" not in log_in(cast.outsider).get(f"/meetings/actions/{world.item.pk}/").content.decode()
    assert "争执" in log_in(cast.preparer).get(f"/meetings/actions/{world.item.pk}/").content.decode()


def test_the_day_of_an_item_is_moved_though_its_owner_sees_the_project_no_more(cast, project, world):
    become_secret(project)
    row = action_items.change_item(actor=cast.verifier, item=world.item, turn=world.item.turn, text=world.item.text,
                                   owner=cast.outsider, due_on=world.item.due_on + timedelta(days=3), reason="顺延")  # fmt: skip
    assert clock(row).responsible == cast.outsider
    with pytest.raises(ValidationError, match="秘密"):
        action_items.change_item(actor=cast.verifier, item=row, turn=row.turn, text=row.text, owner=cast.expert1,
                                 due_on=row.due_on, reason="换人")  # fmt: skip


# ── Outside ─────────────────────────────────────────────────────────────────
def test_the_units_of_the_project_go_on_with_their_links(cast, project, world, settings):
    settings.EMAIL_IS_CONFIGURED = True
    copy = world.paper.distributions.get(party=world.contractor)
    _, secret = links.create_receipt(actor=cast.verifier, distribution=copy)
    become_secret(project)
    withdraw_unseen()
    phone = Client()
    assert phone.get(f"/m/{secret}/").status_code == 200
    assert phone.post(f"/m/{secret}/", {"act": "receive", "name": "孙经理"}).status_code == 302
    assert kit.now(copy).receiver_name == "孙经理"
    assert world.coming.invitations.filter(contact__party=world.contractor).count() == 1


# ── Being told ──────────────────────────────────────────────────────────────
def test_nobody_is_told_what_they_may_not_see(cast, project, world, settings):
    settings.EMAIL_IS_CONFIGURED = True
    become_secret(project)
    starts_at = calls.at(calls.tomorrow(3), 9)
    calling.move_meeting(actor=cast.verifier, meeting=world.coming, turn=0, reason="停电", starts_at=starts_at,
                         ends_at=starts_at + timedelta(hours=1))  # fmt: skip
    assert Notice.objects.filter(recipient=cast.preparer, title__startswith="会议改期").count() == 1
    assert not Notice.objects.filter(recipient=cast.outsider).exists()
    told = distributing.remind(actor=cast.verifier, meeting=world.past)
    assert told[0] == 2  # 编制人 and the unit
    assert not Notice.objects.filter(recipient=cast.outsider).exists()
    assert kit.now(world.copy).reminders == 0


def test_a_receipt_that_cannot_come_is_not_waited_for(cast, project, world, log_in):
    become_secret(project)
    page = log_in(cast.verifier).get(f"/meetings/{world.past.pk}/receipts/")
    assert page.context["missing"] == 2
    assert "项目为秘密，不再催收" in page.content.decode()


def test_minutes_issued_afterwards_go_to_those_who_see_the_project(cast, project):
    row = kit.meeting(cast, project, users=[cast.outsider, cast.preparer])
    become_secret(project)
    paper = kit.issued(kit.now(row))
    assert set(paper.distributions.values_list("user", flat=True)) == {cast.preparer.pk}
    assert not Notice.objects.filter(recipient=cast.outsider, title__contains="纪要").exists()


# ── The lists ───────────────────────────────────────────────────────────────
def test_the_clockwork_takes_them_off_the_meetings_to_come(cast, project, world, settings):
    settings.EMAIL_IS_CONFIGURED = True
    cast.outsider.email = "outsider@example.cn"
    cast.outsider.save()
    assert "meetings.secrecy" in rounds.acts()
    assert withdraw_unseen() == 0
    become_secret(project)
    assert withdraw_unseen() == 1
    assert withdraw_unseen() == 0
    guests = set(world.coming.invitations.exclude(user=None).values_list("user", flat=True))
    assert guests == {cast.verifier.pk, cast.preparer.pk}
    # The record of a meeting that was stays as it was.
    assert world.past.invitations.filter(user=cast.outsider).exists()
    notice = Notice.objects.get(recipient=cast.outsider)
    letter = Delivery.objects.get(recipient=cast.outsider)
    assert notice.title == "不再邀请您参加会议"
    for word in (project.name, world.coming.title, world.coming.number, world.coming.place):
        assert word not in notice.body + letter.body + letter.calendar + letter.title
    assert "METHOD:CANCEL" in letter.calendar
    assert f"UID:{world.coming.uid}" in letter.calendar
    entry = Entry.objects.about(world.coming).latest("number")
    assert (entry.action, entry.actor) == ("meeting.change", None)
    assert "局外人" in entry.data
    assert not any(world.coming.number in line for line in course_matches())


def test_who_organised_it_gives_way_to_the_next_in_line(cast, project):
    """An expert who was the project manager called it, left the team, and the project became secret."""
    place = Assignment.objects.create(project=project, user=cast.expert1, role=Role.PROJECT_MANAGER,
                                      starts_on=timezone.localdate() - timedelta(days=9))  # fmt: skip
    meeting = calls.meeting(cast, project, actor=cast.expert1, organiser=cast.expert1)
    place.delete()
    become_secret(project)
    assert withdraw_unseen() == 1
    now = Meeting.objects.get(pk=meeting.pk)
    assert now.organiser == cast.verifier
    assert not now.invitations.filter(user=cast.expert1).exists()
    assert withdraw_unseen() == 0


def test_the_clock_of_minutes_and_of_outside_items_passes_on(cast, project, log_in):
    contact = kit.party(project).contacts.get()
    row = kit.meeting(cast, project, contacts=[contact])
    Meeting.objects.filter(pk=row.pk).update(organiser=cast.outsider)
    Invitation.objects.filter(meeting=row, user=cast.verifier).update(user=cast.outsider)
    row = kit.now(row)
    todo = item(cast, row, contact=contact)
    held = minutes.hold(actor=cast.outsider, meeting=row, turn=row.turn)
    owed = Deadline.objects.get(subject_type="meetings.meeting", subject_id=row.pk)
    assert {owed.responsible, clock(todo).responsible} == {cast.outsider}
    become_secret(project)
    assert withdraw_unseen() == 2
    assert withdraw_unseen() == 0
    assert {kit.now(owed).responsible, clock(todo).responsible} == {cast.verifier}
    with pytest.raises(PermissionDenied):
        action_items.report_done(actor=cast.outsider, item=todo, turn=todo.turn, note="完成")
    # The project manager stands in: writes, issues, hears of objections.
    for each in held.agenda.all():
        minutes.save_item(actor=cast.verifier, item=each, turn=each.turn, record="甲", decision="乙")
    held.invitations.filter(contact=contact).update(attendance="present")
    paper = minutes.issue(actor=cast.verifier, meeting=held, turn=held.turn, confirmation=confirmed(cast.verifier))
    copy = paper.distributions.get(party=contact.party)
    link, _ = links.create_receipt(actor=cast.verifier, distribution=copy)
    objections.make_by_link(link=link, name="孙", text="不对")
    assert Notice.objects.filter(recipient=cast.verifier, title__contains="异议").exists()
    assert not Notice.objects.filter(recipient=cast.outsider, title__contains="异议").exists()


def test_a_series_is_hidden_as_its_meetings_are(cast, project):
    of = calls.series(cast, project)
    Series.objects.filter(pk=of.pk).update(organiser=cast.outsider)
    assert Series.objects.visible_to(cast.outsider).filter(pk=of.pk).exists()
    become_secret(project)
    assert not Series.objects.visible_to(cast.outsider).exists()
    assert Series.objects.visible_to(cast.verifier).exists()


def test_state_is_what_it_was_for_those_who_issued(cast, project, world):
    """Becoming secret changes no record."""
    before = [world.past.state, Distribution.objects.count(), world.past.invitations.count()]
    become_secret(project)
    withdraw_unseen()
    assert before == [State.ISSUED, Distribution.objects.count(), world.past.invitations.count()]
