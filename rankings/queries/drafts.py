"""The ranking of a year as it would be now (测算), from closed inspections and signed, issued deliverables (§7).

The figures are read as tuples, grouped by the database, in a fixed number of queries; what they mean is `rankings.rules`. A year
of 100,000 inspections is ranked so."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DecimalField,
    F,
    IntegerField,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from inspections.choices import CONCLUDED, State
from inspections.models import Finding, Inspection
from inspections.queries.inspections import STANDINGS, standing
from ledger.rules import canonical_json
from printing.pdf import no_garbage_collection
from rankings import rules
from rankings.choices import PEOPLE_BOARDS, Board
from rankings.models import Policy
from rankings.rules import Placed, Row
from reviews.choices import LevelKind
from reviews.models import Signature
from scoring.rules import grade
from staff.choices import Role

DEFAULT_LEAST = {"unit": 1, "person": 3}
# The board of a reviewing level, by the role that signs it (校核, 复核; 审核, 审定, 初审). The preparer's level is told by its kind.
BOARD_OF_ROLE = {Role.DISCIPLINE_LEAD: Board.CHECKER, Role.PROJECT_MANAGER: Board.VERIFIER}
# Whose level is no review of a person's own: an expert panel, the issue.
SIGNED_KINDS = (LevelKind.PREPARE, LevelKind.REVIEW)


@dataclass(frozen=True)
class Least:
    """The minimum samples, and the version of the policy that sets them (None: none is in force)."""

    unit: int
    person: int
    version: int | None

    def of(self, board: Board) -> int:
        return 1 if board == Board.PROJECT else self.unit if board == Board.UNIT else self.person


@dataclass(frozen=True)
class Population:
    """How many inspections of the year there are, by what becomes of them. `of_units`: of units themselves, which do not enter."""

    counted: int = 0
    not_closed: int = 0
    not_concluded: int = 0
    cancelled: int = 0
    of_units: int = 0


@dataclass(frozen=True)
class Draft:
    """The boards of a year. `boards` has the placed, best first; `excluded` the others, each with the reason."""

    year: int
    least: Least
    population: Population
    boards: dict[Board, list[Placed]] = field(default_factory=dict)
    excluded: dict[Board, list[Placed]] = field(default_factory=dict)


def least_of(policy: Policy | None) -> Least:
    """The minimum samples of a version of the policy; of none the defaults."""
    if policy is None:
        return Least(DEFAULT_LEAST["unit"], DEFAULT_LEAST["person"], None)
    return Least(policy.min_unit_sample, policy.min_person_sample, policy.version)


@no_garbage_collection()
def draft(year: int, *, policy: Policy | None = None, without: Collection[int] = frozenset(),
          scores: Mapping[int, Decimal] | None = None, boards: Collection[Board] = tuple(Board)) -> Draft:  # fmt: skip
    """The ranking of `year` now, by the minimum samples of `policy` (that in force, if none is told).

    What if: `without` leaves inspections out (ids), `scores` has another total for some ({inspection id: total}; the grade
    follows by the marks of its standard). `boards` may be fewer, to read less. Ten queries at most."""
    least = least_of(policy or Policy.objects.in_force())
    population = population_of(year)
    found, out = {}, {}
    if {Board.PROJECT, Board.UNIT} & set(boards):
        rows = project_rows(year, without=without, scores=scores or {})
        open_rows = _open_projects(year, {row.subject for row in rows}, without)
        found[Board.PROJECT] = rules.ranked(Board.PROJECT, rows)
        out[Board.PROJECT] = open_rows
        found[Board.UNIT], out[Board.UNIT] = _units(rows, open_rows, least.unit)
    if set(PEOPLE_BOARDS) & set(boards):
        for board, rows in people_rows(year, without=without).items():
            found[board], out[board] = _split(board, rows, least.person)
    return Draft(
        year, least, population,
        {board: found[board] for board in Board if board in boards}, {board: out[board] for board in Board if board in boards},
    )  # fmt: skip


def digest(drafted: Draft) -> str:
    """SHA-256 (hex) of every figure and name of a draft: who freezes it has seen just this."""
    boards = {
        board.value: [
            [each.place, each.row.subject, each.row.label, each.row.unit, each.row.score, each.row.grade, each.row.sample,
             each.row.facts, each.excluded]
            for each in [*drafted.boards[board], *drafted.excluded[board]]
        ]
        for board in drafted.boards
    }  # fmt: skip
    least = [drafted.least.unit, drafted.least.person, drafted.least.version]
    content = {"year": drafted.year, "least": least, "population": vars(drafted.population), "boards": boards}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


# ── Projects and units ──────────────────────────────────────────────────────
def population_of(year: int) -> Population:
    """One query."""
    counts = {key: Count("pk", filter=standing(key)) for key, _ in STANDINGS}
    return Population(**Inspection.objects.filter(year=year).aggregate(**counts))


def of_projects(year: int):
    """The inspections of projects of a year that were not cancelled."""
    return Inspection.objects.filter(year=year, project__isnull=False).exclude(state=State.CANCELLED)


def closed_of_projects(year: int, without: Collection[int] = frozenset()):
    """Those that count in the ranking."""
    closed = of_projects(year).filter(state=State.CLOSED)
    return closed.exclude(pk__in=without) if without else closed


def setting_inspections(closed, scores: Mapping[int, Decimal]):
    """Of each project the inspection among `closed` that sets its score, with `total`, `word` (the grade), `worst` (its place in
    WORST_FIRST) and `on_time`: the lowest; among several at one total that of the worse grade, then what breaks ties, then
    the earlier number. No query, but one for the marks of changed `scores`."""
    total, word = _scored(closed, scores)
    worst = Case(*[When(word=each, then=Value(at)) for at, each in enumerate(rules.WORST_FIRST)], default=Value(9),
                 output_field=IntegerField())  # fmt: skip
    on_time = Coalesce("was_on_time", Value(True), output_field=BooleanField())
    rows = closed.annotate(total=total, word=word).annotate(worst=worst, on_time=on_time)
    return rows.annotate(
        nth=Window(RowNumber(), partition_by=[F("project_id")],
                   order_by=[F("total").asc(), F("worst").asc(), F("lowest_share").asc(), F("finding_count").desc(),
                             F("on_time").asc(), F("pk").asc()]),
    ).filter(nth=1)  # fmt: skip


def project_rows(year: int, *, without: Collection[int] = frozenset(),
                 scores: Mapping[int, Decimal] | None = None) -> list[Row]:  # fmt: skip
    """A row for each project with a closed inspection in `year`, set by the lowest of them (`setting_inspections`). Three
    queries; a fourth for the marks of changed scores."""
    closed = closed_of_projects(year, without)
    rows = setting_inspections(closed, scores or {})
    # What only few projects have is asked apart: cheaper than a window over all.
    several = _several_inspections(closed)
    serious = set(closed.filter(is_serious=True).order_by().values_list("project_id", flat=True))
    # Sorted as `rules.project_key` sorts: of rows in order `rules.ranked` has little left to do.
    rows = rows.order_by("-total", "-lowest_share", "finding_count", "-on_time")
    return [
        Row(
            project, name, unit, score.quantize(rules.CENT) if scores else score, len(several.get(project, (pk,))), word,
            {"lowest_share": share, "findings": findings or 0, "on_time": on_time, "serious": project in serious,
             "set_by": number, "unit": unit_id},
            (pk, *(each for each in several[project] if each != pk)) if project in several else (pk,),
        )
        for pk, number, project, name, unit_id, unit, score, word, share, findings, on_time
        in rows.values_list(
            "pk", "number", "project_id", "project__name", "unit_id", "unit__name", "total", "word", "lowest_share",
            "finding_count", "on_time",
        )
    ]  # fmt: skip


def _scored(closed, scores: Mapping[int, Decimal]):
    """The expressions for total and grade, with those of `scores` in their places."""
    if not scores:
        return F("score_sheet__total"), F("score_sheet__grade")
    changed = closed.filter(pk__in=scores).select_related("score_sheet__standard").defer("score_sheet__snapshot")
    words = {each.pk: grade(scores[each.pk], each.score_sheet.standard.thresholds) for each in changed}
    if not words:
        return F("score_sheet__total"), F("score_sheet__grade")
    total = Case(*[When(pk=pk, then=Value(scores[pk].quantize(rules.CENT))) for pk in words], default=F("score_sheet__total"),
                 output_field=DecimalField(max_digits=5, decimal_places=2))  # fmt: skip
    word = Case(*[When(pk=pk, then=Value(word)) for pk, word in words.items()], default=F("score_sheet__grade"),
                output_field=CharField())  # fmt: skip
    return total, word


def _several_inspections(closed) -> dict[int, list[int]]:
    """The closed inspections of each project that has several, the earliest first. One query."""
    several = closed.order_by().values("project").annotate(times=Count("pk")).filter(times__gt=1).values("project")
    found = defaultdict(list)
    for project, pk in closed.filter(project__in=several).order_by("pk").values_list("project_id", "pk"):
        found[project].append(pk)
    return found


def _open_projects(year: int, ranked: Collection[int], without: Collection[int]) -> list[Placed]:
    """The projects of which nothing is closed yet, by name. One query."""
    rows = of_projects(year).exclude(state=State.CLOSED).exclude(pk__in=without)
    rows = rows.order_by("project__name", "project_id", "pk")
    found: dict[int, list[tuple]] = defaultdict(list)
    for each in rows.values_list("project_id", "project__name", "unit__name", "unit_id", "pk", "number", "state"):
        if each[0] not in ranked:
            found[each[0]].append(each)
    return [_open_project(each) for each in found.values()]


def _open_project(inspections: list[tuple]) -> Placed:
    concluded = [each for each in inspections if each[6] in CONCLUDED]
    reason = rules.NOT_CLOSED if concluded else rules.NOT_CONCLUDED
    told = concluded or inspections
    project, name, unit, unit_id, *_ = told[0]
    numbers = "、".join(each[5] for each in told[:3]) + ("等" if len(told) > 3 else "")
    evidence = tuple(each[4] for each in told)
    return Placed(Row(project, name, unit, None, 0, "", {"unit": unit_id}, evidence), None, f"{reason}（{numbers}）")


def _units(rows: list[Row], open_rows: list[Placed], least: int) -> tuple[list[Placed], list[Placed]]:
    """A project counts for the unit in which its score was set."""
    names, projects = {}, defaultdict(list)
    for row in rows:
        unit = row.facts["unit"]
        names[unit] = row.unit
        projects[unit].append(row)
    found = [rules.unit_row(unit, names[unit], each) for unit, each in projects.items()]
    for each in open_rows:
        if each.facts["unit"] not in names:
            names[each.facts["unit"]] = each.unit_name
            found.append(Row(each.facts["unit"], each.unit_name, each.unit_name, None, 0))
    return _split(Board.UNIT, found, max(least, 1))


def _split(board: Board, rows: list[Row], least: int) -> tuple[list[Placed], list[Placed]]:
    """Those with enough of a sample, placed; the others with the reason, by name."""
    few = sorted((row for row in rows if row.sample < least), key=lambda row: (row.label, row.subject))
    reason = rules.too_few(board, least)
    return rules.ranked(board, [row for row in rows if row.sample >= least]), [
        Placed(row, None, reason) for row in few
    ]


# ── People ──────────────────────────────────────────────────────────────────
def board_of(kind: str, role: str) -> Board:
    """The board of who signs a level of this kind, which is signed by this role."""
    return Board.PREPARER if kind == LevelKind.PREPARE else BOARD_OF_ROLE.get(role, Board.APPROVER)


def year_span(year: int) -> tuple[datetime, datetime]:
    """The first instant of a year in the firm's time zone, and the first of the next."""
    zone = timezone.get_default_timezone()
    return datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)


