"""Pure decisions about projects."""

from collections.abc import Iterable

from projects.choices import Stage
from staff.choices import Role

# A risk that its owner cannot remove climbs this ladder [S].
RISK_LADDER = (Role.COST_ENGINEER, Role.DISCIPLINE_LEAD, Role.PROJECT_MANAGER, Role.TECHNICAL_DIRECTOR)


def next_risk_role(roles: Iterable[str]) -> Role | None:
    """The role one step above the highest that `roles` has on the ladder; None at its top."""
    steps = [index for index, role in enumerate(RISK_LADDER) if role in set(roles)]
    position = max(steps, default=-1)
    return RISK_LADDER[position + 1] if position + 1 < len(RISK_LADDER) else None


def stage_state(stage: str, current: str) -> str:
    """How a stage stands while `current` is the project's: done, current, or "" (still ahead)."""
    order = list(Stage)
    position, now = order.index(stage), order.index(current)
    return "done" if position < now else "current" if position == now else ""
