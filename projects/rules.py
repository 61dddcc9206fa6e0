"""Pure decisions about projects."""

from collections.abc import Iterable

from projects.choices import HandoverKind, MaterialCategory, Stage
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


# The four without which settlement materials are not complete (图纸 + 设计变更 + 现场签证 + 合同) [S].
SETTLEMENT_MATERIALS = (
    MaterialCategory.DRAWINGS,
    MaterialCategory.DESIGN_CHANGES,
    MaterialCategory.SITE_VISAS,
    MaterialCategory.CONTRACT,
)


def missing_categories(kind: str, categories: Iterable[str]) -> list[MaterialCategory]:
    """What a set of this kind still lacks: of settlement materials each of the four is there, or told to be absent."""
    there = set(categories)
    return [each for each in SETTLEMENT_MATERIALS if kind == HandoverKind.MATERIALS and each not in there]
