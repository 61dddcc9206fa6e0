"""The state of a meeting, and the one door through which it changes (§8).

待召开 ──会议结束──▶ 纪要编制中 ──提交纪要核定──▶ 纪要待核定 ──签发会议纪要──▶ 纪要已签发
  │ 修改、改期 ↺        ▲    │                       │
  └─取消─▶ 已取消       │    └─ 组织者自行记录：签发 ──┼─▶ 纪要已签发
                       └──────退回修改纪要───────────┘
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from ledger.services import record
from meetings.choices import Act, State
from meetings.models import Meeting, MeetingKind
from meetings.secrecy import may_know
from projects.models import Project
from projects.queries import roles_on
from staff import permissions
from staff.choices import Action

S, A = State, Act

TABLE: dict[tuple[State, Act], State] = {
    (S.PLANNED, A.CHANGE): S.PLANNED,
    (S.PLANNED, A.MOVE): S.PLANNED,
    (S.PLANNED, A.CANCEL): S.CANCELLED,
    (S.PLANNED, A.HOLD): S.HELD,
    (S.HELD, A.SUBMIT): S.CHECKING,
    # Where the organiser keeps the record there is nobody else to check it (`target_of`).
    (S.HELD, A.ISSUE): S.ISSUED,
    (S.CHECKING, A.RETURN): S.HELD,
    (S.CHECKING, A.ISSUE): S.ISSUED,
}


@dataclass(frozen=True)
class Terms:
    """Whose act it is: the organiser's always; the recorder's; of whoever may call such a meeting. What is the organiser's
    alone falls to the callers when the organiser has left the firm, or the project became secret to the organiser."""

    recorder: bool = False
    callers: bool = False


ACTORS: dict[Act, Terms] = {
    A.CHANGE: Terms(callers=True),
    A.MOVE: Terms(callers=True),
    A.CANCEL: Terms(callers=True),
    A.HOLD: Terms(recorder=True, callers=True),
    A.SUBMIT: Terms(recorder=True),
    A.RETURN: Terms(),
    A.ISSUE: Terms(),
}


class AlreadyHandled(Exception):
    """Somebody was faster, or the page is stale. The message says who and when, in Chinese."""

    status_code = 409

    def __init__(self, meeting: Meeting):
        self.meeting = meeting
        at = timezone.localtime(meeting.last_acted_at)
        day = "" if at.date() == timezone.localdate() else f"{at:%Y-%m-%d} "
        super().__init__(
            f"已由（{meeting.last_actor.name if meeting.last_actor else '系统'}）于 {day}{at:%H:%M} 处理："
            f"{meeting.get_last_act_display()}。请查看最新状态。"
        )


def already_handled(meeting: Meeting) -> AlreadyHandled:
    return AlreadyHandled(Meeting.objects.select_related("last_actor", "project").get(pk=meeting.pk))


def roles_at(user, project: Project | None) -> set[str]:
    """The roles of `user` on the project; for what belongs to the firm itself (None) those of the firm's posts."""
    if project is not None:
        return roles_on(user, project)
    return {role for role, units in user.reach if units is None}


def may_call(user, kind: MeetingKind, project: Project | None) -> bool:
    """Whether `user` may call a meeting of this kind: by a role that the kind names, which is granted CALL_MEETING."""
    if not user.is_active or kind.is_of_firm != (project is None):
        return False
    return permissions.allows(Action.CALL_MEETING, roles_at(user, project) & set(kind.caller_roles))


def require_may_call(user, kind: MeetingKind, project: Project | None) -> None:
    """Raise PermissionDenied, with the reason, unless `user` may call a meeting of this kind here."""
    roles = roles_at(user, project)
    permissions.require(user, Action.CALL_MEETING, roles)
    if not may_call(user, kind, project):
        raise PermissionDenied(f"您的岗位不能召集“{kind.title}”。")


def is_organiser(user, meeting: Meeting) -> bool:
    """Whether `user` acts as the organiser. Who configures or audits by now no longer does (三员分立), nor who may not know
    of the meeting any more."""
    return meeting.organiser_id == user.pk and _is_of_business(user) and may_know(user, meeting.project)


def is_recorder(user, meeting: Meeting) -> bool:
    """Whether `user` writes the minutes: the recorder, or the organiser where nobody else was named."""
    is_named = (meeting.recorder_id or meeting.organiser_id) == user.pk
    return is_named and _is_of_business(user) and may_know(user, meeting.project)


def _is_of_business(user) -> bool:
    return user.is_active and not permissions.is_set_apart(role for role, _ in user.posts_today)


