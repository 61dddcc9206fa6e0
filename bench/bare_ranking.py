"""The floor of the annual ranking: hand-written SQL by a bare cursor, tuples, sorting and counting in Python. The same boards,
places, scores, samples, names, tie figures and evidence as `rankings.queries.drafts.draft`; no words, no objects."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from printing.pdf import no_garbage_collection

CENT, FULL = Decimal("0.01"), Decimal(100)
WEIGHTS = {"ordinary": 1, "serious": 3, "major": 5}
LEAST_SIGNED = 3

PROJECTS = """
SELECT * FROM (
    SELECT i.id, i.number, i.project_id, p.name, i.unit_id, u.name, s.total, s.grade, i.lowest_share, i.finding_count, i.was_on_time,
           COUNT(*) OVER of_project, MAX(CASE WHEN i.is_serious THEN 1 ELSE 0 END) OVER of_project,
           ROW_NUMBER() OVER (PARTITION BY i.project_id ORDER BY s.total, i.lowest_share, i.finding_count DESC,
                              CASE WHEN i.was_on_time THEN 1 ELSE 0 END, i.id) AS nth
    FROM inspections_inspection i
    JOIN scoring_scoresheet s ON s.id = i.score_sheet_id
    JOIN projects_project p ON p.id = i.project_id
    JOIN staff_unit u ON u.id = i.unit_id
    WHERE i.year = %s AND i.project_id IS NOT NULL AND i.state = 'closed'
    WINDOW of_project AS (PARTITION BY i.project_id)
) found WHERE nth = 1
"""
# As the product reads it: two statements are quicker than one that gathers the numbers of each project's inspections.
OTHERS = """
SELECT i.project_id, i.id FROM inspections_inspection i
WHERE i.year = %s AND i.state = 'closed' AND i.project_id IN (
    SELECT project_id FROM inspections_inspection WHERE year = %s AND state = 'closed' AND project_id IS NOT NULL
    GROUP BY project_id HAVING COUNT(*) > 1)
