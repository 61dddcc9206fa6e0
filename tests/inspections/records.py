"""Inspections as rows, for tests that ask what follows from them and not how they came about."""

from decimal import Decimal
from itertools import count

from django.utils import timezone

from inspections.choices import CONCLUDED, Kind, State
from inspections.models import Consequence, Inspection
from scoring import rules
from scoring.choices import Purpose
from scoring.models import ScoreSheet, Standard

_serial = count(1)


def sheet(actor, total, *, purpose=Purpose.INSPECTION, standard=None) -> ScoreSheet:
    """A score of `total` points by the standard in force (or `standard`), graded by its thresholds."""
    standard, total = standard or Standard.objects.current(purpose), Decimal(str(total))
    return ScoreSheet.objects.create(
        standard=standard, subject_type="inspections.inspection", subject_id=0, scorer=actor, snapshot=[], total=total,
        grade=rules.grade(total, standard.thresholds),
    )  # fmt: skip


def inspection(cast, project=None, *, unit=None, score=None, state=State.CLOSED, **fields) -> Inspection:
    """An inspection of a project, or of a unit where there is none; with a score where its state takes one."""
    purpose = Purpose.INSPECTION if project else Purpose.UNIT_INSPECTION
    if score is None and state in (State.DISCUSSING, *CONCLUDED):
        score = "75"
    given = None if score is None else sheet(cast.quality_office, score, purpose=purpose)
    now = timezone.now()
    values = {
        "number": f"JC-TEST-{next(_serial):04}", "kind": Kind.REGULAR, "year": timezone.localdate().year,
        "unit": project.unit if project else unit, "standard": Standard.objects.current(purpose),
        "planned_on": timezone.localdate(), "opened_by": cast.quality_office, "last_actor": cast.quality_office,
        "last_acted_at": now, "closed_at": now if state == State.CLOSED else None,
    }  # fmt: skip
    return Inspection.objects.create(project=project, state=state, score_sheet=given, **{**values, **fields})


def reinspection(found: Inspection, year: int, **decided) -> Consequence:
    """That `found` asks for another inspection in `year`."""
    return Consequence.objects.create(
        inspection=found, kind="reinspection", target_year=year, reason="检查得分低于 60 分", **decided
    )
