"""Every write to clients, projects and teams."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from deadlines import services as deadlines
from ledger.services import record
from projects.models import (
    Assignment,
    Client,
    Project,
)
from projects.queries import roles_on, suggested_number, units_for_new_projects
from projects.services import clocks
from staff import permissions
from staff.choices import Action, Role
from staff.models import Unit


def _facts(instance, names) -> dict:
    """The named fields as plain values, for the ledger."""
    return {name: getattr(instance, instance._meta.get_field(name).attname) for name in names}


PROJECT_FIELDS = (
    "number", "name", "client", "unit", "business_line", "importance", "confidentiality", "stage", "contract_number",
    "contract_kind", "contract_amount", "fee", "contract_signed_on", "submitted_amount", "goal", "scope",
    "planned_start_on", "planned_finish_on", "actual_start_on", "actual_finish_on",
)  # fmt: skip


# ── Clients ─────────────────────────────────────────────────────────────────
@transaction.atomic
def create_client(*, actor, name: str, contact: str = "", phone: str = "", email: str = "", address: str = ""):
    """Register a client. Whoever may open a project somewhere may register a client."""
    if not units_for_new_projects(actor).exists():
        raise PermissionDenied("您没有登记委托人的权限。")
    client = Client(name=name, contact=contact, phone=phone, email=email, address=address)
    client.full_clean()
    client.save()
    record(actor=actor, action="client.create", subject=client, data={"name": name})
    return client


@transaction.atomic
def update_client(*, actor, client: Client, **fields) -> Client:
    """Change a client's facts. The ledger, which forgets nothing, is told which facts but not a person's phone or mail."""
    if not units_for_new_projects(actor).exists():
        raise PermissionDenied("您没有维护委托人的权限。")
    changed = [name for name, value in fields.items() if getattr(client, name) != value]
    before = client.name
    for name in changed:
        setattr(client, name, fields[name])
    client.full_clean()
    if changed:
        client.save()
        record(actor=actor, action="client.update", subject=client,
               data={"changed": changed, "name": [before, client.name]})  # fmt: skip
    return client


# ── Projects and teams ──────────────────────────────────────────────────────
@transaction.atomic
def create_project(*, actor, unit, project_manager=None, new_client: str = "", number: str = "", **fields) -> Project:
    """Open a project in a unit where `actor` may; names the project manager at once if given.

    `new_client` is the name of a client to register along with it if there is none yet; without `number` the next free one of the unit and
    year is taken."""
    if not units_for_new_projects(actor).filter(pk=unit.pk).exists():
        raise PermissionDenied("您不能在该单位新建项目。")
    if new_client:
        known = Client.objects.filter(name=new_client).first()
        fields["client"] = known or create_client(actor=actor, name=new_client)
    if not number:
        # The unit's row is locked so that two projects opened at once do not take the same number.
        number = suggested_number(Unit.objects.select_for_update().get(pk=unit.pk))
    project = Project(created_by=actor, unit=unit, number=number, **fields)
    project.full_clean()
    project.save()
    record(actor=actor, action="project.create", subject=project, data=_facts(project, PROJECT_FIELDS), scope=project)
    if project_manager is not None:
        _assign(actor=actor, project=project, user=project_manager, role=Role.PROJECT_MANAGER)
    return project


@transaction.atomic
def update_project(*, actor, project: Project, **fields) -> Project:
    """Change a project's facts; the ledger keeps old and new value of what changed."""
    permissions.require(actor, Action.EDIT_PROJECT, roles_on(actor, project))
    unit = fields.get("unit", project.unit)
    if unit.pk != project.unit_id and not units_for_new_projects(actor).filter(pk=unit.pk).exists():
        raise PermissionDenied("您不能把项目转到该单位。")
    before = _facts(Project.objects.select_for_update(no_key=True).get(pk=project.pk), PROJECT_FIELDS)
    ended = fields.get("actual_finish_on", before["actual_finish_on"])
    if ended != before["actual_finish_on"]:
        if ended and ended > timezone.localdate():
            raise ValidationError({"actual_finish_on": "实际完成日期不能晚于今天。"})
        if not clocks.may_move_return(actor, project, roles_on(actor, project)):
            raise ValidationError({"actual_finish_on": "资料返还时限已自该日起算，更改须由责任人以外的审批人办理。"})
    # They decide through how many levels the project's deliverables go: not for whoever holds one of these levels.
    for name in ("importance", "business_line"):
        may_change = permissions.allows(Action.CREATE_PROJECT, roles_on(actor, project))
        if fields.get(name, before[name]) != before[name] and not may_change:
            raise ValidationError({name: "此项决定审签路线，须由单位技术负责人、质量办或管理层修改。"})
    for name, value in fields.items():
        setattr(project, name, value)
    project.full_clean()
    after = _facts(project, PROJECT_FIELDS)
    changed = {name: [before[name], after[name]] for name in PROJECT_FIELDS if before[name] != after[name]}
    if changed:
        project.save()
        # Clocks first: who holds the ledger waits for no clock.
        deadlines.hold(scope=project)
        record(actor=actor, action="project.update", subject=project, data=changed, scope=project)
    if "actual_finish_on" in changed:
        clocks.restart_return(actor=actor, project=project)
    if "unit" in changed:
        deadlines.refresh_responsible(actor=actor, scope=project)
    return project