def signed_in(year: int):
    """The standing signatures of preparers and reviewers under deliverables that were issued in `year`."""
    begins, ends = year_span(year)
    return Signature.objects.filter(
        revoked_at__isnull=True, level__kind__in=SIGNED_KINDS, round__issue__issued_at__gte=begins, round__issue__issued_at__lt=ends
    )  # fmt: skip


def missed_in(year: int, without: Collection[int] = frozenset()):
    """The problems, found by the inspections of `year` that have an opinion, in deliverables issued in `year`: once for each
    standing signature that they got past (`deliverable__rounds__signatures`)."""
    begins, ends = year_span(year)
    found = Finding.objects.filter(
        inspection__year=year, inspection__state__in=CONCLUDED,
        deliverable__rounds__issue__issued_at__gte=begins, deliverable__rounds__issue__issued_at__lt=ends,
        deliverable__rounds__signatures__revoked_at__isnull=True,
        deliverable__rounds__signatures__level__kind__in=SIGNED_KINDS,
    )  # fmt: skip
    return found.exclude(inspection__in=without) if without else found


def people_rows(year: int, *, without: Collection[int] = frozenset()) -> dict[Board, list[Row]]:
    """A row for each person in each role in which they signed something that was issued in `year`. Two queries; the
    evidence is read by `evidence_of_people`."""
    signed: dict[tuple[Board, int], int] = defaultdict(int)
    names = {}
    rows = signed_in(year).order_by().values_list(
        "signer_id", "signer__name", "signer__unit__name", "level__kind", "level__role"
    ).annotate(Count("pk"))  # fmt: skip
    for person, name, unit, kind, role, count in rows:
        signed[board_of(kind, role), person] += count
        names[person] = name, unit
    missed = _missed_by(year, without)
    found = {board: [] for board in PEOPLE_BOARDS}
    for (board, person), count in signed.items():
        kinds = missed.get((board, person), {})
        points = rules.weighted(kinds)
        facts = {"missed": kinds, "weighted": points}
        found[board].append(Row(person, *names[person], rules.person_score(points, count), count, facts=facts))
    return found


