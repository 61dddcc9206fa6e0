"""The figures of the library's first page: by category with its trend, by level, severity, business line and unit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Min
from django.utils import timezone

from inspections.models import Finding
from lessons import rules
from lessons.categories import OF_REMARKS, Category
from lessons.queries.facts import SOURCES, Asked, Count, a_year_before, counted, occurrences, run, start_of
from projects.choices import BusinessLine
from reviews.choices import RemarkState, Severity
from reviews.models import Remark
from scoring.models import Criterion
from staff.models import Unit

QUARTERS = "quarter"
YEARS_SHOWN = 6
MONTHS = [f"{month} 月" for month in range(1, 13)]
QUARTER_NAMES = [f"{quarter} 季度" for quarter in range(1, 5)]


@dataclass(frozen=True)
class Trend:
    """The figures of each period, and those a year before; `compared` is the former year as far as this one has come.

    Without a year the periods are the latest years, and nothing stands beside them."""

    labels: Sequence[str] = ()
    counts: Sequence[int] = ()
    before: Sequence[int] = ()
    compared: int | None = None

    @property
    def bars(self) -> list[rules.Bar]:
        return rules.bars(self.labels, self.counts, self.before)

    @property
    def is_empty(self) -> bool:
        return not any(self.counts) and not any(self.before)

    @property
    def width(self) -> int:
        return len(self.labels) * rules.STEP

    @property
    def words(self) -> str:
        return "，".join(f"{label} {count}" for label, count in zip(self.labels, self.counts, strict=True))


@dataclass(frozen=True)
class Row:
    """One category."""

    category: Category
    figures: Count
    trend: Trend
    share: str  # of all, in percent; also the length of its bar

    @property
    def change(self) -> int | None:
        """More or fewer than a year before; None where there is no year to compare with."""
        return None if self.trend.compared is None else self.figures.times - self.trend.compared


@dataclass
class Library:
    rows: list[Row]
    total: Count
    trend: Trend
    hidden: int  # occurrences of which the person may not read the words
    groups: list[tuple[str, list[tuple[str, Count, str]]]] = field(default_factory=list)


def categories_found() -> list[Category]:
    """Every category that a filter offers: those of the remarks, then the headings of the standards that cost points."""
    criteria = Criterion.objects.filter(deductions__findings__isnull=False).order_by("title", "pk")
    headings: dict[str, int] = {}
    for pk, title in criteria.values_list("pk", "title").distinct():
        headings.setdefault(title, pk)
    return [*OF_REMARKS, *(Category(heading=title, criterion=pk) for title, pk in headings.items()), Category()]


def years() -> list[int]:
    """From the first occurrence to this year, the newest first. Two queries."""
    this_year = timezone.localdate().year
    firsts = [
        Remark.objects.exclude(state=RemarkState.DRAFT).aggregate(first=Min("raised_at"))["first"],
        Finding.objects.aggregate(first=Min("raised_at"))["first"],
    ]
    since = min((timezone.localtime(first).year for first in firsts if first), default=this_year)
    return list(range(this_year, min(since, this_year) - 1, -1))


def library(user, asked: Asked, period: str = "") -> Library:
    """All the figures of the page: seven queries, whatever was raised."""
    found = {
        (code, heading): (Category(code, heading, criterion), figures)
        for (code, heading), figures, criterion, _ in counted(user, asked, "code", "heading")
    }
    if asked.category is None and asked.source != SOURCES[1][0]:
        for category in OF_REMARKS:
            found.setdefault(category.identity, (category, Count()))
    whole = counted(user, asked)
    total, hidden = (whole[0][1], whole[0][3]) if whole else (Count(), 0)
    trends = _trends(user, asked, period)
    empty = trend_of(asked, {}, period)
    rows = [
        Row(category, figures, trends.get(category.identity, empty), _share(figures.times, total.times))
        for category, figures in found.values()
    ]
    return Library(rows, total, trends.get(None, empty), hidden, _groups(user, asked))


def _share(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.1f}" if whole else "0"


def _trends(user, asked: Asked, period: str) -> dict[tuple | None, Trend]:
    """The trend of each category by its identity, and under None that of all. One query."""
    years = (asked.year - 1, asked.year) if asked.year else _latest()
    # As far as this year has come, so far counts the former one; of a year that is over all of it.
    now = timezone.now()
    until = a_year_before(timezone.localtime(now)) if asked.year == timezone.localdate().year else _end(years[0])
    rows = occurrences(user, asked, "code", "heading", "year", "month", "at", years=years)
    counts: dict[tuple | None, dict] = defaultdict(lambda: defaultdict(int))
    select = "COUNT(*), SUM(CASE WHEN at < %s THEN 1 ELSE 0 END)"
    for code, heading, year, month, times, so_far in run(
        rows, select, ("code", "heading", "year", "month"), [_as_parameter(until)]
    ):
        for key in ((code, heading), None):
            counts[key][int(year), int(month)] += times
            if asked.year and year == asked.year - 1:
                counts[key]["compared"] += so_far
    return {key: trend_of(asked, found, period) for key, found in counts.items()}


def _as_parameter(moment: datetime):
    """As the database keeps instants."""
    return connection.ops.adapt_datetimefield_value(moment)


def _end(year: int) -> datetime:
    return start_of(year + 1)


def _latest() -> tuple[int, int]:
    this_year = timezone.localdate().year
    return this_year - YEARS_SHOWN + 1, this_year


def trend_of(asked: Asked, found: dict, period: str = "") -> Trend:
    """`found`: (year, month) → how often; under "compared" as of the former year so far."""
    if asked.year is None:
        first, last = _latest()
        shown = range(first, last + 1)
        counts = [sum(found.get((year, month), 0) for month in range(1, 13)) for year in shown]
        return Trend([f"{year} 年" for year in shown], counts, [0] * len(counts))
    counts, before = ([found.get((year, month), 0) for month in range(1, 13)] for year in (asked.year, asked.year - 1))
    if period == QUARTERS:
        return Trend(QUARTER_NAMES, rules.quarters(counts), rules.quarters(before), found.get("compared", 0))
    return Trend(MONTHS, counts, before, found.get("compared", 0))


def _groups(user, asked: Asked) -> list[tuple[str, list[tuple[str, Count, str]]]]:
    """(title, [(name, figures, length of its bar in percent)]) of each other way to look at it."""
    units = dict(Unit.objects.values_list("pk", "name"))
    names = {
        "level_title": ("级别", lambda value: value),
        "weight": ("严重程度", lambda value: Severity(value).label),
        "line": ("业务类型", lambda value: BusinessLine(value).label if value else "单位检查"),
        "unit_no": ("单位", lambda value: units[value]),
    }
    found = []
    for column, (title, name) in names.items():
        rows = counted(user, asked, column)
        most = max((figures.times for _, figures, _, _ in rows), default=1)
        named = [(name(value), figures, _share(figures.times, most)) for (value,), figures, _, _ in rows]
        found.append((title, sorted(named, key=lambda row: (-row[1].times, row[0]))))
    return found
