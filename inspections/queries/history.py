"""The history of a project (历程): what the evidence chain tells of it, and of the complaints about it, to one person.

Who may not see an inspection, an accident or a complaint learns nothing of it here: no row of its own, and none of its
clocks. Of an inspection the inspected side reads what was done in front of it (`course.SHOWN`)."""

from django.db.models import Q

from deadlines.models import Deadline
from feedback.choices import ComplaintAct
from feedback.models import Complaint
from inspections.chain import is_partial
from inspections.choices import HistoryKind
from inspections.course import PREFIX, SHOWN, UPWARD
from inspections.models import Accident, Inspection, Inspector
from ledger.models import Entry
from projects.models import Deliverable, Project
from staff.choices import Action

PROJECT, DELIVERABLE = Project._meta.label_lower, Deliverable._meta.label_lower
CLOCK, COMPLAINT = Deadline._meta.label_lower, Complaint._meta.label_lower
INSPECTION, ACCIDENT = Inspection._meta.label_lower, Accident._meta.label_lower
# Everything of this app stands in a project's history by permission, row by row.
OURS = f"{Inspection._meta.app_label}."

_KINDS = {
    HistoryKind.REVIEW: Q(subject_type=DELIVERABLE) | Q(action__startswith="review.") | Q(action="project.route"),
    HistoryKind.INSPECTION: Q(subject_type__startswith=OURS),
    HistoryKind.CLOCK: Q(subject_type=CLOCK),
    HistoryKind.COMPLAINT: Q(subject_type=COMPLAINT),
}


def history(user, project: Project, kind: str = ""):
    """The ledger entries of a project's history that `user` may read, the newest first; of one `kind`, if it is told.
    A constant number of queries before the entries are read."""
    seen = list(Inspection.objects.visible_to(user).filter(project=project).order_by().values_list("pk", "unit_id"))
    own = Q(scope_type=PROJECT, scope_id=project.pk)
    ours = _inspections(user, project, seen) | _accidents(user, project)
    allowed = own & (~Q(subject_type__startswith=OURS) | ours) & ~_hidden_clocks(project, [pk for pk, _ in seen])
    found = Entry.objects.filter(allowed | _complaints(user, project))
    return found.filter(_condition(kind)).select_related("actor").order_by("-number")


def _condition(kind: str) -> Q:
    if kind == HistoryKind.OTHER:
        known = Q()
        for condition in _KINDS.values():
            known |= condition
        return ~known
    return _KINDS.get(HistoryKind(kind), Q()) if kind else Q()


def _inspections(user, project: Project, seen: list[tuple[int, int]]) -> Q:
    """All rows of the inspections that `user` reads for the office; of the others those that are shown to the project."""
    inspects = set(
        Inspector.objects.filter(user=user, inspection__project=project).values_list("inspection", flat=True)
    )
    reads = user.may(Action.READ_INSPECTIONS)
    partial = {
        unit: is_partial(user, Inspection(project=project, unit_id=unit)) for unit in {unit for _, unit in seen}
    }
    whole = [pk for pk, unit in seen if (reads or pk in inspects) and not partial[unit]]
    shown = [pk for pk, _ in seen if pk not in whole]
    acts = [f"{PREFIX}{act}" for act in SHOWN]
    told = Q(subject_id__in=whole) | Q(subject_id__in=shown, action__in=acts)
    return Q(subject_type=INSPECTION) & told & (Q() if reads else ~Q(action=f"{PREFIX}{UPWARD}"))


def _accidents(user, project: Project) -> Q:
    visible = Accident.objects.visible_to(user).filter(project=project).order_by()
    return Q(subject_type=ACCIDENT, subject_id__in=list(visible.values_list("pk", flat=True)))


def _hidden_clocks(project: Project, seen: list[int]) -> Q:
    """The clocks of what `user` does not see."""
    clocks = Deadline.objects.within(project).filter(subject_type__startswith=OURS)
    clocks = clocks.exclude(subject_type=INSPECTION, subject_id__in=seen).order_by()
    return Q(subject_type=CLOCK, subject_id__in=list(clocks.values_list("pk", flat=True)))


def _complaints(user, project: Project) -> Q:
    """What was done about the complaints that `user` sees, and their clocks. Who looked at a sender, and who may, is told
    on the complaint's own page."""
    visible = Complaint.objects.visible_to(user).filter(project=project).order_by()
    acts = [f"complaint.{act.value}" for act in ComplaintAct]
    told = Q(action__in=acts) | Q(subject_type=CLOCK)
    return Q(scope_type=COMPLAINT, scope_id__in=list(visible.values_list("pk", flat=True))) & told