def _assign(*, actor, project, user, role, discipline=None, starts_on=None, ends_on=None, is_deputy=False, reason=""):
    if not user.is_active:
        raise ValidationError(f"{user.name} 已停用，不能加入项目组。")
    if permissions.is_set_apart(post_role for post_role, _ in user.posts_today):
        raise ValidationError(f"{user.name} 是系统管理员或审计员，不能参与业务（三员分立）。")
    assignment = Assignment(
        project=project, user=user, role=role, discipline=discipline, is_deputy=is_deputy, reason=reason,
        starts_on=starts_on or timezone.localdate(), ends_on=ends_on,
    )  # fmt: skip
    overlapping = project.assignments.filter(user=user, role=role, discipline=discipline).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=assignment.starts_on)
    )
    if ends_on:
        overlapping = overlapping.filter(starts_on__lte=ends_on)
    if overlapping.exists():
        raise ValidationError(f"{user.name} 已在项目组中担任{Role(role).label}。")
    assignment.full_clean()
    assignment.save()
    deadlines.hold(scope=project)
    data = {"user": user.pk, "name": user.name, "role": role, "discipline": discipline.name if discipline else None,
            "from": assignment.starts_on, "to": ends_on, "deputy": is_deputy, "reason": reason}  # fmt: skip
    record(actor=actor, action="assignment.start", subject=assignment, data=data, scope=project)
    return assignment


@transaction.atomic
def assign(*, actor, project, user, role, discipline=None, starts_on=None, ends_on=None, reason="") -> Assignment:
    """Put a person on the team. Raises ValidationError for the inactive, the administrator and the auditor, and for
    an assignment that is there already."""
    permissions.require(actor, Action.SET_TEAM, roles_on(actor, project))
    assignment = _assign(actor=actor, project=project, user=user, role=role, discipline=discipline,
                         starts_on=starts_on, ends_on=ends_on, reason=reason)  # fmt: skip
    deadlines.refresh_responsible(actor=actor, scope=project)
    return assignment


@transaction.atomic
def appoint_deputy(*, actor, project, user, role, discipline=None, reason, ends_on=None) -> Assignment | None:
    """Give `user` a role on the project because a step of its chain comes to them; None if they have it and see it.
    `ends_on` is the last day of it, for who stands in for a while.

    The chain has checked that `actor` may hand over."""
    can_see = Project.objects.visible_to(user).filter(pk=project.pk).exists()
    if can_see and role in roles_on(user, project, discipline):
        return None
    assignment = _assign(actor=actor, project=project, user=user, role=role, discipline=discipline, is_deputy=True,
                         reason=reason, ends_on=ends_on)  # fmt: skip
    deadlines.refresh_responsible(actor=actor, scope=project)
    return assignment


@transaction.atomic
def end_assignment(*, actor, assignment: Assignment, ends_on=None) -> Assignment:
    """End an assignment (today if no day is given)."""
    permissions.require(actor, Action.SET_TEAM, roles_on(actor, assignment.project))
    if assignment.ends_on is not None and assignment.ends_on <= timezone.localdate():
        raise ValidationError("该任职已经结束。")
    assignment.ends_on = ends_on or timezone.localdate()
    assignment.full_clean()
    assignment.save(update_fields=["ends_on"])
    deadlines.hold(scope=assignment.project)
    record(actor=actor, action="assignment.end", subject=assignment, scope=assignment.project,
           data={"user": assignment.user_id, "role": assignment.role, "to": assignment.ends_on})  # fmt: skip
    deadlines.refresh_responsible(actor=actor, scope=assignment.project)
    return assignment
