"""The first of a year's project board, the last of those below the pass mark, and the unit board, as drafted now: ranked by the
database, for a screen shows fifteen projects of 63,000.

What sets a project's score is `drafts.setting_inspections`. Who stands before whom is `rankings.rules`: asked of `rules.ranked`
for units, said once more in SQL for projects. `tests/rankings/test_first.py` holds this against `drafts.draft` in years drawn at
random, on both databases."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection

from inspections.models import Inspection
from rankings import rules
from rankings.choices import Board
from rankings.models import Policy
from rankings.queries import drafts
from rankings.rules import Placed, Row
from scoring.rules import FAIL
from staff.models import Unit


@dataclass(frozen=True)
class First:
    """`projects` are the first in the order of the board, `failed` the last below the pass mark that are not among them, each with
    its place in the whole firm; `count` and `failed_count` say of how many. `units` are all that are placed, without evidence
    and without the names of the projects that set their scores."""

    projects: list[Placed] = field(default_factory=list)
    failed: list[Placed] = field(default_factory=list)
    count: int = 0
    failed_count: int = 0
    units: list[Placed] = field(default_factory=list)


# Points are hundredths, as whole numbers: sums are then the same on either database. The order is `rules.project_key`: score,
# the weakest criterion, fewer findings, on time. `worst` counts in `rules.WORST_FIRST`.
_PLACED = """
WITH setting AS MATERIALIZED (
    SELECT pk, project_id, unit_id, CAST(ROUND(total * 100) AS INTEGER) AS points, worst, COALESCE(lowest_share, 0) AS share,
           COALESCE(finding_count, 0) AS findings, on_time
    FROM ({setting}) AS inspection
), placed AS (
    SELECT pk, project_id, worst, unit_id, RANK() OVER (ORDER BY points DESC, share DESC, findings, on_time DESC) AS place
    FROM setting
), part AS MATERIALIZED (SELECT pk, project_id, worst, place FROM placed WHERE {part})
"""
_PROJECT, _FAILED, _TOTAL, _UNIT = range(4)
# No further than the place of the last that is shown. Those who share it stand by name, in the order of code points as in Python.
_SHOWN = """
SELECT * FROM (
    SELECT {kind}, part.pk, part.place, 0, 0, 0 FROM part JOIN projects_project p ON p.id = part.project_id
    WHERE {among} AND part.place {within}
          COALESCE((SELECT place FROM part WHERE {among} ORDER BY place {way} LIMIT 1 OFFSET {most} - 1), part.place)
    ORDER BY part.place {way}, p.name{by_code_point} {way}, part.project_id {way} LIMIT {most}
) AS shown{kind}
"""
_TOTALS = "SELECT {kind}, 0, COUNT(*), COALESCE(SUM(CASE WHEN worst = {fail} THEN 1 ELSE 0 END), 0), 0, 0 FROM part"
# The lowest points of a unit, and the worst grade at them, are read off one minimum.
_UNITS = """
SELECT {kind}, unit_id, COUNT(*), SUM(findings), SUM(points), MIN(points * 10 + worst) FROM setting GROUP BY unit_id
"""


def first(year: int, *, projects: int, failed: int = 0, units: Collection[int] | None = None,
          business_line: str = "") -> First:  # fmt: skip
    """The first `projects` of the project board and the last `failed` below the pass mark: of those whose score was set in one
    of `units`, and of the projects of a `business_line`, if told. Five queries."""
    least = drafts.least_of(Policy.objects.in_force())
    rows = _ask(year, projects, failed, units, business_line)
    best = {pk: place for pk, place, *_ in rows[_PROJECT]}
    last = {pk: place for pk, place, *_ in rows[_FAILED] if pk not in best}
    placed = _projects(year, best | last)
    ((_, count, failed_count, *_),) = rows[_TOTAL]
    return First(
        [each for each in placed if each.evidence[0] in best], [each for each in placed if each.evidence[0] in last],
        count, failed_count, _units(rows[_UNIT], max(least.unit, 1)),
    )  # fmt: skip


def _ask(year: int, projects: int, failed: int, units, business_line: str) -> dict[int, list[tuple]]:
    """Whole numbers, by kind. One statement, so that the inspections are gone through once."""
    setting = drafts.setting_inspections(drafts.closed_of_projects(year), {}).order_by().values_list(
        "pk", "project_id", "unit_id", "total", "worst", "lowest_share", "finding_count", "on_time"
    )  # fmt: skip
    inner, params = setting.query.get_compiler(connection=connection).as_sql()
    wanted, told = ["1 = 1"], []
    if units is not None:
        wanted.append(f"unit_id IN ({', '.join(['%s'] * len(units))})" if units else "1 = 0")
        told += units
    if business_line:
        wanted.append("project_id IN (SELECT id FROM projects_project WHERE business_line = %s)")
        told.append(business_line)
    fail = rules.WORST_FIRST.index(FAIL)
    names = {"by_code_point": ' COLLATE "C"' if connection.vendor == "postgresql" else ""}
    parts = [_SHOWN.format(kind=_PROJECT, among="1 = 1", within="<=", way="ASC", most=int(projects), **names)]
    if failed:
        parts.append(
            _SHOWN.format(kind=_FAILED, among=f"worst = {fail}", within=">=", way="DESC", most=int(failed), **names)
        )
    parts += [_TOTALS.format(kind=_TOTAL, fail=fail), _UNITS.format(kind=_UNIT)]
    found: dict[int, list[tuple]] = defaultdict(list)
    with connection.cursor() as cursor:
        # Names of columns and whole numbers of this module; every value is a parameter.
        cursor.execute(
            _PLACED.format(setting=inner, part=" AND ".join(wanted)) + " UNION ALL ".join(parts), [*params, *told]
        )
        for kind, *row in cursor.fetchall():
            found[kind].append(tuple(row))
    return found


def _projects(year: int, places: Mapping[int, int]) -> list[Placed]:
    """The lines that these inspections (id → place) set, in the order of the board. Two queries."""
    rows = list(
        Inspection.objects.filter(pk__in=places).order_by().values_list(
            "pk", "number", "project_id", "project__name", "unit_id", "unit__name", "score_sheet__total", "score_sheet__grade",
            "lowest_share", "finding_count", "was_on_time",
        )
    )  # fmt: skip
    every, serious = defaultdict(list), set()
    closed = drafts.closed_of_projects(year).filter(project__in=[row[2] for row in rows])
    for project, pk, is_serious in closed.order_by("pk").values_list("project_id", "pk", "is_serious"):
        every[project].append(pk)
        serious |= {project} if is_serious else set()
    found = [
        Placed(
            Row(project, name, unit, score, len(every[project]), grade,
                {"lowest_share": share, "findings": findings or 0, "on_time": on_time is not False,
                 "serious": project in serious, "set_by": number, "unit": unit_id},
                (pk, *(each for each in every[project] if each != pk))),
            places[pk],
        )
        for pk, number, project, name, unit_id, unit, score, grade, share, findings, on_time in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.place, each.label, each.subject))


def _units(rows: list[tuple], least: int) -> list[Placed]:
    """Those with enough of a sample, placed. One query."""
    names = dict(Unit.objects.order_by().values_list("pk", "name"))
    found = []
    for unit, projects, findings, points, lowest in rows:
        if projects < least:
            continue
        mean = (Decimal(points) / 100 / projects).quantize(rules.CENT, rounding=ROUND_HALF_UP)
        score, worst = divmod(lowest, 10)
        found.append(Row(unit, names[unit], names[unit], Decimal(score).scaleb(-2), projects, rules.WORST_FIRST[worst],
                         {"mean": mean, "findings": findings}))  # fmt: skip
    return rules.ranked(Board.UNIT, found)