def _missed_by(year: int, without: Collection[int]) -> dict[tuple[Board, int], dict[str, int]]:
    signature = "deliverable__rounds__signatures"
    rows = missed_in(year, without).order_by().values_list(
        f"{signature}__signer_id", f"{signature}__level__kind", f"{signature}__level__role", "severity"
    ).annotate(Count("pk"))  # fmt: skip
    found: dict[tuple[Board, int], dict[str, int]] = defaultdict(dict)
    for person, kind, role, severity, count in rows:
        kinds = found[board_of(kind, role), person]
        kinds[severity] = kinds.get(severity, 0) + count
    return found


def evidence_of_people(year: int, person: int | None = None) -> dict[tuple[Board, int], dict[str, list[int]]]:
    """For each (board, person) what the figures rest on: ids of the deliverables signed and of the findings missed. Two
    queries. Of one person alone, if told."""
    found: dict[tuple[Board, int], dict[str, list[int]]] = defaultdict(lambda: {"deliverables": [], "findings": []})
    rows = signed_in(year).order_by("round__deliverable").values_list(
        "level__kind", "level__role", "signer_id", "round__deliverable_id"
    )  # fmt: skip
    if person is not None:
        rows = rows.filter(signer=person)
    for kind, role, signer, deliverable in rows.distinct():
        found[board_of(kind, role), signer]["deliverables"].append(deliverable)
    signature = "deliverable__rounds__signatures"
    rows = missed_in(year).order_by("pk").values_list(
        f"{signature}__level__kind", f"{signature}__level__role", f"{signature}__signer_id", "pk"
    )  # fmt: skip
    for kind, role, signer, finding in rows.distinct():
        if person in (None, signer):
            found[board_of(kind, role), signer]["findings"].append(finding)
    return found
