"""Meetings as iCalendar (RFC 5545, 5546): the invitation and its withdrawal for one recipient, the events of the feed.

Each message names its one recipient and the organiser, and nobody else: no address of one unit reaches another. Several
meetings of a series go in one message (`publication`). Of a meeting about a secret project it tells the time, and that there
is a meeting."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from meetings.choices import State
from meetings.models import Invitation, Meeting
from meetings.secrecy import UNNAMED_MEETING

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"
QUARTER_BEFORE = timedelta(minutes=-15)
# The feed keeps what is past for so long.
KEPT = timedelta(days=60)


@dataclass(frozen=True)
class Recipient:
    """Whose calendar it is for. Without an address there is nobody to name; the page is told to those who can log in."""

    name: str
    address: str
    is_insider: bool = False


def message(meeting: Meeting, recipient: Recipient, *, is_off: bool = False) -> str:
    """The message that puts the meeting into the recipient's calendar, changes it there (the same UID, a higher SEQUENCE),
    or takes it out (`is_off`)."""
    calendar = _calendar(CANCEL if is_off else REQUEST)
    event = _event_of(meeting, is_insider=recipient.is_insider, is_off=is_off)
    if recipient.address:
        event.add("attendee", _attendee(recipient))
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return calendar.to_ical().decode()


def publication(meetings: list[tuple[Meeting, bool]], *, is_insider: bool) -> str:
    """Several meetings in one message: (meeting, whether it is off). A REQUEST speaks of one UID alone (RFC 5546, 3.2.2); what is
    published may be many events, each with its UID and SEQUENCE, by which it is changed later."""
    calendar = _calendar(PUBLISH)
    for meeting, is_off in meetings:
        calendar.add_component(_event_of(meeting, is_insider=is_insider, is_off=is_off))
    calendar.add_missing_timezones()
    return calendar.to_ical().decode()


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//QMS//Meetings//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event_of(meeting: Meeting, *, is_insider: bool, is_off: bool) -> Event:
    """With whom it is organised by, and whether it is on."""
    event = _event(meeting, is_insider=is_insider)
    event.add("organizer", _address(meeting.organiser.name, meeting.organiser.email or settings.DEFAULT_FROM_EMAIL))
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    return event


def feed_events(user) -> list[Event]:
    """The meetings of `user` for the personal feed: invited, organising or keeping the record; cancelled ones are gone."""
    mine = Q(organiser=user) | Q(recorder=user)
    mine |= Q(pk__in=Invitation.objects.filter(user=user).order_by().values("meeting"))
    rows = Meeting.objects.visible_to(user).filter(mine, starts_at__gte=timezone.now() - KEPT)
    rows = rows.exclude(state=State.CANCELLED).select_related("project", "room", "organiser")
    return [_feed_event(meeting) for meeting in rows.order_by("starts_at", "pk")]


def _feed_event(meeting: Meeting) -> Event:
    event = _event(meeting, is_insider=True)
    event.add("status", "CONFIRMED")
    if meeting.starts_at > timezone.now():
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", event["summary"])
        alarm.add("trigger", QUARTER_BEFORE)
        event.add_component(alarm)
    return event


def _event(meeting: Meeting, *, is_insider: bool) -> Event:
    event, zone = Event(), ZoneInfo(settings.TIME_ZONE)
    event.add("uid", uid_of(meeting))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", timezone.now())
    event.add("dtstart", meeting.starts_at.astimezone(zone))
    event.add("dtend", meeting.ends_at.astimezone(zone))
    if is_secret(meeting):
        event.add("summary", UNNAMED_MEETING)
        return event
    event.add("summary", summary_of(meeting))
    if meeting.place_words:
        event.add("location", meeting.place_words)
    event.add("description", "\n".join(lines_of(meeting)))
    if is_insider:
        event.add("url", page_of(meeting))
    return event


def uid_of(meeting: Meeting) -> str:
    return f"{meeting.uid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}"


def page_of(meeting: Meeting) -> str:
    return f"{settings.SITE_URL}{reverse('meetings:detail', args=[meeting.pk])}"


def is_secret(meeting: Meeting) -> bool:
    return bool(meeting.project_id and meeting.project.is_secret)


def summary_of(meeting: Meeting) -> str:
    """“滨江花园二期：第三次专题会议”."""
    return f"{meeting.project.name}：{meeting.title}" if meeting.project_id else meeting.title


def lines_of(meeting: Meeting) -> list[str]:
    """What an invitation says beside time and place."""
    lines = [f"会议编号：{meeting.number}", f"组织者：{meeting.organiser.name}"]
    if meeting.host:
        lines.append(f"主持人：{meeting.host}")
    if meeting.topic:
        lines.append(f"议题类别：{meeting.topic}")
    return [*lines, *([meeting.note] if meeting.note else [])]


def _address(name: str, mail: str) -> vCalAddress:
    found = vCalAddress(f"mailto:{mail}")
    found.params["cn"] = vText(_one_line(name))
    return found


def _attendee(recipient: Recipient) -> vCalAddress:
    found = _address(recipient.name, recipient.address)
    found.params["role"] = vText("REQ-PARTICIPANT")
    found.params["partstat"] = vText("NEEDS-ACTION")
    # Answers would go to a person's mailbox, not to the system: attendance is taken at the meeting.
    found.params["rsvp"] = vText("FALSE")
    return found


def _one_line(text: str) -> str:
    """No line break reaches a parameter, which knows no escape for it; nor a quote, which would end it."""
    return " ".join(text.replace('"', "'").split())
