"""立项 of a whole sample: each drawn project gets its inspection, or none does."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction

from inspections.choices import Kind
from inspections.models import Draw, Inspection
from inspections.queries import inspections as queries
from inspections.services.opening import open_inspection
from staff import permissions
from staff.choices import Action


@transaction.atomic
def open_drawn(*, actor, draw: Draw, projects: Iterable, lead, inspectors: Iterable = (), planned_on: date,
               note: str = "", announce: bool = False) -> list[Inspection]:  # fmt: skip
    """Open an inspection of each of `projects`, which `draw` drew, with the same inspectors and date. A project whose
    last inspection asks for another gets it as its re-inspection.

    Raises ValidationError that names each project that cannot be opened, and why; then none is."""
    permissions.require_post(actor, Action.PLAN_INSPECTIONS)
    projects, inspectors = list(projects), list(inspectors)
    if not projects:
        raise ValidationError({"projects": "请至少选择一个项目。"})
    drawn = {row["number"] for row in draw.drawn}
    former = {each.project_id: each for each in queries.to_inspect_again(actor, until=draw.plan.year)}
    made: list[Inspection] = []
    problems: list[str] = []
    for project in projects:
        if project.number not in drawn:
            problems.append(f"{project.number} {project.name}：不在本次抽样结果中。")
            continue
        try:
            found = open_inspection(
                actor=actor, kind=Kind(draw.plan.kind), project=project, plan=draw.plan, draw=draw, lead=lead,
                inspectors=inspectors, planned_on=planned_on, note=note, announce=announce,
                reinspection_of=former.get(project.pk),
            )  # fmt: skip
            made.append(found)
        except ValidationError as error:
            problems += [f"{project.number} {project.name}：{message}" for message in error.messages]
    if problems:
        raise ValidationError(problems)
    return made
