"""What the pages of meetings share: who finds the meeting, its frame of header and tabs, the page of a lost race."""

from functools import wraps

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from meetings import chain
from meetings.choices import Act, State
from meetings.models import Meeting
from meetings.services.series import AlreadyChanged
from meetings.tabs import crumbs, deeper_crumbs, meeting_tabs

PAGE = require_http_methods(["GET", "HEAD", "POST"])

# The kind of a state's badge.
STATE_KINDS = {
    State.PLANNED: "waiting",
    State.HELD: "todo",
    State.CHECKING: "todo",
    State.ISSUED: "signed",
    State.CANCELLED: "void",
}
COURSE = ((State.PLANNED, "召开"), (State.HELD, "编制纪要"), (State.CHECKING, "核定纪要"), (State.ISSUED, "签发分发"))


def load(request, pk: int) -> Meeting:
    """A meeting that the person may see; otherwise 404."""
    rows = Meeting.objects.visible_to(request.user).select_related(*chain.ALONG, "called_by", "organiser__unit")
    return get_object_or_404(rows, pk=pk)


def begin(request, pk: int, act: Act) -> Meeting:
    """A meeting with which the person may do `act` now: 404 for who does not see it, 403 for whose act it is not, the page
    of a lost race (AlreadyHandled) where it is too late, or the form comes from a page of an earlier turn."""
    meeting = load(request, pk)
    chain.require_place(meeting, act, request.user)
    turn = request.POST.get("turn")
    if (turn is not None and turn != str(meeting.turn)) or chain.target_of(meeting, act) is None:
        raise chain.already_handled(meeting)
    return meeting


def tells_lost_race(view):
    """Whoever was too late gets a page that says who was faster and when, with the way back. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except chain.AlreadyHandled as late:
            return render(request, "meetings/already_handled.html", {"late": late.meeting}, status=409)
        except AlreadyChanged:
            return render(request, "meetings/series_changed.html", {"back": reverse("meetings:list")}, status=409)

    return wrapped


def look_of(meeting: Meeting) -> tuple[str, str]:
    """(kind, words) of the badge of a meeting: one that has begun is no longer 待召开, though nobody has ended it yet."""
    now = timezone.now()
    if meeting.state != State.PLANNED or now < meeting.starts_at:
        return STATE_KINDS[State(meeting.state)], meeting.get_state_display()
    return ("todo", "进行中") if now < meeting.ends_at else ("todo", "待确认结束")


def steps_of(meeting: Meeting) -> list[dict]:
    """The course of a meeting for the stage bar."""
    if meeting.state == State.CANCELLED:
        return [
            {"title": "召集", "state": "done", "note": ""},
            {"title": "已取消", "state": "current", "note": "不再召开"},
        ]
    order = [state for state, _ in COURSE]
    here, is_over = order.index(State(meeting.state)), meeting.state == State.ISSUED
    steps = [{"title": "召集", "state": "done", "note": ""}]
    for index, (_, title) in enumerate(COURSE):
        is_done = index < here or is_over
        note = look_of(meeting)[1] if index == here and not is_over else ""
        steps.append(
            {"title": title, "state": "done" if is_done else "current" if index == here else "", "note": note}
        )
    return steps


def meeting_page(request, template: str, meeting: Meeting, active: str, status: int = 200, **context):
    """A tab of a meeting, with its header."""
    state_kind, state_words = look_of(meeting)
    context |= {
        "meeting": meeting,
        "state_kind": state_kind,
        "state_words": state_words,
        "tabs": meeting_tabs(meeting, active, context.get("tab_counts")),
        "crumbs": crumbs(meeting),
        "acts": {act.value for act in chain.possible_acts(meeting, request.user)},
    }
    return render(request, f"meetings/{template}.html", context, status=status)


def form_page(request, template: str, meeting: Meeting, form, *, heading: str, status: int = 200, **context):
    """A page below a meeting that is one form."""
    context |= {
        "meeting": meeting,
        "form": form,
        "heading": heading,
        "crumbs": deeper_crumbs(meeting),
        "back": reverse("meetings:detail", args=[meeting.pk]),
    }
    return render(request, f"meetings/{template}.html", context, status=status)
