"""Pure decisions of the managers' dashboard: shares, working time, runs. Values in, answer out. No ORM, no clock."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import fmean, median

from deadlines.rules import Calendar

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


def _days(value: float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def days_summary(days: Sequence[float]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """(median, mean, longest) to one place; None without values."""
    return (_days(median(days)), _days(fmean(days)), _days(max(days))) if days else (None, None, None)


class WorkingTime:
    """How much working time lies between two instants, in working days. Reckoned once for each day of the span, so that
    100,000 questions are cheap."""

    def __init__(self, calendar: Calendar, first: date, last: date):
        self.calendar, self.first = calendar, first
        stretches = [
            (self._seconds(opens), self._seconds(closes)) for opens, closes in sorted(calendar.shifts)
        ]  # fmt: skip
        self.stretches = stretches
        self.whole_day = sum(closes - opens for opens, closes in stretches) or 1
        self.before = [0]
        self.works, self.midnights = [], []
        for number in range((last - first).days + 2):
            day = first + timedelta(days=number)
            works = calendar.is_working(day)
            self.midnights.append(int(datetime.combine(day, time.min, calendar.zone).timestamp()))
            self.works.append(works)
            self.before.append(self.before[-1] + (self.whole_day if works else 0))

    @staticmethod
    def _seconds(hour) -> int:
        return hour.hour * 3600 + hour.minute * 60 + hour.second

    def _until(self, second: int) -> int:
        """Working seconds from the beginning of the span."""
        number = bisect_right(self.midnights, second) - 1
        found = self.before[number]
        if self.works[number]:
            now = second - self.midnights[number]
            for opens, closes in self.stretches:
                if now > opens:
                    found += (now if now < closes else closes) - opens
        return found

    def days_between(self, begun: int, ended: int) -> float:
        """Working days between two instants in whole seconds since 1970; both within the span."""
        return max(self._until(ended) - self._until(begun), 0) / self.whole_day

    def days(self, begun: datetime, ended: datetime) -> float:
        """Working days from `begun` to `ended`; both within the span."""
        return self.days_between(int(begun.timestamp()), int(ended.timestamp()))


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