def stands_in(user, meeting: Meeting) -> bool:
    """Whether `user` acts for an organiser who has left, or may not know of the meeting any more: whoever may call such a
    meeting."""
    return not has_organiser(meeting) and may_call(user, meeting.kind, meeting.project)


def has_organiser(meeting: Meeting) -> bool:
    """Whether whoever organises it is still there, and may know of it."""
    return meeting.organiser.is_active and may_know(meeting.organiser, meeting.project)


def require_place(meeting: Meeting, act: Act, actor) -> None:
    """Raise PermissionDenied unless it is the act of `actor` at this meeting."""
    terms = ACTORS[act]
    if is_organiser(actor, meeting) or (terms.recorder and is_recorder(actor, meeting)):
        return
    if terms.callers and may_call(actor, meeting.kind, meeting.project):
        return
    if stands_in(actor, meeting):
        return
    raise PermissionDenied(f"“{act.label}”由会议组织者{'或记录人' if terms.recorder else ''}办理。")


def target_of(meeting: Meeting, act: Act) -> State | None:
    """Where `act` would lead from here; None where TABLE has nothing. The record of somebody else is checked before it
    is issued."""
    if act == A.ISSUE and meeting.state == S.HELD and meeting.recorder_id not in (None, meeting.organiser_id):
        return None
    return TABLE.get((S(meeting.state), act))


def possible_acts(meeting: Meeting, actor) -> set[Act]:
    """The acts that TABLE and place leave open to `actor` now: which buttons a page offers."""
    found = set()
    for act in ACTORS:
        if target_of(meeting, act) is None:
            continue
        try:
            require_place(meeting, act, actor)
        except PermissionDenied:
            continue
        found.add(act)
    return found


# After these the ledger keeps `columns_of` the meeting.
RESHAPING = (A.CHANGE, A.MOVE)


def columns_of(meeting: Meeting) -> dict:
    """Where and by whom, by number and not by name, which may change: what verification compares."""
    return {
        "room": meeting.room_id, "place": meeting.place, "organiser": meeting.organiser_id, "recorder": meeting.recorder_id,
        "called_by": meeting.called_by_id, "series": meeting.series_id, "occurrence_on": meeting.occurrence_on,
    }  # fmt: skip


ALONG = ("project__unit", "kind", "series", "called_by", "room", "organiser", "recorder", "last_actor")


def held(meeting: Meeting) -> Meeting:
    """The meeting as it is now, held until the transaction ends. Everybody takes the meeting first, then its clocks, then
    the ledger."""
    list(Meeting.objects.select_for_update(no_key=True).filter(pk=meeting.pk).values_list("pk"))
    return Meeting.objects.select_related(*ALONG).get(pk=meeting.pk)


@transaction.atomic
def move(
    *,
    meeting: Meeting,
    act: Act,
    actor,
    turn: int,
    reason: str | None = None,
    data: dict | None = None,
    write: Callable[[Meeting], dict | None] = lambda meeting: None,
    **values,
) -> Meeting:
    """The only way in which a meeting changes; returns it as it is then. In order: 1. place (the clockwork, None, acts by
    itself); 2. TABLE; 3. claim by
    compare-and-set on `turn` (0 rows: AlreadyHandled); 4. `write(meeting)`, which checks and writes what belongs to the
    act, sees the meeting before it, and may return what the ledger keeps (columns under the key "changes"); 5. the columns
    of `values`, and `reason` where one is given; 6. ledger: `meeting.<act>` with state, turn, reason, `data`.

    Raises PermissionDenied, AlreadyHandled, and whatever `write` raises; then nothing has happened."""
    meeting = held(meeting)
    if actor is not None:
        require_place(meeting, act, actor)
    target = target_of(meeting, act)
    if target is None or meeting.turn != turn:
        raise already_handled(meeting)
    claimed = Meeting.objects.filter(pk=meeting.pk, state=meeting.state, turn=turn).update(
        turn=turn + 1, last_actor=actor, last_act=act, last_acted_at=timezone.now()
    )
    if not claimed:
        raise already_handled(meeting)
    facts = write(meeting) or {}
    values |= facts.pop("changes", {})
    if reason is not None:
        values["reason"] = reason
        facts["reason"] = reason
    Meeting.objects.filter(pk=meeting.pk).update(state=target, **values)
    meeting = held(meeting)
    if act in RESHAPING:
        facts["columns"] = columns_of(meeting)
    record(actor=actor, action=f"meeting.{act}", subject=meeting, scope=meeting.project,
           data={"state": target, "turn": meeting.turn, **(data or {}), **facts})  # fmt: skip
    return meeting


def touch(*, meeting: Meeting) -> Meeting:
    """Hold a meeting for a write that does not move it (attendance, an item of the agenda). In a transaction."""
    return held(meeting)
