"""Messages about a meeting: each points to a page of it; of a secret project nothing leaves the house but that there is
something to read."""

from meetings.models import Meeting
from meetings.secrecy import seeing
from notices.choices import Kind
from notices.services import Message, notify_all


def page_of(meeting: Meeting, part: str = "") -> str:
    """/meetings/12/, or one of its parts: "minutes", "receipts"."""
    return f"/meetings/{meeting.pk}/{part}/" if part else f"/meetings/{meeting.pk}/"


def is_secret(meeting: Meeting) -> bool:
    return bool(meeting.project_id and meeting.project.is_secret)


def tell(meeting: Meeting, people, *, title: str, body: str = "", part: str = "minutes", but=None) -> None:
    """One message to each of `people` who may know of the meeting, but `but`; part of the caller's transaction."""
    people = [each for each in people if each is not None and (but is None or each.pk != but.pk)]
    people = seeing(meeting.project, people)
    notify_all([Message(recipients=people, kind=Kind.MEETING, title=title, body=body, url=page_of(meeting, part),
                        is_confidential=is_secret(meeting))])  # fmt: skip
