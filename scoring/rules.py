"""Score maths (§5): pure, in Decimal, rounded half up to two places only at the end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
FULL_MARK = Decimal(100)


@dataclass(frozen=True)
class Thresholds:
    """Where the grades change. [S] `< 60` 不合格, `> 80` 优良; [D] 80 itself is 合格 unless `good_inclusive`."""

    pass_mark: Decimal = Decimal(60)
    good_mark: Decimal = Decimal(80)
    good_inclusive: bool = False
    veto_cap: Decimal = Decimal(59)


FAIL, PASS, GOOD = "不合格", "合格", "优良"


def grade(total: Decimal, thresholds: Thresholds) -> str:
    """不合格 / 合格 / 优良 for a total of 0–100 points."""
    if total < thresholds.pass_mark:
        return FAIL
    if total > thresholds.good_mark or (thresholds.good_inclusive and total == thresholds.good_mark):
        return GOOD
    return PASS


@dataclass(frozen=True)
class DeductionRule:
    """What one deduction item takes: `points` for each hit, at most `cap` (None: no cap of its own)."""

    criterion: int
    points: Decimal
    cap: Decimal | None
    is_veto: bool


def points_lost(rule: DeductionRule, hits: Decimal) -> Decimal:
    """Points that `hits` hits of one item take, its cap respected. Hits may be a fraction (half a hit)."""
    lost = rule.points * hits
    return lost if rule.cap is None else min(lost, rule.cap)


def total(
    maxima: Mapping[int, Decimal],
    rules: Mapping[int, DeductionRule],
    hits: Iterable[tuple[int, Decimal]],
    thresholds: Thresholds,
) -> Decimal:
    """The total of a score sheet: each criterion loses at most its maximum; a veto caps the whole at `veto_cap`.

    `maxima` criterion → maximum; `rules` item → rule; `hits` (item, number of hits): an item told twice counts the sum,
    under one cap. The total is rounded half up (四舍五入) to two places, and it is the rounded total that is graded:
    59.995 is 60.00 and passes. Raises ValueError for a negative number of hits."""
    lost = dict.fromkeys(maxima, Decimal(0))
    is_vetoed = False
    counts: dict[int, Decimal] = {}
    for item, count in hits:
        if count < 0:
            raise ValueError("扣分次数不能为负数")
        counts[item] = counts.get(item, Decimal(0)) + count
    for item, count in counts.items():
        rule = rules[item]
        lost[rule.criterion] += points_lost(rule, count)
        is_vetoed = is_vetoed or (rule.is_veto and count > 0)
    result = sum((max(Decimal(0), maximum - lost[key]) for key, maximum in maxima.items()), Decimal(0))
    if is_vetoed:
        result = min(result, thresholds.veto_cap)
    return result.quantize(CENT, rounding=ROUND_HALF_UP)
