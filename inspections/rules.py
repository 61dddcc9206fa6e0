"""Pure decisions of inspections: values in, answer out. No ORM, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from reviews.rules import percent_of
from scoring.rules import FAIL, GOOD, PASS

CENT = Decimal("0.01")
# How often one deduction may be hit on a score sheet; a half is 0.5.
MOST_HITS = 999


@dataclass(frozen=True)
class Risk:
    """What the optional weighting of a draw looks at."""

    overdue_clocks: int = 0
    remarks_per_million: Decimal = Decimal(0)
    last_score: Decimal | None = None
    error_rate: Decimal | None = None


_FIRST_TERMS = (
    "权重 = 1 + 0.5 × 逾期时限数（至多计 4 项）+ 0.1 × 每百万元送审金额的校审意见数（至多计 10 条）"
    "+（80 − 最近一次成果评分）÷ 20（低于 80 分时）"
)
# Shown on the page word for word; `weight` computes the newest. A draw keeps the version that it was weighted by.
WEIGHT_FORMULAS = {
    1: _FIRST_TERMS,
    2: f"{_FIRST_TERMS}+ 0.2 × 误差率超出 3% 的整百分点数（至多计 5 个）。误差率 = 已签发成果中，"
    "首个复核级与末个复核级金额之差 ÷ 末个复核级金额，取最大者。",
}
FORMULA = max(WEIGHT_FORMULAS)
WEIGHT_FORMULA = WEIGHT_FORMULAS[FORMULA]
# [S] 误差率不超过 3%.
ERROR_TOLERANCE = Decimal(3)


def error_rate(first: Decimal, last: Decimal) -> Decimal | None:
    """How far the first level's amount was off the last level's, in percent of the last, two places half up; None where
    the last is zero, of which nothing is a percentage."""
    return percent_of(abs(last - first), last)


def weight(risk: Risk) -> Decimal:
    """The weight of a project by WEIGHT_FORMULA, to two places (cut)."""
    found = Decimal(1) + Decimal("0.5") * min(risk.overdue_clocks, 4)
    found += Decimal("0.1") * min(risk.remarks_per_million, Decimal(10))
    if risk.last_score is not None and risk.last_score < 80:
        found += (Decimal(80) - risk.last_score) / 20
    if risk.error_rate is not None and risk.error_rate > ERROR_TOLERANCE:
        found += Decimal("0.2") * min(int(risk.error_rate - ERROR_TOLERANCE), 5)
    return found.quantize(CENT, rounding=ROUND_DOWN)


def coverage(drawn: int, whole: int) -> Decimal | None:
    """Drawn projects in percent of all, to two places (cut); None (无数据) where there are none."""
    return (Decimal(100) * drawn / whole).quantize(CENT, rounding=ROUND_DOWN) if whole else None


def wanted(percent: int, whole: int) -> int:
    """How many of `whole` projects a target of so many percent asks for: rounded up, so that it is reached."""
    return -(-whole * percent // 100)


def reinspection_reason(grade: str, is_serious: bool) -> str:
    """Why the project is inspected again next year [S]: 不合格 or 问题严重; empty: it is not."""
    reasons = [*(["检查结论为不合格"] if grade == FAIL else []), *(["问题严重"] if is_serious else [])]
    return f"{'、'.join(reasons)}，下一年度质量检查中须进行复查" if reasons else ""


def escalation_reason(touches_ethics: bool, causes_loss: bool, harms_reputation: bool) -> str:
    """Why the result is reported upward [S]; empty: it is not."""
    words = {"个人职业道德": touches_ethics, "严重经济损失": causes_loss, "名誉损失": harms_reputation}
    reasons = [word for word, is_so in words.items() if is_so]
    return f"涉及{'、'.join(reasons)}，须按规定程序上报处置" if reasons else ""


def lowest_share(snapshot: Iterable[Mapping]) -> Decimal:
    """The share of its maximum, in percent to two places (cut), that the weakest criterion of a score sheet got."""
    shares = [Decimal(100) * Decimal(row["score"]) / Decimal(row["maximum"]) for row in snapshot]
    return min(shares).quantize(CENT, rounding=ROUND_DOWN)


# ── The conclusion for a unit ───────────────────────────────────────────────
UNIT_RULE = "对多个项目的质量检查结论，按最低得分项目的得分来确定。"
_WORST_FIRST = (FAIL, PASS, GOOD)


@dataclass(frozen=True)
class Scored:
    """What one inspection of a project gave."""

    project: str
    total: Decimal
    grade: str


@dataclass(frozen=True)
class UnitConclusion:
    """The score of the lowest project, and which set it: all of them where several share it, each once, by number."""

    total: Decimal
    grade: str
    set_by: tuple[str, ...]
    mean: Decimal
    count: int


def unit_conclusion(scores: Iterable[Scored]) -> UnitConclusion | None:
    """The conclusion for a unit with these inspections: UNIT_RULE [S]. None where nothing was inspected.

    `mean` is rounded half up to two places. Where the lowest score has two grades (two versions of the standard), the worse
    one counts."""
    scores = list(scores)
    if not scores:
        return None
    lowest = min(each.total for each in scores)
    setting = [each for each in scores if each.total == lowest]
    mean = sum((each.total for each in scores), Decimal(0)) / len(scores)
    return UnitConclusion(
        total=lowest,
        grade=min((each.grade for each in setting), key=_WORST_FIRST.index),
        set_by=tuple(sorted({each.project for each in setting})),
        mean=mean.quantize(CENT, rounding=ROUND_HALF_UP),
        count=len(scores),
    )
