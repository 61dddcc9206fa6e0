"""The parts of a meeting's pages."""

from django.urls import reverse

from meetings.models import Meeting

NAMES = {
    "meetings:detail": "概况",
    "meetings:agenda": "议程",
    "meetings:attendance": "出席",
    "meetings:minutes": "纪要",
    "meetings:receipts": "签收与异议",
    "meetings:meeting_actions": "待办",
}


def meeting_tabs(meeting: Meeting, active: str, counts: dict[str, int] | None = None) -> list[dict]:
    """`active` is the URL name of the present page; `counts` by URL name."""
    return [
        {
            "title": title,
            "url": reverse(name, args=[meeting.pk]),
            "is_active": name == active,
            "count": (counts or {}).get(name, 0),
        }
        for name, title in NAMES.items()
    ]


def crumbs(meeting: Meeting) -> list[dict]:
    """The way to a meeting."""
    found = [{"title": "会议", "url": reverse("meetings:list")}]
    if meeting.series_id:
        found.append({"title": meeting.series.title, "url": reverse("meetings:series", args=[meeting.series_id])})
    return found


def deeper_crumbs(meeting: Meeting) -> list[dict]:
    """The way to a page of a meeting."""
    return [*crumbs(meeting), {"title": meeting.number, "url": reverse("meetings:detail", args=[meeting.pk])}]
