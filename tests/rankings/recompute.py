"""The annual ranking once more, in plain SQL and from the rules alone (domain.md §7): nothing of `rankings` is imported.

One statement a board, the same on PostgreSQL and SQLite. Points are reckoned in hundredths, as whole numbers, so that half
up means the same on both. What was not ranked has no place and no score, but the words that say why.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

SHANGHAI = ZoneInfo("Asia/Shanghai")
# SQL: whom a board of people is about, by kind and role of the level that they signed.
BOARDS_OF_PEOPLE = {
    "preparer": "l.kind = 'prepare'",
    "checker": "l.kind = 'review' AND l.role = 'discipline_lead'",
    "verifier": "l.kind = 'review' AND l.role = 'project_manager'",
    "approver": "l.kind = 'review' AND l.role NOT IN ('discipline_lead', 'project_manager')",
}


class Line(NamedTuple):
    subject: int
    place: int | None
    score: Decimal | None
    sample: int
    grade: str = ""
    excluded: str = ""
    # What breaks ties: of a project the lowest share and whether it was on time, of a unit the mean; then the findings.
    beside: tuple = ()


NOTHING = "CAST(NULL AS INTEGER)"
GRADE = "CASE WHEN {0} < 6000 THEN '不合格' WHEN {0} <= 8000 THEN '合格' ELSE '优良' END"

# Per project the inspection that set its score: the lowest; of several as low, the one that looks worst. And of the projects
# without a closed one the inspection that says why: first those with an opinion, then the oldest.
SETTING = """
WITH counted AS (
    SELECT i.*, {points} AS points, CASE WHEN i.was_on_time THEN 1 ELSE 0 END AS on_time
    FROM inspections_inspection i LEFT JOIN scoring_scoresheet s ON s.id = i.score_sheet_id
    WHERE i.year = %(year)s AND i.project_id IS NOT NULL AND i.state <> 'cancelled' AND i.id NOT IN ({without})
), closed AS (
    SELECT counted.*, COUNT(*) OVER (PARTITION BY project_id) AS inspected,
           ROW_NUMBER() OVER (PARTITION BY project_id
                              ORDER BY points, lowest_share, finding_count DESC, on_time, id) AS nth
    FROM counted WHERE state = 'closed'
), setting AS (SELECT * FROM closed WHERE nth = 1),
still_open AS (
    SELECT project_id, unit_id, CASE WHEN state IN ('issued', 'rectifying', 'rechecking') THEN 0 ELSE 1 END AS silent,
           ROW_NUMBER() OVER (PARTITION BY project_id ORDER BY
                              CASE WHEN state IN ('issued', 'rectifying', 'rechecking') THEN 0 ELSE 1 END, id) AS nth
    FROM counted WHERE project_id NOT IN (SELECT project_id FROM setting)
), open_only AS (SELECT * FROM still_open WHERE nth = 1)
"""

PROJECTS = f"""{SETTING}
SELECT project_id, RANK() OVER (ORDER BY points DESC, lowest_share DESC, finding_count, on_time DESC), points, inspected,
       {GRADE.format("points")}, '', lowest_share, on_time, finding_count
FROM setting
UNION ALL
SELECT project_id, {NOTHING}, {NOTHING}, 0, '', CASE silent WHEN 0 THEN '整改未关闭' ELSE '检查尚未出具书面意见' END,
       {NOTHING}, {NOTHING}, {NOTHING}
FROM open_only
"""

# A mean of whole hundredths, half up: (2 × sum + n) div 2n.
UNITS = f"""{SETTING}
, units AS (
    SELECT unit_id, MIN(points) AS lowest, (2 * SUM(points) + COUNT(*)) / (2 * COUNT(*)) AS mean,
           SUM(finding_count) AS findings, COUNT(*) AS projects
    FROM setting GROUP BY unit_id
)
SELECT unit_id, RANK() OVER (ORDER BY lowest DESC, mean DESC, findings), lowest, projects, {GRADE.format("lowest")}, '',
       mean / 100.0, findings
