"""Reads of projects that are used in more than one place."""

import json

from django.core.exceptions import ValidationError
from django.db.models import Case, Count, F, OuterRef, Prefetch, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from deadlines.choices import OPEN_STATES
from deadlines.models import Deadline
from ledger.models import Entry
from projects.choices import RiskStatus
from projects.models import Assignment, Client, Handover, HandoverItem, Inquiry, Project, Risk, UrgentRequest
from staff.choices import Action, Role
from staff.models import Post, Unit, User, unit_and_descendants
from staff.permissions import SOLE_ROLES, allows, is_set_apart

# Open ones first, the newest first among them.
RISK_ORDER = (Case(When(status=RiskStatus.OPEN, then=0), default=1), "-created_at", "-pk")
INQUIRY_ORDER = (F("answered_at").asc(nulls_first=True), "-asked_at", "-pk")
URGENT_ORDER = (F("arrived_at").asc(nulls_first=True), "-asked_at", "-pk")
# Running and standing still first, the most urgent first among them; then the newest end.
DEADLINE_ORDER = (Case(When(state__in=OPEN_STATES, then="due_at")).asc(nulls_last=True), "-stopped_at", "pk")


def roles_on(user, project, discipline=None) -> set[str]:
    """The roles that `user` has on `project` today: posts of the firm, posts of its unit or a unit above, assignments.

    With `discipline`, assignments to another discipline do not count. The administrator and the auditor have no roles
    by assignment, whatever team they were on before (三员分立)."""
    roles = {role for role, units in user.reach if units is None or project.unit_id in units}
    if is_set_apart(role for role, _ in user.posts_today):
        return roles
    for role, discipline_id in assignments_of(user, project):
        if discipline is None or discipline_id in (None, discipline.pk):
            roles.add(role)
    return roles


def assignments_of(user, project) -> list[tuple[str, int | None]]:
    """(role, discipline id) of each assignment of `user` on `project` in force today."""
    return list(project.assignments.in_force().filter(user=user).values_list("role", "discipline_id"))


def holders_of(project, role: str, discipline=None) -> list:
    """The active people who have `role` on `project` today, by assignment first, then by a post of the unit (the nearest
    unit up the tree) or of the firm."""
    assigned = project.assignments.in_force().filter(role=role)
    if discipline is not None:
        assigned = assigned.filter(Q(discipline=discipline) | Q(discipline__isnull=True))
    people = list(User.objects.active().filter(pk__in=assigned.values("user")).order_by("employee_number"))
    posts = Post.objects.in_force().filter(role=role, user__is_active=True)
    for unit_id in [*project.unit.lineage_ids(), None]:
        here = User.objects.active().filter(pk__in=posts.filter(unit=unit_id).values("user"))
        people += [person for person in here.order_by("employee_number") if person not in people]
    return people


def units_for_new_projects(user):
    """The units in which `user` may open a project: all for a post of the firm, else the units of their posts."""
    granted = [unit_id for role, unit_id in user.posts_today if allows(Action.CREATE_PROJECT, {role})]
    units = Unit.objects.filter(is_active=True)
    if None in granted:
        return units
    return units.filter(pk__in=unit_and_descendants(granted))


def suggested_number(unit: Unit, year: int | None = None) -> str:
    """The next free project number of a unit: 年份-单位代码-序号, e.g. 2026-ZJ1-008."""
    prefix = f"{year or timezone.localdate().year}-{unit.code}-"
    taken = Project.objects.filter(number__startswith=prefix).values_list("number", flat=True)
    serials = [int(number[len(prefix) :]) for number in taken if number[len(prefix) :].isdecimal()]
    return f"{prefix}{max(serials, default=0) + 1:03d}"


def project_rows(user):
    """The projects that `user` sees, as a list shows them: with client, unit and project managers (`managers`)."""
    managers = Assignment.objects.in_force().filter(role=Role.PROJECT_MANAGER).select_related("user")
    return (
        Project.objects.visible_to(user)
        .select_related("client", "unit")
        .prefetch_related(Prefetch("assignments", managers, to_attr="managers"))
    )


def _count_of(rows, by: str = "project") -> Coalesce:
    """How many of `rows` (already tied to the outer row by the column `by`) there are, as a subquery."""
    return Coalesce(Subquery(rows.order_by().values(by).annotate(n=Count("pk")).values("n")), 0)


