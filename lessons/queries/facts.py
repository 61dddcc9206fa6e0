"""What the library counts: remarks that were sent and findings of concluded inspections, in one shape.

An occurrence is one remark (校审意见) that was put before the preparer, or one finding (检查问题) of an inspection whose written
opinion is out. Its category is that of the remark, or of the remark that the finding names; else the heading of the
standard under which points were deducted; else 未归类. It happened when it was raised."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Case, CharField, F, IntegerField, Q, Value, When
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear
from django.utils import timezone

from inspections.choices import CONCLUDED
from inspections.models import Finding, Inspection
from lessons.categories import OTHER, Category
from projects.models import Project, sees_all_projects
from reviews.choices import RemarkState
from reviews.models import Remark
from staff.models import Unit, unit_and_descendants

REMARK, FINDING = "remark", "finding"
SOURCES = [(REMARK, "校审意见"), (FINDING, "检查问题")]
OF_INSPECTION = "监管检查"


@dataclass(frozen=True)
class Asked:
    """What the filters of a page ask for; None and "" ask for everything."""

    year: int | None = None
    unit: Unit | None = None
    line: str = ""
    category: Category | None = None
    severity: str = ""
    source: str = ""
    q: str = ""
    units: frozenset[int] | None = field(default=None, compare=False)

    def within_units(self) -> "Asked":
        """With the units below the chosen one; a query."""
        return replace(self, units=frozenset(unit_and_descendants([self.unit.pk]))) if self.unit else self


def start_of(year: int) -> datetime:
    """The first instant of a year in the firm's time zone."""
    return timezone.make_aware(datetime(year, 1, 1))  # noqa: DTZ001 — made aware here


def in_years(name: str, first: int, last: int) -> Q:
    """That the instant `name` falls into the years from `first` to `last`; a range, so that an index serves."""
    return Q(**{f"{name}__gte": start_of(first), f"{name}__lt": start_of(last + 1)})


def a_year_before(moment: datetime) -> datetime:
    """The same instant of the year before; of 29 February the next day."""
    try:
        return moment.replace(year=moment.year - 1)
    except ValueError:
        return moment.replace(year=moment.year - 1, day=28) + timedelta(days=1)


def _shape(origin: str, **columns) -> dict:
    words = CharField()
    return {"origin": Value(origin, words), "ident": F("pk"), "at": F("raised_at"), "year": ExtractYear("raised_at"),
            "month": ExtractMonth("raised_at"), "weight": F("severity"), "words": F("problem"), **columns}  # fmt: skip


def _true(condition: Q | None):
    return Value(True, BooleanField()) if condition is None else Case(
        When(condition, then=Value(True)), default=Value(False), output_field=BooleanField()
    )  # fmt: skip


def remarks_seen(user) -> Q | None:
    """Whose words a person may read: those of the projects that the person sees. None: all."""
    return None if sees_all_projects(user) else Q(deliverable__project__in=Project.objects.visible_to(user))


def findings_seen(user) -> Q:
    """Of findings those of the inspections that the person sees, where the project is one that the person sees too."""
    seen = Q(inspection__in=Inspection.objects.visible_to(user).order_by().values("pk"))
    if sees_all_projects(user):
        return seen
    project = Q(inspection__project__isnull=True) | Q(inspection__project__in=Project.objects.visible_to(user))
    return seen & project


def _remarks(user, asked: Asked):
    rows = Remark.objects.exclude(state=RemarkState.DRAFT)
    if asked.units is not None:
        rows = rows.filter(deliverable__project__unit__in=asked.units)
    if asked.line:
        rows = rows.filter(deliverable__project__business_line=asked.line)
    if asked.category:
        rows = rows.filter(category=asked.category.code) if asked.category.code else rows.none()
    seen = remarks_seen(user)
    shape = _shape(
        REMARK, code=F("category"), heading=Value("", CharField()), criterion_no=Value(None, IntegerField()),
        project_no=F("deliverable__project"), unit_no=F("deliverable__project__unit"),
        line=F("deliverable__project__business_line"), level_title=F("level__title"), money=F("amount_affected"),
        is_seen=_true(seen),
    )  # fmt: skip
    return rows.annotate(**shape).order_by(), seen