FROM units WHERE projects >= %(least)s
UNION ALL
SELECT unit_id, {NOTHING}, lowest, projects, {GRADE.format("lowest")}, %(too_few)s, mean / 100.0, findings
FROM units WHERE projects < %(least)s
UNION ALL
SELECT DISTINCT unit_id, {NOTHING}, {NOTHING}, 0, '', %(too_few)s, {NOTHING}, {NOTHING} FROM open_only
WHERE unit_id NOT IN (SELECT unit_id FROM units)
"""

PEOPLE = f"""
WITH signed AS (
    SELECT DISTINCT g.signer_id, r.deliverable_id
    FROM reviews_issue x
    JOIN reviews_round r ON r.id = x.round_id
    JOIN reviews_signature g ON g.round_id = r.id AND g.revoked_at IS NULL AND g.seat_number = 0
    JOIN reviews_level l ON l.id = g.level_id AND {{whose}}
    WHERE x.issued_at >= %(begins)s AND x.issued_at < %(ends)s
), weights AS (
    SELECT f.deliverable_id,
           SUM(CASE f.severity WHEN 'major' THEN 5 WHEN 'serious' THEN 3 ELSE 1 END) AS weight
    FROM inspections_finding f JOIN inspections_inspection i ON i.id = f.inspection_id
    WHERE i.year = %(year)s AND i.state IN ('issued', 'rectifying', 'rechecking', 'closed') AND i.id NOT IN ({{without}})
    GROUP BY f.deliverable_id
), people AS (
    SELECT signer_id, COUNT(*) AS n, CAST(COALESCE(SUM(weight), 0) AS INTEGER) AS weight
    FROM signed LEFT JOIN weights ON weights.deliverable_id = signed.deliverable_id
    GROUP BY signer_id
), scored AS (
    SELECT signer_id, n, CASE WHEN 5 * n <= weight THEN 0
           ELSE (2 * (10000 * n - 2000 * weight) + n) / (2 * n) END AS points
    FROM people
)
SELECT signer_id, RANK() OVER (ORDER BY points DESC, n DESC), points, n, '', '' FROM scored WHERE n >= %(least)s
UNION ALL
SELECT signer_id, {NOTHING}, points, n, '', %(too_few)s FROM scored WHERE n < %(least)s
"""


def _ask(statement: str, **told) -> set[Line]:
    with connection.cursor() as cursor:
        cursor.execute(statement, told)
        return {
            Line(
                subject,
                place,
                None if points is None else Decimal(int(points)) / 100,
                sample,
                grade,
                excluded,
                tuple(round(Decimal(each), 2) for each in beside if each is not None),
            )
            for subject, place, points, sample, grade, excluded, *beside in cursor.fetchall()
        }


def _begin(year: int):
    begun = datetime(year, 1, 1, tzinfo=SHANGHAI).astimezone(UTC)
    return connection.ops.adapt_datetimefield_value(begun)


def boards(year: int, *, least_projects: int, least_signed: int, without: Iterable[int] = (),
           scores: Mapping[int, Decimal] | None = None) -> dict[str, set[Line]]:  # fmt: skip
    """Every board of the year, with what was not ranked and why. As it would be without some inspections, or with other
    scores, where that is told."""
    points = "CAST(ROUND(s.total * 100) AS INTEGER)"
    if scores:
        cases = " ".join(f"WHEN {int(pk)} THEN {int(score * 100)}" for pk, score in scores.items())
        points = f"CASE i.id {cases} ELSE {points} END"
    left_out = {"without": ", ".join(str(int(pk)) for pk in (0, *without))}
    found = {
        "project": _ask(PROJECTS.format(points=points, **left_out), year=year),
        "unit": _ask(UNITS.format(points=points, **left_out), year=year, least=least_projects,
                     too_few=f"被检项目少于 {least_projects} 个"),
    }  # fmt: skip
    told = {"year": year, "begins": _begin(year), "ends": _begin(year + 1), "least": least_signed}
    for board, whose in BOARDS_OF_PEOPLE.items():
        found[board] = _ask(PEOPLE.format(whose=whose, **left_out), too_few=f"签署少于 {least_signed} 份", **told)
    return found
