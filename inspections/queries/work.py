"""In which inspections somebody has something to do now, and what."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from inspections.choices import Act, Side, State
from inspections.models import Inspection, Inspector, Talk
from inspections.queries.inspections import clocks_of
from projects.models import Assignment
from staff.choices import Action
from staff.permissions import allows, is_set_apart

# More than a person can have on the desk; a bound for the page.
MOST = 100


@dataclass(frozen=True)
class Work:
    """One thing to do: in words, where, until when (a day, or the clock of the rectification)."""

    inspection: Inspection
    words: str
    kind: str
    url_name: str
    due: date | None = None
    clock: object = None


def work_of(user) -> list[Work]:
    """What waits for `user` in the live inspections, the most urgent first. As an inspector: 检查评分, 沟通; as who answers
    for the project or the unit: 沟通, 确认收到, 回复; as one of the team: 填写整改情况. Three queries at most."""
    answering, rectifying, units = _places(user)
    if not (answering or rectifying or units or user.may(Action.INSPECT)):
        return []
    answers = Q(project__in=answering) | Q(unit__in=units)
    told = Talk.objects.filter(inspection=OuterRef("pk"), score_sheet=OuterRef("score_sheet"))
    rows = (
        Inspection.objects.annotate(
            is_inspector=Exists(Inspector.objects.filter(inspection=OuterRef("pk"), user=user)),
            office_spoke=Exists(told.filter(side=Side.OFFICE)),
            project_spoke=Exists(told.filter(side=Side.PROJECT)),
        )
        .filter(
            Q(state=State.SCORING, is_inspector=True)
            | Q(state=State.DISCUSSING, is_inspector=True, office_spoke=False)
            | Q(answers, state=State.DISCUSSING, project_spoke=False)
            | Q(answers, state__in=(State.ISSUED, State.RECTIFYING))
            | Q(state=State.RECTIFYING, project__in=rectifying)
        )
        .select_related("project", "unit")
        .order_by("planned_on", "pk")[:MOST]
    )
    found = list(rows)
    clocks = clocks_of([row for row in found if row.state == State.RECTIFYING]) if found else {}
    work = [_work(row, row.project_id in answering or row.unit_id in units, clocks.get(row.pk)) for row in found]
    return sorted(work, key=_urgency)


def _places(user) -> tuple[set[int], set[int], set[int]]:
    """The projects that `user` answers for, those on which `user` rectifies, the units that `user` answers for; one query."""
    if not user.is_active or is_set_apart(role for role, _ in user.posts_today):
        return set(), set(), set()
    assigned = list(Assignment.objects.in_force().filter(user=user).values_list("project", "role"))
    answering = {project for project, role in assigned if allows(Action.ANSWER_INSPECTION, [role])}
    rectifying = {project for project, role in assigned if allows(Action.RECTIFY, [role])}
    reach = [units or () for role, units in user.reach if allows(Action.ANSWER_INSPECTION, [role])]
    return answering, rectifying, {unit for units in reach for unit in units}


def _work(row: Inspection, answers: bool, clock) -> Work:
    match State(row.state):
        case State.SCORING:
            return Work(row, "检查评分", "todo", "inspections:score", due=row.planned_on)
        case State.DISCUSSING:
            return Work(row, "沟通确认", "todo", "inspections:talk")
        case State.ISSUED:
            return Work(row, "确认收到书面意见", "todo", "inspections:receive")
    if row.last_act == Act.SEND_BACK:
        return Work(row, "整改被退回", "returned", "inspections:rectification", clock=clock)
    words = "回复整改" if answers else "填写整改情况"
    return Work(row, words, "todo", "inspections:rectification", clock=clock)


def _urgency(work: Work) -> tuple:
    """Sent back first, then by the day on which it is due; what has no day is due today."""
    due = work.clock.due_on if work.clock else work.due or timezone.localdate()
    return work.kind != "returned", due, work.inspection.pk
