"""The conclusion of each unit for a year: that of its lowest project, with the unit's own inspection beside it (§4)."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from inspections import rules
from inspections.models import Inspection, Plan
from projects.models import Project
from staff.models import Unit


@dataclass
class UnitRow:
    """A unit with its inspections that count, the lowest first. `conclusion` is None where no project was inspected."""

    unit: Unit
    inspections: list[Inspection] = field(default_factory=list)
    own: list[Inspection] = field(default_factory=list)
    conclusion: rules.UnitConclusion | None = None

    @property
    def set_by(self) -> list[Inspection]:
        """The inspections that set the conclusion."""
        return [each for each in self.inspections if each.sets_conclusion]

    @property
    def standard(self):
        """The standard that the lowest project was scored by."""
        return self.set_by[0].score_sheet.standard if self.inspections else None

    @property
    def latest_own(self) -> Inspection | None:
        return self.own[0] if self.own else None


def concluded(year: int, plan: Plan | None = None):
    """The inspections of a year (of one plan) that count: those with a written opinion."""
    rows = Inspection.objects.concluded().filter(year=year)
    return rows.filter(plan=plan) if plan else rows


def unit_rows(year: int, plan: Plan | None = None, unit: Unit | None = None) -> list[UnitRow]:
    """Every unit that has projects or was inspected, by code; only `unit`, if it is told. Two queries."""
    rows = (
        concluded(year, plan).select_related("project", "plan", "score_sheet__standard").defer("score_sheet__snapshot")
    )
    rows = rows.order_by("score_sheet__total", "project__number", "pk")
    rows = list(rows if unit is None else rows.filter(unit=unit))
    found: dict[int, list[Inspection]] = defaultdict(list)
    for each in rows:
        found[each.unit_id].append(each)
    if unit is not None:
        return [_row(unit, found[unit.pk])]
    at_work = Exists(Project.objects.filter(unit=OuterRef("pk")))
    return [_row(each, found[each.pk]) for each in Unit.objects.filter(Q(at_work, is_active=True) | Q(pk__in=found))]


def _row(unit: Unit, inspections: list[Inspection]) -> UnitRow:
    of_projects = [each for each in inspections if each.project_id]
    conclusion = rules.unit_conclusion(
        rules.Scored(each.project.number, each.score_sheet.total, each.score_sheet.grade) for each in of_projects
    )
    for each in of_projects:
        each.sets_conclusion = each.score_sheet.total == conclusion.total
    own = sorted((each for each in inspections if not each.project_id), key=lambda each: each.opened_at, reverse=True)
    return UnitRow(unit, of_projects, own, conclusion)


# From one year to the next by the index of years: SELECT DISTINCT would read all inspections for the five years that there are.
_YEARS = """
WITH RECURSIVE found(year) AS (
    SELECT MIN(year) FROM inspections_inspection
    UNION ALL
    SELECT (SELECT MIN(year) FROM inspections_inspection WHERE year > found.year) FROM found WHERE found.year IS NOT NULL
) SELECT year FROM found WHERE year IS NOT NULL
"""


def years(this_year: int) -> list[int]:
    """The years with inspections, and this one; the newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_YEARS)
        return sorted({this_year, *(year for (year,) in cursor.fetchall())}, reverse=True)
