"""The state of an inspection, and the one door through which it changes (§4).

检查评分中 ──评分定稿──▶ 沟通确认中 ──出具书面意见──▶ 待确认收到 ──确认收到──▶ 整改中 ──提交回复──▶ 待复查 ──通过──▶ 已关闭
    ▲                     │                          │                      ▲                    │
    └────退回重新评分───────┘                          └─无需整改─▶ 已关闭      └──────退回整改────────┘
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from inspections.choices import Act, State
from inspections.models import Inspection, Inspector
from ledger.services import record
from projects.queries import roles_on
from staff import permissions
from staff.choices import Action, Role

S, A = State, Act

TABLE: dict[tuple[State, Act], State] = {
    (S.SCORING, A.APPOINT): S.SCORING,
    (S.SCORING, A.FINISH_SCORING): S.DISCUSSING,
    (S.SCORING, A.CANCEL): S.CANCELLED,
    (S.DISCUSSING, A.TALK): S.DISCUSSING,
    (S.DISCUSSING, A.SCORE_AGAIN): S.SCORING,
    (S.DISCUSSING, A.ISSUE): S.ISSUED,
    (S.DISCUSSING, A.CANCEL): S.CANCELLED,
    (S.ISSUED, A.RECEIVE): S.RECTIFYING,
    (S.ISSUED, A.RECEIVE_CLEAN): S.CLOSED,
    (S.RECTIFYING, A.REPLY): S.RECHECKING,
    (S.RECHECKING, A.SEND_BACK): S.RECTIFYING,
    (S.RECHECKING, A.CLOSE): S.CLOSED,
}


@dataclass(frozen=True)
class Terms:
    """Whose act it is: the permissions of which one is enough, and whether it takes a place among the inspectors."""

    actions: tuple[Action, ...]
    is_inspectors: bool = False
    is_leads: bool = False


ACTORS: dict[Act, Terms] = {
    A.APPOINT: Terms((Action.PLAN_INSPECTIONS,)),
    A.CANCEL: Terms((Action.PLAN_INSPECTIONS,)),
    A.FINISH_SCORING: Terms((Action.INSPECT,), is_inspectors=True, is_leads=True),
    A.SCORE_AGAIN: Terms((Action.INSPECT,), is_inspectors=True, is_leads=True),
    A.TALK: Terms((Action.INSPECT, Action.ANSWER_INSPECTION)),
    A.ISSUE: Terms((Action.ISSUE_OPINION,)),
    A.RECEIVE: Terms((Action.ANSWER_INSPECTION, Action.ISSUE_OPINION)),
    A.RECEIVE_CLEAN: Terms((Action.ANSWER_INSPECTION, Action.ISSUE_OPINION)),
    A.REPLY: Terms((Action.ANSWER_INSPECTION,)),
    A.SEND_BACK: Terms((Action.RECHECK,)),
    A.CLOSE: Terms((Action.RECHECK,)),
}


class AlreadyHandled(Exception):
    """Somebody was faster, or the page is stale. The message says who and when, in Chinese."""

    status_code = 409

    def __init__(self, inspection: Inspection):
        self.inspection = inspection
        at = timezone.localtime(inspection.last_acted_at)
        day = "" if at.date() == timezone.localdate() else f"{at:%Y-%m-%d} "
        super().__init__(
            f"已由（{inspection.last_actor.name}）于 {day}{at:%H:%M} 处理：{inspection.get_last_act_display()}。"
            "请查看最新状态。"
        )


def already_handled(inspection: Inspection) -> AlreadyHandled:
    return AlreadyHandled(Inspection.objects.select_related("last_actor", "project", "unit").get(pk=inspection.pk))


def roles_for(user, inspection: Inspection) -> set[str]:
    """The roles of `user` on what is inspected: on the project, or at the unit and in the firm."""
    if inspection.project_id:
        return roles_on(user, inspection.project)
    return unit_roles(user, inspection.unit_id)


def unit_roles(user, unit_id: int) -> set[str]:
    """The roles that the posts of `user` give for one unit, those for the whole firm included."""
    return {role for role, units in user.reach if units is None or unit_id in units}


def is_partial(user, inspection: Inspection) -> bool:
    """Whether `user` belongs to the inspected side: has or had an assignment on the project, or answers for the unit as
    its technical director. Nobody inspects or judges their own work [D]."""
    if Role.TECHNICAL_DIRECTOR in unit_roles(user, inspection.unit_id):
        return True
    return bool(inspection.project_id and inspection.project.assignments.filter(user=user).exists())


def require_impartial(user, inspection: Inspection) -> None:
    """Raise PermissionDenied for a person of the inspected side."""
    if is_partial(user, inspection):
        raise PermissionDenied("您在被检项目或单位任职（或曾任职），须回避本次检查。")


def require_place(inspection: Inspection, act: Act, actor) -> None:
    """Raise PermissionDenied unless `actor` has the right to `act` here and, where it takes one, the inspector's place."""
    terms = ACTORS[act]
    roles = roles_for(actor, inspection)
    if not any(permissions.allows(action, roles) for action in terms.actions):
        permissions.require(actor, terms.actions[0], roles)
    permissions.require(actor, next(each for each in terms.actions if permissions.allows(each, roles)), roles)
    if not (Action.ANSWER_INSPECTION in terms.actions and permissions.allows(Action.ANSWER_INSPECTION, roles)):
        require_impartial(actor, inspection)
    if terms.is_inspectors:
        require_inspector(inspection, actor, lead=terms.is_leads)


