"""Who keeps agenda, list and record of a meeting, and until when."""

from django.core.exceptions import PermissionDenied

from meetings import chain
from meetings.choices import State
from meetings.models import Meeting

# Agenda and list are open until the minutes are issued; the record is written until it is handed in.
OPEN = (State.PLANNED, State.HELD, State.CHECKING)


def is_keeper(user, meeting: Meeting) -> bool:
    """The organiser, the recorder; whoever stands in for an organiser who has left."""
    return chain.is_organiser(user, meeting) or chain.is_recorder(user, meeting) or chain.stands_in(user, meeting)


def require_keeper(meeting: Meeting, actor) -> None:
    """Raise PermissionDenied unless `actor` keeps the meeting."""
    if not is_keeper(actor, meeting):
        raise PermissionDenied("由会议组织者或记录人办理。")


def is_open_to(user, meeting: Meeting) -> bool:
    """Whether `user` may change agenda, list and record now: while the organiser checks, nobody else writes."""
    if meeting.state == State.CHECKING:
        return chain.is_organiser(user, meeting) or chain.stands_in(user, meeting)
    return meeting.state in OPEN and is_keeper(user, meeting)


def opened(meeting: Meeting, actor) -> Meeting:
    """The meeting, held, for a change of agenda, list or record. Raises PermissionDenied; AlreadyHandled when it is closed."""
    meeting = chain.touch(meeting=meeting)
    require_keeper(meeting, actor)
    if not is_open_to(actor, meeting):
        raise chain.already_handled(meeting)
    return meeting
