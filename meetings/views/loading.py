"""What the views of meetings share: who sees what, the page of a lost race, the frame with its tabs."""

from functools import wraps

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse

from meetings import chain
from meetings.choices import State
from meetings.models import Meeting

STATE_LOOK = {
    State.PLANNED: "waiting",
    State.HELD: "todo",
    State.CHECKING: "todo",
    State.ISSUED: "issued",
    State.CANCELLED: "void",
}


def load(request, pk: int) -> Meeting:
    """A meeting that the person may see; otherwise 404."""
    return get_object_or_404(Meeting.objects.visible_to(request.user).select_related(*chain.ALONG), pk=pk)


def tells_lost_race(view):
    """Whoever was too late gets a page that says who was faster and when, with the way back. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except chain.AlreadyHandled as late:
            return render(request, "meetings/already_handled.html", {"late": late.meeting}, status=409)

    return wrapped


def refuse_late(request, meeting: Meeting, act: chain.Act) -> None:
    """Raise PermissionDenied for whose act it is not; AlreadyHandled where it is too late, or the page is an earlier one."""
    chain.require_place(meeting, act, request.user)
    turn = request.POST.get("turn")
    if chain.target_of(meeting, act) is None or (turn is not None and turn != str(meeting.turn)):
        raise chain.already_handled(meeting)


def crumbs(meeting: Meeting) -> list[dict]:
    found = [{"title": "会议", "url": _url("meetings:list")}]
    if meeting.project_id:
        found.append({"title": meeting.project.name, "url": reverse("projects:detail", args=[meeting.project_id])})
    return found


def _url(name: str, *args) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


TABS = (
    ("meetings:detail", "概况"),
    ("meetings:agenda", "议程"),
    ("meetings:attendance", "出席"),
    ("meetings:minutes", "纪要"),
    ("meetings:receipts", "签收与异议"),
)


def tabs_of(meeting: Meeting, active: str) -> list[dict]:
    """The pages of a meeting; receipts once there is something to receive."""
    return [
        {"title": title, "url": _url(name, meeting.pk), "is_active": name == f"meetings:{active}"}
        for name, title in TABS
        if name != "meetings:receipts" or meeting.state == State.ISSUED
    ]


def page(request, template: str, meeting: Meeting, *, active: str = "", status: int = 200, **context):
    """A page of a meeting in its frame."""
    context |= {
        "meeting": meeting, "crumbs": crumbs(meeting), "tabs": tabs_of(meeting, active),
        "state_look": STATE_LOOK[State(meeting.state)], "back": reverse("meetings:minutes", args=[meeting.pk]),
    }  # fmt: skip
    return render(request, f"meetings/{template}.html", context, status=status)


def go(name: str, meeting: Meeting, place: str = ""):
    return redirect(f"{reverse(f'meetings:{name}', args=[meeting.pk])}{place}")