def require_may_rectify(actor, inspection: Inspection) -> None:
    """Raise PermissionDenied unless `actor` may write answers to problems: the project's team, and who answers for it."""
    roles = roles_for(actor, inspection)
    answers = permissions.allows(Action.ANSWER_INSPECTION, roles)
    permissions.require(actor, Action.ANSWER_INSPECTION if answers else Action.RECTIFY, roles)


def require_inspector(inspection: Inspection, actor, *, lead: bool = False) -> None:
    """Raise PermissionDenied unless `actor` is one of the inspectors (the lead), may inspect, and is impartial."""
    permissions.require(actor, Action.INSPECT, unit_roles(actor, inspection.unit_id))
    place = Inspector.objects.filter(inspection=inspection, user=actor)
    if not (place.filter(is_lead=True) if lead else place).exists():
        raise PermissionDenied("只有检查组长可以办理。" if lead else "只有本次检查的检查人员可以办理。")
    require_impartial(actor, inspection)


def possible_acts(inspection: Inspection, actor) -> set[Act]:
    """The acts that TABLE, permission and place leave open to `actor` now: which buttons a page offers."""
    found = set()
    for act in {act for state, act in TABLE if state == inspection.state}:
        try:
            require_place(inspection, act, actor)
        except PermissionDenied:
            continue
        found.add(act)
    return found


def held(inspection: Inspection) -> Inspection:
    """The inspection as it is now, held until the transaction ends. Everybody takes the inspection first, then its
    clocks, then the ledger."""
    list(Inspection.objects.select_for_update(no_key=True).filter(pk=inspection.pk).values_list("pk"))
    return Inspection.objects.select_related(
        "project__unit", "unit", "standard", "score_sheet", "last_actor", "plan", "complaint", "accident"
    ).get(pk=inspection.pk)


def scope_of(inspection: Inspection):
    """What clocks and ledger rows of an inspection belong to: the project, or the inspected unit."""
    return inspection.project or inspection.unit


@transaction.atomic
def move(
    *,
    inspection: Inspection,
    act: Act,
    actor,
    turn: int,
    write: Callable[[Inspection], dict] = lambda inspection: {},
    **changes,
) -> Inspection:
    """The only way in which an inspection changes. In order: 1. permission and place; 2. TABLE; 3. claim by compare-and-set
    on `turn` (0 rows: AlreadyHandled); 4. `write(inspection)`, which checks and writes what belongs to the act, touches
    the clocks, and returns what the ledger keeps; 5. ledger.

    `write` sees the inspection in its state before the act and may return further columns under the key "changes".
    Raises PermissionDenied, AlreadyHandled, and whatever `write` raises; then nothing has happened."""
    inspection = held(inspection)
    require_place(inspection, act, actor)
    target = TABLE.get((S(inspection.state), act))
    if target is None or inspection.turn != turn:
        raise already_handled(inspection)
    now = timezone.now()
    before = inspection.state
    claimed = Inspection.objects.filter(pk=inspection.pk, state=before, turn=turn).update(
        turn=turn + 1, last_actor=actor, last_act=act, last_acted_at=now
    )
    if not claimed:
        raise already_handled(inspection)
    facts = write(inspection)
    changes |= facts.pop("changes", {})
    if target == S.CLOSED:
        changes["closed_at"] = now
    Inspection.objects.filter(pk=inspection.pk).update(state=target, **changes)
    inspection = held(inspection)
    record(actor=actor, action=f"inspection.{act}", subject=inspection, scope=scope_of(inspection),
           data={"state": target, "turn": inspection.turn, **facts})  # fmt: skip
    return inspection


def touch(*, inspection: Inspection) -> Inspection:
    """Hold an inspection for a write that does not move it (a hit, a finding, a draft of a reply). In a transaction."""
    return held(inspection)
