"""Pure decisions of inspections: values in, answer out. No ORM, no clock."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Risk:
    """What the optional weighting of a draw looks at."""

    overdue_clocks: int = 0
    remarks_per_million: Decimal = Decimal(0)
    last_score: Decimal | None = None


# Shown on the page word for word; `weight` computes it.
WEIGHT_FORMULA = (
    "权重 = 1 + 0.5 × 逾期时限数（至多计 4 项）+ 0.1 × 每百万元送审金额的校审意见数（至多计 10 条）"
    "+（80 − 最近一次成果评分）÷ 20（低于 80 分时）"
)


def weight(risk: Risk) -> Decimal:
    """The weight of a project by WEIGHT_FORMULA, to two places (cut)."""
    found = Decimal(1) + Decimal("0.5") * min(risk.overdue_clocks, 4)
    found += Decimal("0.1") * min(risk.remarks_per_million, Decimal(10))
    if risk.last_score is not None and risk.last_score < 80:
        found += (Decimal(80) - risk.last_score) / 20
    return found.quantize(CENT, rounding=ROUND_DOWN)


def coverage(drawn: int, whole: int) -> Decimal | None:
    """Drawn projects in percent of all, to two places (cut); None (无数据) where there are none."""
    return (Decimal(100) * drawn / whole).quantize(CENT, rounding=ROUND_DOWN) if whole else None


def wanted(percent: int, whole: int) -> int:
    """How many of `whole` projects a target of so many percent asks for: rounded up, so that it is reached."""
    return -(-whole * percent // 100)
