"""What people hear of a series: one message for each act, with the dates and an event for each, not one message a meeting."""

from datetime import date, timedelta

import pytest
import vobject
from django.utils import timezone

from meetings.guests import Guests
from meetings.models import Contact, Meeting, Room
from meetings.services import calling, series
from notices.models import Delivery, Notice
from tests.meetings import kit
from tests.meetings.test_series import change, today  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail(settings, cast):
    settings.EMAIL_IS_CONFIGURED = True
    settings.SITE_URL = "https://qms.example.cn"
    cast.preparer.email = "preparer@example.cn"
    cast.preparer.save()


@pytest.fixture
def contact(cast, project) -> Contact:
    return kit.main_contact(kit.party(cast, project))


@pytest.fixture
def weekly(cast, project, contact, today):  # noqa: F811
    """Every Monday from 2026-09-01 on, with 编制人 and the client; sixty days hold eight."""
    return kit.series(cast, project, users=[cast.preparer], contacts=[contact])


OUTSIDE = {"address": "client@example.cn"}
INSIDE = {"recipient__email": "preparer@example.cn"}


def letters(**whose) -> list[Delivery]:
    return list(Delivery.objects.filter(**whose).exclude(calendar="").order_by("pk"))


def read(delivery: Delivery) -> tuple[str, dict]:
    """(method, UID → event) as a library has them that did not write them."""
    found = vobject.readOne(delivery.calendar)
    return found.method.value, {each.uid.value: each for each in found.vevent_list}


def clear() -> None:
    Delivery.objects.all().delete()
    Notice.objects.all().delete()


def uids(of) -> dict[str, Meeting]:
    return {f"{each.uid}@qms.example.cn": each for each in of.meetings.select_related("room")}


# ── Set up ──────────────────────────────────────────────────────────────────
def test_a_weekly_series_is_one_message_with_all_its_dates(cast, weekly):
    meetings = uids(weekly)
    assert len(meetings) == 8
    (notice,) = Notice.objects.filter(recipient=cast.preparer)
    assert notice.title == "例会召集：滨江花园二期：监理周例会（8 次）"
    assert "每周一 09:30" in notice.body
    assert notice.body.count("项目部会议室") == 1
    for each in meetings.values():
        assert f"{timezone.localtime(each.starts_at):%Y-%m-%d} 周" in notice.body
    assert not Notice.objects.filter(recipient=cast.verifier).exists()  # who acts knows
    for whose in (INSIDE, OUTSIDE):
        (letter,) = letters(**whose)
        method, events = read(letter)
        assert method == "PUBLISH"
        assert events.keys() == meetings.keys()
        for uid, event in events.items():
            assert event.dtstart.value == meetings[uid].starts_at
            assert (event.sequence.value, event.status.value) == ("0", "CONFIRMED")
            assert event.location.value == "项目部会议室"
            assert not hasattr(event, "attendee")
            assert event.organizer.value.startswith("mailto:")
    (letter,) = letters(**OUTSIDE)
    assert letter.body.startswith("周建国：\n")
    assert "https://" not in letter.body + letter.calendar


def test_the_message_opens_a_page_that_its_reader_may_see(cast, project, today, log_in):  # noqa: F811
    kit.series(cast, project, users=[cast.outsider])
    (notice,) = Notice.objects.filter(recipient=cast.outsider)
    assert log_in(cast.outsider).get(notice.url).status_code == 200


def test_later_dates_come_as_ordinary_invitations(cast, weekly, today):  # noqa: F811
    clear()
    today(date(2026, 9, 8))
    assert series.make_due() == 1
    for whose in (INSIDE, OUTSIDE):
        (letter,) = letters(**whose)
        method, events = read(letter)
        assert method == "REQUEST"
        assert len(events) == 1
        assert letter.title.startswith("会议召集：")


