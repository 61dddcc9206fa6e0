"""Inspections on the first screens: the day of 质量办, what waits for the inspected side and the inspectors, and what is
escalated to 管理层."""

from django.db.models import Count

from dashboards.blocks.base import SHORT, Block
from deadlines.models import Deadline
from inspections.choices import ConsequenceKind
from inspections.models import Inspection
from inspections.queries import inspections as queries
from inspections.queries.concluding import consequences_seen
from inspections.queries.work import work_of
from staff.choices import Action


def inspecting(user) -> Block:
    """质量办 today: figures that lead to the filtered list, and the overdue rectifications, the longest overdue first."""
    seen = Inspection.objects.visible_to(user)
    figures = queries.counts(seen) | {"undecided": consequences_seen(user).undecided().order_by().count()}
    late = seen.filter(queries.condition("overdue")).order_by()
    units = late.values("unit", "unit__name").annotate(count=Count("pk")).order_by("-count", "unit__code")
    clocks = Deadline.objects.overdue().filter(subject_type=queries.LABEL, subject_id__in=late.values("pk"))
    clocks = list(clocks.select_related("rule", "responsible").order_by("due_at", "pk")[:SHORT])
    found = Inspection.objects.select_related("project", "unit").in_bulk([clock.subject_id for clock in clocks])
    rows = [(found[clock.subject_id], clock) for clock in clocks]
    return Block("inspecting", figures["overdue"], {"figures": figures, "units": list(units), "rows": rows})


def my_inspections(user) -> Block:
    """检查与整改: what `user` has to do in inspections, the most urgent first."""
    work = work_of(user)
    return Block("my_inspections", len(work), {"rows": work[:SHORT]})


def escalations(user) -> Block:
    """What is reported upward and waits to be disposed of; empty for whoever does not dispose."""
    if not user.may(Action.DISPOSE):
        return Block("escalations")
    rows = consequences_seen(user).undecided().filter(kind=ConsequenceKind.ESCALATION)
    found = list(rows.select_related("inspection__project", "inspection__unit").order_by("proposed_at", "pk"))
    return Block("escalations", len(found), {"rows": found[:SHORT]})
