"""Invitations as iCalendar, read back by a library that did not write them; and the personal feed."""

from datetime import date, timedelta

import pytest
import vobject
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from deadlines.services.feeds import create_feed
from meetings import invitations
from meetings.guests import Guests
from meetings.invitations import Recipient
from meetings.models import Meeting
from meetings.services import calling
from notices.models import Delivery
from tests.meetings import kit

pytestmark = pytest.mark.django_db
OUTSIDER = Recipient("周建国", "client@example.cn")


@pytest.fixture(autouse=True)
def _mail(settings):
    settings.EMAIL_IS_CONFIGURED = True
    settings.SITE_URL = "https://qms.example.cn"


def read(text: str):
    """The one event, and the method, as an independent parser has them."""
    calendar = vobject.readOne(text)
    (event,) = calendar.vevent_list
    return calendar.method.value, event


def letters(address: str) -> list[str]:
    return list(Delivery.objects.filter(address=address).order_by("pk").values_list("calendar", flat=True))


# ── One message ─────────────────────────────────────────────────────────────
def test_an_invitation_says_when_where_what_and_by_whom(cast, project):
    cast.verifier.email = "pm@example.cn"
    cast.verifier.save()
    meeting = kit.meeting(
        cast, project, starts_at=kit.at(date(2027, 3, 1), 9, 30), note="请携带签证单，\n一式两份；谢谢"
    )
    method, event = read(invitations.message(meeting, OUTSIDER))
    assert method == "REQUEST"
    assert event.uid.value == f"{meeting.uid}@qms.example.cn"
    assert event.sequence.value == "0"
    assert event.dtstart.value == kit.at(date(2027, 3, 1), 9, 30)
    assert event.dtend.value - event.dtstart.value == timedelta(hours=1)
    text = invitations.message(meeting, OUTSIDER)
    assert "DTSTART;TZID=Asia/Shanghai:20270301T093000" in text
    assert "BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai" in text
    assert event.summary.value == "滨江花园二期：周例会"
    assert event.location.value == "项目部会议室"
    assert event.description.value.endswith("请携带签证单，\n一式两份；谢谢")
    assert event.organizer.value == "mailto:pm@example.cn"
    assert event.status.value == "CONFIRMED"


def test_the_one_attendee_is_the_recipient_and_no_other_address_is_told(cast, project):
    found = kit.all_parties(cast, project)
    meeting = kit.meeting(cast, project, contacts=[kit.main_contact(party) for party in found.values()])
    texts = letters("client@example.cn")
    _, event = read(texts[0])
    assert [each.value for each in event.attendee_list] == ["mailto:client@example.cn"]
    assert event.attendee.params["CN"] == ["周建国"]
    everything = (
        "".join(texts) + Delivery.objects.filter(address="client@example.cn").values_list("body", flat=True)[0]
    )
    assert "supervisor@example.cn" not in everything
    assert "钱监理" not in everything
    assert Delivery.objects.filter(outsider__gt="").count() == 6
    assert meeting.unreached == 0


def test_people_outside_are_not_led_to_a_page_that_they_cannot_open(cast, project):
    meeting = kit.meeting(cast, project)
    _, outside = read(invitations.message(meeting, OUTSIDER))
    _, inside = read(invitations.message(meeting, Recipient("编制人", "a@b.cn", is_insider=True)))
    assert not hasattr(outside, "url")
    assert inside.url.value == f"https://qms.example.cn/meetings/{meeting.pk}/"


def test_changes_keep_the_uid_and_raise_the_sequence_until_it_is_off(cast, project):
    client = kit.main_contact(kit.party(cast, project))
    meeting = kit.meeting(cast, project)
    later = meeting.starts_at + timedelta(days=1)
    moved = calling.move_meeting(actor=cast.verifier, meeting=meeting, turn=0, reason="x", starts_at=later,
                                 ends_at=later + timedelta(hours=2))  # fmt: skip
    changed = calling.change_meeting(
        actor=cast.verifier, meeting=moved, turn=1, content=calling.Content(title="改名", organiser=cast.verifier),
        guests=Guests([], [client]),
    )  # fmt: skip
    calling.cancel_meeting(actor=cast.verifier, meeting=changed, turn=2, reason="x")
    events = [read(text) for text in letters("client@example.cn")]
    assert [method for method, _ in events] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [event.sequence.value for _, event in events] == ["0", "1", "2", "3"]
    assert len({event.uid.value for _, event in events}) == 1
    assert events[1][1].dtstart.value == later
    assert events[3][1].status.value == "CANCELLED"