ORDER BY i.id
"""
OPEN = """
SELECT i.project_id, p.name, i.unit_id, u.name, i.id, i.number, i.state FROM inspections_inspection i
JOIN projects_project p ON p.id = i.project_id JOIN staff_unit u ON u.id = i.unit_id
WHERE i.year = %s AND i.state NOT IN ('closed', 'cancelled') ORDER BY p.name, i.project_id, i.id
"""
POPULATION = "SELECT state, project_id IS NULL, COUNT(*) FROM inspections_inspection WHERE year = %s GROUP BY 1, 2"
SIGNED = """
SELECT g.signer_id, p.name, u.name, l.kind, l.role, COUNT(DISTINCT r.deliverable_id)
FROM reviews_issue x JOIN reviews_round r ON r.id = x.round_id
JOIN reviews_signature g ON g.round_id = r.id AND g.revoked_at IS NULL
JOIN reviews_level l ON l.id = g.level_id AND l.kind IN ('prepare', 'review')
JOIN staff_user p ON p.id = g.signer_id JOIN staff_unit u ON u.id = p.unit_id
WHERE x.issued_at >= %s AND x.issued_at < %s GROUP BY 1, 2, 3, 4, 5
"""
MISSED = """
SELECT g.signer_id, l.kind, l.role, f.severity, COUNT(*)
FROM inspections_inspection i JOIN inspections_finding f ON f.inspection_id = i.id
JOIN reviews_round r ON r.deliverable_id = f.deliverable_id
JOIN reviews_issue x ON x.round_id = r.id AND x.issued_at >= %s AND x.issued_at < %s
JOIN reviews_signature g ON g.round_id = r.id AND g.revoked_at IS NULL
JOIN reviews_level l ON l.id = g.level_id AND l.kind IN ('prepare', 'review')
WHERE i.year = %s AND i.state IN ('issued', 'rectifying', 'rechecking', 'closed') GROUP BY 1, 2, 3, 4
"""


def _rows(statement: str, *told) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, told)
        return cursor.fetchall()


def _placed(rows: list[tuple], key) -> list[tuple]:
    """(place, row), best first; equal keys share a place."""
    found, place, last = [], 0, None
    keyed = sorted(((key(row), row) for row in rows), key=lambda pair: pair[0], reverse=True)
    for position, (value, row) in enumerate(keyed, start=1):
        if value != last:
            place, last = position, value
        found.append((place, row))
    return found


def _points(value) -> Decimal:
    """A score of the database as the Decimal that it is: SQLite gives a float."""
    return value if isinstance(value, Decimal) else Decimal(str(value)).quantize(CENT)


def _projects(year: int) -> list[tuple]:
    """(id, name, unit, unit's name, score, grade, share, findings, on time, sample, serious, number, evidence)"""
    others = defaultdict(list)
    for project, pk in _rows(OTHERS, year, year):
        others[project].append(pk)
    return [
        (project, name, unit, unit_name, _points(total), grade, _points(share), findings, bool(on_time), times, bool(serious),
         number, (pk, *(each for each in others.get(project, ()) if each != pk)))
        for pk, number, project, name, unit, unit_name, total, grade, share, findings, on_time, times, serious, _
        in _rows(PROJECTS, year)
    ]  # fmt: skip


def _units(projects: list[tuple]) -> list[tuple]:
    """(id, name, score, mean, findings, sample, names, evidence)"""
    found = defaultdict(list)
    for row in projects:
        found[row[2]].append(row)
    units = []
    for unit, rows in found.items():
        lowest = min(row[4] for row in rows)
        mean = (sum(row[4] for row in rows) / len(rows)).quantize(CENT, rounding=ROUND_HALF_UP)
        names = sorted(row[1] for row in rows if row[4] == lowest)
        evidence = [row[12][0] for row in sorted(rows, key=lambda row: (row[4], row[1]))]
        units.append((unit, rows[0][3], lowest, mean, sum(row[7] for row in rows), len(rows), names, evidence))
    return units


def _board(kind: str, role: str) -> str:
    if kind == "prepare":
        return "preparer"
    return {"discipline_lead": "checker", "project_manager": "verifier"}.get(role, "approver")


def _people(year: int) -> dict[str, list[tuple]]:
    """(id, name, unit, score, sample, weight) by board."""
    zone = ZoneInfo("Asia/Shanghai")
    span = [connection.ops.adapt_datetimefield_value(datetime(each, 1, 1, tzinfo=zone).astimezone(UTC))
            for each in (year, year + 1)]  # fmt: skip
    signed, names, weights = defaultdict(int), {}, defaultdict(int)
    for person, name, unit, kind, role, count in _rows(SIGNED, *span):
        signed[_board(kind, role), person] += count
        names[person] = name, unit
    for person, kind, role, severity, count in _rows(MISSED, *span, year):
        weights[_board(kind, role), person] += WEIGHTS[severity] * count
    found = defaultdict(list)
    for (board, person), count in signed.items():
        weight = weights[board, person]
        score = max(Decimal(0), FULL - Decimal(20 * weight) / count).quantize(CENT, rounding=ROUND_HALF_UP)
        found[board].append((person, *names[person], score, count, weight))
    return found


@no_garbage_collection()
def ranking(year: int) -> dict[str, list[tuple]]:
    """(place, row) of each board, best first; None is the place of what has not the sample, or nothing closed."""
    _rows(POPULATION, year)
    projects = _projects(year)
    closed = {row[0] for row in projects}
    still_open = {row[0]: row for row in reversed(_rows(OPEN, year)) if row[0] not in closed}
    found = {
        "project": _placed(projects, lambda row: (row[4], row[6], -row[7], row[8])) + [(None, row) for row in still_open.values()],
        "unit": _placed(_units(projects), lambda row: (row[2], row[3], -row[4])),
    }  # fmt: skip
    for board, rows in _people(year).items():
        enough = [row for row in rows if row[4] >= LEAST_SIGNED]
        found[board] = _placed(enough, lambda row: (row[3], row[4])) + [
            (None, row) for row in rows if row[4] < LEAST_SIGNED
        ]
    return found