def _findings(user, asked: Asked):
    rows = Finding.objects.filter(inspection__state__in=CONCLUDED)
    if asked.units is not None:
        rows = rows.filter(inspection__unit__in=asked.units)
    if asked.line:
        rows = rows.filter(inspection__project__business_line=asked.line)
    if asked.category:
        rows = rows.filter(_of_category(asked.category))
    seen = findings_seen(user)
    named = Q(remark__isnull=False)
    shape = _shape(
        FINDING, code=Coalesce("remark__category", Value("")),
        heading=Case(When(named, then=Value("")), default=Coalesce("deduction__criterion__title", Value("")),
                     output_field=CharField()),
        criterion_no=F("deduction__criterion"), project_no=F("inspection__project"), unit_no=F("inspection__unit"),
        line=Coalesce("inspection__project__business_line", Value("")),
        level_title=Value(OF_INSPECTION, CharField()), money=F("amount"), is_seen=_true(seen),
    )  # fmt: skip
    return rows.annotate(**shape).order_by(), seen


def _of_category(category: Category) -> Q:
    if category.code:
        return Q(remark__category=category.code)
    unnamed = Q(remark__isnull=True)
    if category.key == OTHER:
        return unnamed & Q(deduction__isnull=True)
    return unnamed & Q(deduction__criterion__title=category.heading)


def occurrences(user, asked: Asked, *columns: str, years: tuple[int, int] | None = None, seen_only: bool = False):
    """The occurrences that pass the filters, both sources in one query set of dictionaries with `columns`.

    A search reads words, so it finds only where the person may read them; else its count would tell what it says there.
    `years` widens the chosen year."""
    first_last = years or ((asked.year, asked.year) if asked.year else None)
    found = []
    for origin, make in ((REMARK, _remarks), (FINDING, _findings)):
        rows, seen = make(user, asked)
        if first_last:
            rows = rows.filter(in_years("raised_at", *first_last))
        if asked.severity:
            rows = rows.filter(severity=asked.severity)
        if asked.source and asked.source != origin:
            rows = rows.none()
        if asked.q:
            rows = rows.filter(problem__icontains=asked.q)
        if (asked.q or seen_only) and seen is not None:
            rows = rows.filter(seen)
        found.append(rows.values(*columns))
    return found[0].union(found[1], all=True)


@dataclass(frozen=True)
class Count:
    """How often, in how many projects, Σ|amount| in 元, and how many of them each source has."""

    times: int = 0
    projects: int = 0
    amount: Decimal = Decimal(0)
    remarks: int = 0
    findings: int = 0


_SUMS = (
    "COUNT(*), COUNT(DISTINCT project_no), COALESCE(SUM(ABS(money)), 0),"
    " SUM(CASE WHEN origin = 'remark' THEN 1 ELSE 0 END), MIN(criterion_no), SUM(CASE WHEN is_seen THEN 0 ELSE 1 END)"
)


def run(rows, select: str, by: Sequence[str] = (), params: Sequence = ()) -> list[tuple]:
    """`select` over the occurrences, grouped `by` columns of theirs: what no query set does over a union."""
    try:
        inner, inner_params = rows.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return []
    grouped = ", ".join(by)
    head = f"{grouped}, {select}" if by else select
    tail = f" GROUP BY {grouped}" if by else ""
    with connection.cursor() as cursor:
        # Names of columns and aliases of this module; every value is a parameter.
        cursor.execute(f"SELECT {head} FROM ({inner}) AS occurrence{tail}", [*params, *inner_params])  # noqa: S608
        return cursor.fetchall()


_CENT = Decimal("0.01")


def counted(user, asked: Asked, *by: str) -> list[tuple[tuple, Count, int | None, int]]:
    """(the values of `by`, the figures, one criterion, how many of them the person may not read) of each group."""
    columns = (*by, "origin", "project_no", "money", "criterion_no", "is_seen")
    found = []
    for row in run(occurrences(user, asked, *columns), _SUMS, by):
        values, (times, projects, amount, remarks, criterion, hidden) = row[: len(by)], row[len(by) :]
        if not times:
            continue
        figures = Count(times, projects, Decimal(str(amount)).quantize(_CENT), remarks, times - remarks)
        found.append((values, figures, criterion, hidden))
    return found