def projects_with_counts(user):
    """The projects that `user` sees, each with what its tabs count: open risks, requests of the client that wait, sets of
    materials with which something is to be done, and open clocks."""
    mine = {"project": OuterRef("pk")}
    clocks = Deadline.objects.open().filter(scope_type=Project._meta.label_lower, scope_id=OuterRef("pk"))
    return (
        Project.objects.visible_to(user)
        .select_related("client", "unit", "created_by")
        .annotate(
            open_risks=_count_of(Risk.objects.filter(status=RiskStatus.OPEN, **mine)),
            open_inquiries=_count_of(Inquiry.objects.filter(answered_at__isnull=True, **mine)),
            open_urgent=_count_of(UrgentRequest.objects.filter(arrived_at__isnull=True, **mine)),
            open_handovers=_count_of(Handover.objects.open().filter(**mine)),
            open_deadlines=_count_of(clocks, by="scope_id"),
        )
    )


def handover_rows(project):
    """The sets of materials of a project as a list shows them: how many rows are present, absent, and still with us."""
    mine = {"handover": OuterRef("pk")}
    return project.handovers.select_related("discipline").annotate(
        present=_count_of(HandoverItem.objects.present().filter(**mine), by="handover"),
        absent=_count_of(HandoverItem.objects.filter(is_absent=True, **mine), by="handover"),
        with_us=_count_of(HandoverItem.objects.outstanding().filter(**mine), by="handover"),
    )


def client_rows(user):
    """The clients that `user` sees, each with the number of their projects that `user` sees (`project_count`)."""
    visible = Project.objects.visible_to(user).filter(client=OuterRef("pk"))
    count = Subquery(visible.order_by().values("client").annotate(n=Count("pk")).values("n"))
    return Client.objects.visible_to(user).annotate(project_count=Coalesce(count, 0))


def people_for_teams():
    """The active people who may be put on a team: not the administrator and not the auditor (三员分立)."""
    set_apart = Post.objects.in_force().filter(role__in=SOLE_ROLES).values("user")
    return User.objects.active().exclude(pk__in=set_apart).select_related("unit")


def people_of(project):
    """The active people on the team today, and the technical directors above it: who can own a risk."""
    posts = Post.objects.in_force().filter(role=Role.TECHNICAL_DIRECTOR, unit__in=project.unit.lineage_ids())
    members = project.assignments.in_force()
    found = Q(pk__in=members.values("user")) | Q(pk__in=posts.values("user"))
    return User.objects.active().filter(found).select_related("unit").order_by("employee_number")


def by_rank(assignments) -> list[Assignment]:
    """Assignments with people, units and disciplines loaded, the highest role first."""
    rank = {role.value: position for position, role in enumerate(Role)}
    rows = assignments.select_related("user__unit", "discipline")
    return sorted(rows, key=lambda row: (rank[row.role], row.discipline.order if row.discipline else 0, row.pk))


# ── Risks ───────────────────────────────────────────────────────────────────
def open_risks_of(user):
    """The open risks that `user` has to deal with, on projects that the person sees; the heaviest first."""
    mine = Risk.objects.filter(owner=user, status=RiskStatus.OPEN, project__in=Project.objects.visible_to(user))
    return mine.select_related("project").order_by(-F("probability") * F("impact"), "created_at", "pk")


def climbs_of(risks) -> dict[int, list[dict]]:
    """risk → how it climbed, the latest first: who escalated it (`by`), when (`at`) and why (`reason`). One query."""
    rows = Entry.objects.filter(
        subject_type=Risk._meta.label_lower, subject_id__in=[risk.pk for risk in risks], action="risk.escalate"
    ).order_by("-number")
    climbs: dict[int, list[dict]] = {}
    for row in rows:
        told = {"by": row.actor_name, "at": row.at, "reason": json.loads(row.data)["reason"]}
        climbs.setdefault(row.subject_id, []).append(told)
    return climbs


# ── Which project is meant ──────────────────────────────────────────────────
def called(user, words: str) -> Project:
    """The project that `user` sees with the number or the whole name `words`.

    Raises ValidationError: there is none, or several bear the name; those whose names hold `words` are offered, never guessed."""
    seen = Project.objects.visible_to(user).select_related("unit")
    if found := seen.filter(number__iexact=words).first():
        return found
    like = list(seen.filter(name__icontains=words).order_by("-number")[:4]) if words else []
    exact = [project for project in like if project.name == words]
    if len(exact) == 1:
        return exact[0]
    if not like:
        raise ValidationError("没有该编号或名称的项目。")
    offered = "、".join(f"{project.number} {project.name}" for project in like[:3])
    raise ValidationError(f"请填写编号或全称；名称相近的有：{offered}{'等' if len(like) > 3 else ''}。")