def test_a_meeting_that_is_moved_keeps_the_uid_that_was_published(cast, weekly):
    meeting = weekly.meetings.order_by("starts_at")[1]
    clear()
    starts_at = meeting.starts_at + timedelta(days=1)
    calling.move_meeting(actor=cast.verifier, meeting=meeting, turn=meeting.turn, reason="停电", starts_at=starts_at,
                         ends_at=starts_at + timedelta(hours=1))  # fmt: skip
    (letter,) = letters(**OUTSIDE)
    method, events = read(letter)
    assert method == "REQUEST"
    ((uid, event),) = events.items()
    assert uid == f"{meeting.uid}@qms.example.cn"
    assert event.sequence.value == "1"


def test_contacts_who_cannot_be_written_to_are_counted(cast, project, contact, today):  # noqa: F811
    silent = kit.main_contact(kit.party(cast, project, "supervisor", email=""))
    of = kit.series(cast, project, contacts=[contact, silent])
    assert of.unreached == 1


def test_of_a_secret_project_a_unit_hears_the_times_alone(cast, project, contact, today):  # noqa: F811
    project.confidentiality = "secret"
    project.save()
    kit.series(cast, project, contacts=[contact])
    (letter,) = letters(**OUTSIDE)
    method, events = read(letter)
    assert (method, len(events), letter.title) == ("PUBLISH", 8, "例会召集")
    for word in (project.name, "监理周例会", "项目部会议室"):
        assert word not in letter.body + letter.calendar


def test_where_the_room_is_always_taken_the_organiser_hears_it_once(cast, project, today):  # noqa: F811
    room = Room.objects.create(name="三楼会议室")
    kit.series(cast, project, room=room, title="先到的例会")
    clear()
    kit.series(cast, project, room=room)
    (notice,) = Notice.objects.filter(recipient=cast.verifier, title__startswith="会议室已被占用")
    assert "（8 次）" in notice.title
    assert notice.body.count("先到的例会") == 8


# ── Changed, ended ──────────────────────────────────────────────────────────
def test_a_changed_series_is_one_message_in_which_the_sequence_rises(cast, weekly, contact):
    was = {uid: each.sequence for uid, each in uids(weekly).items()}
    clear()
    series.change_series(actor=cast.verifier, series=weekly, turn=weekly.turn, since=timezone.localdate(),
                         plan=kit.plan(cast, weekday=3, host="李总"), guests=Guests([cast.preparer, cast.checker], [contact]))  # fmt: skip
    now = uids(weekly)
    for whose in (INSIDE, OUTSIDE):
        (letter,) = letters(**whose)
        method, events = read(letter)
        assert method == "PUBLISH"
        for uid, event in events.items():
            assert event.dtstart.value == now[uid].starts_at
            assert int(event.sequence.value) == now[uid].sequence
            assert int(event.sequence.value) > was.get(uid, -1)
    assert Notice.objects.filter(recipient=cast.preparer).count() == 1
    # Who is new hears that it is called, as it is now.
    (notice,) = Notice.objects.filter(recipient=cast.checker)
    assert notice.title.startswith("例会召集：")
    assert "改期" not in notice.body


def test_who_left_the_list_is_told_once_that_all_are_off(cast, weekly):
    clear()
    change(cast, weekly)
    (letter,) = letters(**OUTSIDE)
    method, events = read(letter)
    assert {event.status.value for event in events.values()} == {"CANCELLED"}
    assert (method, len(events)) == ("PUBLISH", 8)
    assert letter.title.startswith("不再邀请您参加例会：")


def test_an_ended_series_is_one_message(cast, weekly):
    clear()
    series.end_series(actor=cast.verifier, series=weekly, turn=weekly.turn, reason="工程竣工")
    (notice,) = Notice.objects.filter(recipient=cast.preparer)
    assert notice.title == "例会取消：滨江花园二期：监理周例会（8 次）"
    assert notice.body.count("例会终止：工程竣工") == 1
    for whose in (INSIDE, OUTSIDE):
        (letter,) = letters(**whose)
        _, events = read(letter)
        assert {(event.status.value, event.sequence.value) for event in events.values()} == {("CANCELLED", "1")}
        assert len(events) == 8
