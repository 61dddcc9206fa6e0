"""The one permission table. Roles are compared here and nowhere else.

A question of state ("is it my turn?") is not asked here but in the `rules.py` of the app that knows the state.
There is no superuser: the administrator configures and never signs, scores or issues (三员分立).
"""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied

from staff.choices import Action, Role

A, R = Action, Role

# Which kinds of meetings, the kind itself says (meetings.models.MeetingKind.caller_roles).
_MEETINGS = {A.CALL_MEETING, A.MANAGE_PARTIES}
_EVERYDAY = {A.MANAGE_RISKS, A.MANAGE_INQUIRIES, A.MANAGE_MATERIALS, A.NUDGE, A.RECTIFY}

GRANTS: dict[Role, frozenset[Action]] = {
    R.EXECUTIVE: frozenset(
        {A.CREATE_PROJECT, A.EDIT_PROJECT, A.SIGN_LEVEL, A.ISSUE, A.HAND_OVER, A.HAND_OVER_ANY}
        | {A.READ_INSPECTIONS, A.DECIDE_TIME, A.NUDGE, A.HANDLE_COMPLAINTS, A.SEE_REPORTER}
        | {A.CONFIRM_REINSPECTION, A.DISPOSE, A.REGISTER_ACCIDENT, A.DECIDE_LIABILITY}
        | {A.READ_RANKING_DRAFT, A.FREEZE_RANKING, A.MANAGE_POLICY, A.PUBLISH_POLICY, A.APPROVE_SETTLEMENT}
        | {A.CALL_MEETING}
        | {A.READ_SETTLEMENT, A.READ_MANAGEMENT, A.READ_LESSONS}
    ),
    R.CHIEF_ENGINEER: frozenset(
        {A.SIGN_LEVEL, A.SCORE, A.ISSUE, A.HAND_OVER, A.HAND_OVER_ANY, A.NUDGE, A.READ_INSPECTIONS}
        | {A.READ_RANKING_DRAFT, A.READ_MANAGEMENT, A.READ_LESSONS, A.PROPOSE_CHECKLIST, A.DECIDE_CHECKLIST}
        | {A.CALL_MEETING}
    ),
    R.QUALITY_OFFICE: frozenset(
        {
            A.CREATE_PROJECT,
            A.EDIT_PROJECT,
            A.READ_LEDGER,
            A.DECIDE_TIME,
            A.NUDGE,
            A.MANAGE_TIME_RULES,
            A.PLAN_INSPECTIONS,
            A.READ_INSPECTIONS,
        }
        | {A.MANAGE_STANDARDS, A.HANDLE_COMPLAINTS, A.INSPECT, A.ISSUE_OPINION, A.RECHECK}
        | {A.CONFIRM_REINSPECTION, A.REGISTER_ACCIDENT, A.PROPOSE_LIABILITY}
        | {A.READ_RANKING_DRAFT, A.MANAGE_POLICY, A.RECORD_ATTENDANCE, A.PROPOSE_SETTLEMENT, A.READ_MANAGEMENT}
        | {A.READ_SETTLEMENT, A.READ_LESSONS, A.PROPOSE_CHECKLIST, A.DECIDE_CHECKLIST}
        | {A.CALL_MEETING}
    ),
    R.TECHNICAL_DIRECTOR: frozenset(
        {A.CREATE_PROJECT, A.EDIT_PROJECT, A.SET_TEAM, A.CREATE_DELIVERABLE, A.SIGN_LEVEL, A.SCORE, A.ISSUE}
        | {A.HAND_OVER, A.HAND_OVER_ANY, A.EXEMPT_LEVEL, A.KEEP_TIME, A.DECIDE_TIME, A.ANSWER_INSPECTION}
        | {A.READ_LESSONS, A.PROPOSE_CHECKLIST}
        | _MEETINGS
        | _EVERYDAY
    ),
    R.PROJECT_MANAGER: frozenset(
        {A.EDIT_PROJECT, A.SET_TEAM, A.CREATE_DELIVERABLE, A.PREPARE, A.SIGN_LEVEL, A.HAND_OVER, A.HAND_OVER_ANY}
        | {A.KEEP_TIME, A.ANSWER_INSPECTION}
        | _MEETINGS
        | _EVERYDAY
    ),
    R.DISCIPLINE_LEAD: frozenset(
        {A.CREATE_DELIVERABLE, A.PREPARE, A.SIGN_LEVEL, A.HAND_OVER, A.KEEP_TIME} | _MEETINGS | _EVERYDAY
    ),
    R.COST_ENGINEER: frozenset({A.CREATE_DELIVERABLE, A.PREPARE, A.HAND_OVER} | _EVERYDAY),
    R.EXPERT: frozenset({A.SIGN_LEVEL, A.HAND_OVER, A.INSPECT}),
    R.ARCHIVIST: frozenset({A.MANAGE_MATERIALS}),
    R.ADMINISTRATOR: frozenset({A.MANAGE_PEOPLE, A.CONFIGURE}),
    R.AUDITOR: frozenset({A.READ_LEDGER}),
}

# 三员分立: who configures and who audits hold no other role, at any time that the other is in force.
SOLE_ROLES = frozenset({R.ADMINISTRATOR, R.AUDITOR})


def may_hold_together(role: str, other: str) -> bool:
    """Whether one person may hold both roles in the same period."""
    return role == other or not SOLE_ROLES & {role, other}


def allows(action: Action, roles: Iterable[str]) -> bool:
    """True when one of `roles` (the person's roles on the subject) is granted `action`."""
    return any(action in GRANTS[Role(role)] for role in roles)


def require(user, action: Action, roles: Iterable[str]) -> None:
    """Raise PermissionDenied, with the reason in Chinese, unless `user` is active and one of `roles` grants `action`."""
    if not user.is_active:
        raise PermissionDenied("账号已停用。")
    if not allows(action, roles):
        raise PermissionDenied(f"您没有“{Action(action).label}”的权限。")


def require_post(user, action: Action) -> None:
    """As `require`, by the posts that `user` holds today: for what belongs to the firm and to no project."""
    require(user, action, {role for role, _ in user.posts_today})


# 三员分立: whoever configures or audits takes no part in the business.
_SET_APART = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})


def is_set_apart(roles: Iterable[str]) -> bool:
    """True when a role keeps its holder out of teams, signatures and scores (系统管理员, 审计员)."""
    return not _SET_APART.isdisjoint(roles)


# Who stands above whom, for replacing somebody in a step of the chain.
_LADDER = (
    Role.COST_ENGINEER,
    Role.DISCIPLINE_LEAD,
    Role.PROJECT_MANAGER,
    Role.TECHNICAL_DIRECTOR,
    Role.EXPERT,
    Role.CHIEF_ENGINEER,
    Role.EXECUTIVE,
)


def may_replace(roles: Iterable[str], role: str) -> bool:
    """Whether a person with `roles` may give another's step, which takes `role`, to somebody else: by a role that hands
    over any step and does not stand below it. So nobody fills the levels that look over the own work."""
    givers = [own for own in roles if own in _LADDER and Action.HAND_OVER_ANY in GRANTS[Role(own)]]
    return any(_LADDER.index(own) >= _LADDER.index(role) for own in givers)
