"""The one permission table. Roles are compared here and nowhere else.

A question of state ("is it my turn?") is not asked here but in the `rules.py` of the app that knows the state.
There is no superuser: the administrator configures and never signs, scores or issues (三员分立).
"""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied

from staff.choices import Action, Role

A, R = Action, Role

_EVERYDAY = {A.MANAGE_RISKS, A.MANAGE_INQUIRIES}

GRANTS: dict[Role, frozenset[Action]] = {
    R.EXECUTIVE: frozenset({A.CREATE_PROJECT, A.EDIT_PROJECT, A.SIGN_LEVEL, A.ISSUE, A.HAND_OVER}),
    R.CHIEF_ENGINEER: frozenset({A.SIGN_LEVEL, A.SCORE, A.ISSUE, A.HAND_OVER}),
    R.QUALITY_OFFICE: frozenset({A.CREATE_PROJECT, A.EDIT_PROJECT, A.READ_LEDGER}),
    R.TECHNICAL_DIRECTOR: frozenset(
        {A.CREATE_PROJECT, A.EDIT_PROJECT, A.SET_TEAM, A.CREATE_DELIVERABLE, A.SIGN_LEVEL, A.SCORE, A.ISSUE}
        | {A.HAND_OVER, A.EXEMPT_LEVEL, A.VOID_DELIVERABLE}
        | _EVERYDAY
    ),
    R.PROJECT_MANAGER: frozenset(
        {A.EDIT_PROJECT, A.SET_TEAM, A.CREATE_DELIVERABLE, A.PREPARE, A.SIGN_LEVEL, A.HAND_OVER, A.VOID_DELIVERABLE}
        | _EVERYDAY
    ),
    R.DISCIPLINE_LEAD: frozenset({A.CREATE_DELIVERABLE, A.PREPARE, A.SIGN_LEVEL, A.HAND_OVER} | _EVERYDAY),
    R.COST_ENGINEER: frozenset({A.CREATE_DELIVERABLE, A.PREPARE} | _EVERYDAY),
    R.EXPERT: frozenset({A.SIGN_LEVEL}),
    R.ARCHIVIST: frozenset(),
    R.ADMINISTRATOR: frozenset({A.MANAGE_PEOPLE, A.CONFIGURE}),
    R.AUDITOR: frozenset({A.READ_LEDGER}),
}


def allows(action: Action, roles: Iterable[str]) -> bool:
    """True when one of `roles` (the person's roles on the subject) is granted `action`."""
    return any(action in GRANTS[Role(role)] for role in roles)


def require(user, action: Action, roles: Iterable[str]) -> None:
    """Raise PermissionDenied, with the reason in Chinese, unless `user` is active and one of `roles` grants `action`."""
    if not user.is_active:
        raise PermissionDenied("账号已停用。")
    if not allows(action, roles):
        raise PermissionDenied(f"您没有“{Action(action).label}”的权限。")
