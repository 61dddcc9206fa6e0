"""Pure decisions of the managers' dashboard: shares, days, runs. Values in, answer out. No ORM, no clock."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from statistics import fmean, median

from deadlines.rules import to_tenth

HUNDRED = Decimal(100)
# 审签习惯提示: nobody is shown with fewer signatures than this; so many in a row without a remark, and so many minutes for
# each file between the receipt and the signature, are worth a look. [D]
LEAST_SIGNED = 10
LONG_RUN = 10
QUICK_MINUTES = 3
LEAST_QUICK = 3
MINUTE = 60_000_000


def percent(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """`part` of `whole` in percent, one place, half up; None (无数据) where there is no whole."""
    if not whole:
        return None
    return (Decimal(part) * HUNDRED / Decimal(whole)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def mean(values: Iterable[Decimal]) -> Decimal | None:
    """To two places, half up; None without values."""
    values = list(values)
    return (sum(values, Decimal(0)) / len(values)).quantize(Decimal("0.01"), ROUND_HALF_UP) if values else None


def days_summary(days: Sequence[float]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """(median, mean, longest) to one place; None without values."""
    return (to_tenth(median(days)), to_tenth(fmean(days)), to_tenth(max(days))) if days else (None, None, None)


def longest_run(flags: Iterable[bool]) -> int:
    """The longest stretch of True."""
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


def is_quick(begun: int | None, ended: int, files: int) -> bool:
    """Whether less than QUICK_MINUTES for each file lie between receipt and signature (in microseconds), by the clock on the wall:
    whoever looked at it can have looked no longer. An unknown receipt is not quick."""
    return begun is not None and ended - begun < QUICK_MINUTES * MINUTE * max(files, 1)