def test_who_is_no_longer_invited_gets_it_taken_out_of_the_calendar(cast, project):
    kit.party(cast, project)
    meeting = kit.meeting(cast, project)
    calling.change_meeting(actor=cast.verifier, meeting=meeting, turn=0, guests=Guests(),
                           content=calling.Content(title=meeting.title, organiser=cast.verifier))  # fmt: skip
    assert [read(text)[0] for text in letters("client@example.cn")] == ["REQUEST", "CANCEL"]


def test_of_a_secret_project_only_the_time_and_that_there_is_a_meeting(cast, project):
    project.confidentiality = "secret"
    project.save()
    kit.party(cast, project)
    meeting = kit.meeting(cast, project, title="幕墙索赔", topic="", note="机密内容", users=[cast.preparer])
    letter = Delivery.objects.get(address="client@example.cn")
    _, event = read(letter.calendar)
    assert event.summary.value == "会议（秘密项目）"
    told = letter.title + letter.body + letter.calendar
    for word in ("幕墙索赔", "机密内容", "滨江花园二期", "项目部会议室", meeting.number):
        assert word not in told
    assert event.dtstart.value == meeting.starts_at


def test_no_invitation_goes_out_for_what_is_past(cast, project):
    kit.party(cast, project)
    kit.meeting(cast, project, starts_at=kit.at(kit.tomorrow(-3), 9))
    assert not Delivery.objects.exists()


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n,;:\\\"'：；"), min_size=1, max_size=90
)


@settings(max_examples=60, deadline=None)
@given(title=TEXT, note=TEXT, name=TEXT)
def test_whatever_is_typed_comes_back_as_it_was(title, note, name):
    from datetime import UTC, datetime

    from meetings.models import MeetingKind
    from staff.models import User

    meeting = Meeting(
        pk=1, number="HY-1", title=title, note=note, kind=MeetingKind(), organiser=User(name=name, email="a@b.cn"),
        starts_at=datetime(2027, 1, 4, 1, tzinfo=UTC), ends_at=datetime(2027, 1, 4, 2, tzinfo=UTC),
    )  # fmt: skip
    text = invitations.message(meeting, Recipient(name, "x@example.cn"))
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert sum(line.startswith("ATTENDEE") for line in text.split("\r\n")) == 1
    method, event = read(text)
    assert method == "REQUEST"
    assert event.summary.value == title
    assert event.description.value.endswith(note)


# ── The feed ────────────────────────────────────────────────────────────────
@pytest.fixture
def feed(cast):
    secret = create_feed(actor=cast.preparer)

    def events():
        calendar = vobject.readOne(Client().get(f"/calendar-feed/{secret}.ics").content.decode())
        return getattr(calendar, "vevent_list", [])

    events.address = f"/calendar-feed/{secret}.ics"
    return events


def test_the_feed_of_the_clocks_carries_the_persons_meetings(cast, project, feed):
    meeting = kit.meeting(cast, project, users=[cast.preparer])
    kit.meeting(cast, project)  # not invited
    (event,) = feed()
    assert event.uid.value == f"{meeting.uid}@qms.example.cn"
    assert event.summary.value == "滨江花园二期：周例会"
    assert event.valarm.trigger.value == timedelta(minutes=-15)
    calling.cancel_meeting(actor=cast.verifier, meeting=meeting, turn=0, reason="x")
    assert feed() == []


def test_a_secret_project_stays_unnamed_in_the_feed(cast, project, feed):
    project.confidentiality = "secret"
    project.save()
    kit.meeting(cast, project, users=[cast.preparer])
    (event,) = feed()
    assert event.summary.value == "会议（秘密项目）"


def test_the_feed_costs_the_same_whatever_the_number_of_meetings(cast, project, feed):
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            feed()
        return len(captured)

    kit.meeting(cast, project, users=[cast.preparer])
    cost()
    one = cost()
    for hour in (13, 15, 17):
        kit.meeting(cast, project, users=[cast.preparer], starts_at=kit.at(kit.tomorrow(), hour))
    assert cost() == one
