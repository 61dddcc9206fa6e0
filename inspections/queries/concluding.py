"""Reads around the conclusion: what a lead signs, what was said, the opinion with its receipt, what follows from it."""

import hashlib
from collections.abc import Iterable

from django.db.models import F, Q, QuerySet

from inspections.choices import ConsequenceKind, State
from inspections.models import Consequence, Finding, Inspection, Opinion, Section, Talk
from inspections.queries import score_sheets
from ledger.rules import canonical_json
from projects.models import Assignment
from staff.choices import Action, Role


def seen_of(sections: Iterable[Section], findings: Iterable[Finding]) -> str:
    """The fingerprint of a score sheet with its problems: a page that was drawn for another one is out of date. Of rows as
    `score_sheets.sections_of` and `findings_of` load them."""
    hits = [[hit.deduction_id, hit.count] for section in sections for hit in section.hits.all()]
    problems = [
        [row.number, row.place, row.problem, row.requirement, row.severity, row.amount, row.needs_rectification,
         row.deduction_id, [proof.pk for proof in row.proofs]]
        for row in findings
    ]  # fmt: skip
    return hashlib.sha256(canonical_json([hits, problems]).encode()).hexdigest()


def score_seen(inspection: Inspection) -> str:
    """As `seen_of`, of what is stored."""
    return seen_of(score_sheets.sections_of(inspection), score_sheets.findings_of(inspection))


def talks_of(inspection: Inspection) -> list[Talk]:
    """What was said, in order; `is_former`: about a score that was given up since. One query."""
    rows = list(inspection.talks.select_related("said_by__unit", "evidence").order_by("said_at", "pk"))
    for row in rows:
        row.is_former = row.score_sheet_id != inspection.score_sheet_id
    return rows


def opinion_of(inspection: Inspection) -> Opinion | None:
    """The written opinion with its receipt and who stands behind both; one query."""
    rows = Opinion.objects.select_related("issued_by", "receipt__confirmed_by", "receipt__evidence")
    return rows.filter(inspection=inspection).first()


# ── What follows ────────────────────────────────────────────────────────────
def consequences_seen(user) -> QuerySet[Consequence]:
    """The consequences that `user` sees: those of the inspections that he sees, but what is reported upward only by a post
    that reads inspections, and never by the inspected side."""
    rows = Consequence.objects.filter(inspection__in=Inspection.objects.visible_to(user).order_by())
    upward = Q(kind=ConsequenceKind.ESCALATION)
    if not user.may(Action.READ_INSPECTIONS):
        return rows.exclude(upward)
    own, directed = _own_side(user)
    return rows.exclude(upward & (Q(inspection__project__in=own) | Q(inspection__unit__in=directed)))


def _own_side(user):
    """The projects on whose teams `user` is or was, and the units that he directs: what `chain.is_partial` asks of one."""
    own = Assignment.objects.filter(user=user).order_by().values("project")
    return own, {unit for role, units in user.reach if role == Role.TECHNICAL_DIRECTOR for unit in units or ()}


def partial_of(user, inspections: Iterable[Inspection]) -> set[int]:
    """The ids of those inspections to whose inspected side `user` belongs (`chain.is_partial`); one query."""
    rows = list(inspections)
    own, directed = _own_side(user)
    mine = set(
        own.filter(project__in=[row.project_id for row in rows if row.project_id]).values_list("project", flat=True)
    )
    return {row.pk for row in rows if row.project_id in mine or row.unit_id in directed}


def of_own_side(user, rows: QuerySet[Inspection]) -> QuerySet[Inspection]:
    """Those of `rows` to whose inspected side `user` belongs (`chain.is_partial`)."""
    own, directed = _own_side(user)
    return rows.filter(Q(project__in=own) | Q(unit__in=directed))


def consequence_rows(user) -> QuerySet[Consequence]:
    """As a list shows them: what nobody has decided first."""
    rows = consequences_seen(user).select_related(
        "inspection__project", "inspection__unit", "inspection__score_sheet__standard", "decided_by"
    )
    return rows.defer("inspection__score_sheet__snapshot").order_by(
        F("decided_at").desc(nulls_first=True), "-proposed_at", "-pk"
    )


def reinspections_of(ids: Iterable[int]) -> dict[int, Inspection]:
    """Inspection → the one that inspects again; one query."""
    rows = Inspection.objects.exclude(state=State.CANCELLED).filter(reinspection_of__in=list(ids))
    return {row.reinspection_of_id: row for row in rows.order_by("pk")}
