"""Every write to projects, teams, deliverables, versions, risks and inquiries.

Each service: permission → state → write → ledger → notice, in one transaction. Wrong input raises ValidationError in
Chinese, a missing right PermissionDenied.
"""

import hashlib
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import uploads
from ledger.rules import canonical_json
from ledger.services import record
from notices.choices import Kind
from notices.services import notify
from projects import rules
from projects.choices import RiskStatus
from projects.models import (
    Assignment,
    Attachment,
    Client,
    Deliverable,
    DeliverableVersion,
    Discipline,
    Inquiry,
    Project,
    Risk,
)
from projects.queries import holders_of, roles_on, suggested_number, units_for_new_projects
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
        record(actor=actor, action="project.update", subject=project, data=changed, scope=project)
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
    data = {"user": user.pk, "name": user.name, "role": role, "discipline": discipline.name if discipline else None,
            "from": assignment.starts_on, "to": ends_on, "deputy": is_deputy, "reason": reason}  # fmt: skip
    record(actor=actor, action="assignment.start", subject=assignment, data=data, scope=project)
    return assignment


@transaction.atomic
def assign(*, actor, project, user, role, discipline=None, starts_on=None, ends_on=None, reason="") -> Assignment:
    """Put a person on the team. Raises ValidationError for the inactive, the administrator and the auditor, and for
    an assignment that is there already."""
    permissions.require(actor, Action.SET_TEAM, roles_on(actor, project))
    return _assign(actor=actor, project=project, user=user, role=role, discipline=discipline, starts_on=starts_on,
                   ends_on=ends_on, reason=reason)  # fmt: skip


@transaction.atomic
def appoint_deputy(*, actor, project, user, role, discipline=None, reason) -> Assignment | None:
    """Give `user` a role on the project because a step of its chain comes to them; None if they have it and see it.

    The chain has checked that `actor` may hand over."""
    can_see = Project.objects.visible_to(user).filter(pk=project.pk).exists()
    if can_see and role in roles_on(user, project, discipline):
        return None
    return _assign(
        actor=actor, project=project, user=user, role=role, discipline=discipline, is_deputy=True, reason=reason
    )


@transaction.atomic
def end_assignment(*, actor, assignment: Assignment, ends_on=None) -> Assignment:
    """End an assignment (today if no day is given)."""
    permissions.require(actor, Action.SET_TEAM, roles_on(actor, assignment.project))
    if assignment.ends_on is not None and assignment.ends_on <= timezone.localdate():
        raise ValidationError("该任职已经结束。")
    assignment.ends_on = ends_on or timezone.localdate()
    assignment.full_clean()
    assignment.save(update_fields=["ends_on"])
    record(actor=actor, action="assignment.end", subject=assignment, scope=assignment.project,
           data={"user": assignment.user_id, "role": assignment.role, "to": assignment.ends_on})  # fmt: skip
    return assignment


# ── Deliverables, versions, files ───────────────────────────────────────────
@transaction.atomic
def create_deliverable(*, actor, project, title, kind, discipline: Discipline, preparer, has_calculation=True,
                       starts_on=None, due_on=None, submitted_amount=None, draft_amount=None):  # fmt: skip
    """A deliverable with its first, empty version. Use `reviews.services.open_deliverable`, which also opens the chain."""
    permissions.require(actor, Action.CREATE_DELIVERABLE, roles_on(actor, project, discipline))
    permissions.require(preparer, Action.PREPARE, roles_on(preparer, project, discipline))
    # The project's row is locked so that two deliverables opened at once do not count to the same number; not its key,
    # which others need who add rows to the project.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    serial = project.deliverables.count() + 1
    deliverable = Deliverable(
        project=project, number=f"{project.number}-{serial:02d}", title=title, kind=kind, discipline=discipline,
        preparer=preparer, has_calculation=has_calculation, starts_on=starts_on, due_on=due_on, created_by=actor,
    )  # fmt: skip
    deliverable.full_clean()
    deliverable.save()
    version = DeliverableVersion(
        deliverable=deliverable, number=1, created_by=preparer,
        submitted_amount=submitted_amount, draft_amount=draft_amount,
    )  # fmt: skip
    version.full_clean()
    version.save()
    record(actor=actor, action="deliverable.create", subject=deliverable, scope=project,
           data={"number": deliverable.number, "title": title, "preparer": preparer.pk})  # fmt: skip
    return deliverable


@transaction.atomic
def update_deliverable(*, actor, deliverable: Deliverable, title, kind, has_calculation, starts_on, due_on):
    """Change a deliverable's facts. The chain asks first whether it may still be changed (not once it was submitted)."""
    permissions.require(actor, Action.CREATE_DELIVERABLE, roles_on(actor, deliverable.project, deliverable.discipline))
    fields = {"title": title, "kind": kind, "has_calculation": has_calculation, "starts_on": starts_on,
              "due_on": due_on}  # fmt: skip
    for name, value in fields.items():
        setattr(deliverable, name, value)
    deliverable.full_clean()
    # These alone: a preparer who was replaced since the page was loaded must not come back.
    deliverable.save(update_fields=list(fields))
    record(actor=actor, action="deliverable.update", subject=deliverable, data=fields, scope=deliverable.project)
    return deliverable


@transaction.atomic
def new_version(*, actor, deliverable: Deliverable, note: str = "") -> DeliverableVersion:
    """An empty draft version that carries the amounts of the last one. Raises ValidationError when a draft is open."""
    last = deliverable.versions.order_by("-number").first()
    if last.sealed_at is None:
        raise ValidationError(f"第 {last.number} 版尚未提交，请直接修改该版本。")
    return DeliverableVersion.objects.create(
        deliverable=deliverable, number=last.number + 1, note=note, created_by=actor,
        submitted_amount=last.submitted_amount, draft_amount=last.draft_amount,
    )  # fmt: skip


def require_own_draft(actor, version: DeliverableVersion) -> None:
    """Raise PermissionDenied for everybody but the preparer, ValidationError for a sealed version."""
    if actor.pk != version.deliverable.preparer_id:
        raise PermissionDenied("只有编制人可以修改本版本。")
    if version.sealed_at is not None:
        raise ValidationError("本版本已提交封存，不能再修改。请新建版本。")


@transaction.atomic
def update_version(*, actor, version: DeliverableVersion, note: str, submitted_amount, draft_amount):
    """Note and amounts (元) of a draft version."""
    version = (
        DeliverableVersion.objects.select_for_update(of=["self"])
        .select_related("deliverable__project")
        .get(pk=version.pk)
    )
    require_own_draft(actor, version)
    version.note, version.submitted_amount, version.draft_amount = note, submitted_amount, draft_amount
    version.full_clean()
    version.save(update_fields=["note", "submitted_amount", "draft_amount"])
    record(actor=actor, action="version.update", subject=version.deliverable, scope=version.deliverable.project,
           data={"version": version.number, "submitted": submitted_amount, "draft": draft_amount})  # fmt: skip
    return version


def add_attachment(*, actor, version: DeliverableVersion, upload: UploadedFile) -> Attachment:
    """Check a file by what it is and keep it under a random name. Raises ValidationError that says why it is refused.

    The look into the file may take seconds and stands before the transaction: on SQLite it would stop all writers."""
    require_own_draft(actor, version)
    checked = uploads.inspect(upload)
    attachment = Attachment(
        version=version, name=checked.name, content_type=checked.content_type, size=checked.size,
        sha256=checked.sha256,
    )  # fmt: skip
    upload.seek(0)
    attachment.file.save(checked.name, upload, save=False)
    try:
        return _keep_attachment(actor, attachment)
    except BaseException:
        attachment.file.storage.delete(attachment.file.name)
        raise


@transaction.atomic
def _keep_attachment(actor, attachment: Attachment) -> Attachment:
    # Locked, so that a version cannot be sealed between check and write.
    version = (
        DeliverableVersion.objects.select_for_update(of=["self"])
        .select_related("deliverable__project")
        .get(pk=attachment.version_id)
    )
    require_own_draft(actor, version)
    if version.attachments.filter(name=attachment.name).exists():
        raise ValidationError(f"本版本已有名为“{attachment.name}”的文件，请先移除原文件或改名。")
    attachment.save()
    record(actor=actor, action="attachment.add", subject=version.deliverable, scope=version.deliverable.project,
           data={"version": version.number, "name": attachment.name, "size": attachment.size,
                 "sha256": attachment.sha256})  # fmt: skip
    return attachment


@transaction.atomic
def remove_attachment(*, actor, attachment: Attachment) -> None:
    """Take a file out of a draft version. Its bytes go when the transaction has ended well."""
    version = (
        DeliverableVersion.objects.select_for_update(of=["self"])
        .select_related("deliverable__project")
        .get(pk=attachment.version_id)
    )
    require_own_draft(actor, version)
    storage, path = attachment.file.storage, attachment.file.name
    record(actor=actor, action="attachment.remove", subject=version.deliverable, scope=version.deliverable.project,
           data={"version": version.number, "name": attachment.name, "sha256": attachment.sha256})  # fmt: skip
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(path))


def manifest(version: DeliverableVersion) -> str:
    """SHA-256 (hex) of what a signature of this version binds: name, size and SHA-256 of each file, and the amounts."""
    files = sorted(version.attachments.values_list("name", "size", "sha256"))
    amounts = {"submitted": version.submitted_amount, "draft": version.draft_amount}
    content = canonical_json({"files": [list(row) for row in files], "amounts": amounts})
    return hashlib.sha256(content.encode()).hexdigest()


def damaged_files(version: DeliverableVersion) -> list[str]:
    """Names of the files whose stored bytes are missing or no longer have the recorded SHA-256."""
    return [row.name for row in version.attachments.all() if uploads.stored_sha256(row.file) != row.sha256]


@transaction.atomic
def seal_version(*, version: DeliverableVersion) -> DeliverableVersion:
    """Close a version to changes at its submission. Raises ValidationError when it has no file, or damaged ones."""
    version = DeliverableVersion.objects.select_for_update().get(pk=version.pk)
    if version.sealed_at is not None:
        return version
    if not version.attachments.exists():
        raise ValidationError("本版本还没有文件，请先上传成果文件。")
    if damaged := damaged_files(version):
        raise ValidationError(f"文件“{'、'.join(damaged)}”保存不完整，请移除后重新上传。")
    version.manifest_sha256 = manifest(version)
    version.sealed_at = timezone.now()
    version.save(update_fields=["manifest_sha256", "sealed_at"])
    return version


# ── Risks ───────────────────────────────────────────────────────────────────
@transaction.atomic
def register_risk(*, actor, project, description, probability, impact, measures="", owner) -> Risk:
    """Put a risk on the project's list."""
    permissions.require(actor, Action.MANAGE_RISKS, roles_on(actor, project))
    if not roles_on(owner, project):
        raise ValidationError("责任人不在本项目组。")
    risk = Risk(project=project, description=description, probability=probability, impact=impact, measures=measures,
                owner=owner, created_by=actor)  # fmt: skip
    risk.full_clean()
    risk.save()
    record(actor=actor, action="risk.register", subject=risk, data={"owner": owner.pk, "weight": risk.weight},
           scope=project)  # fmt: skip
    return risk


@transaction.atomic
def escalate_risk(*, actor, risk: Risk, reason: str) -> Risk:
    """The owner cannot remove the risk: it climbs 造价工程师 → 专业负责人 → 项目经理 → 单位技术负责人 (§2).

    Raises ValidationError at the top of the ladder or when the next step is vacant."""
    if actor.pk != risk.owner_id:
        raise PermissionDenied("只有责任人可以上报风险。")
    if risk.status != RiskStatus.OPEN:
        raise ValidationError("该风险已处理。")
    next_role = rules.next_risk_role(roles_on(actor, risk.project))
    if next_role is None:
        raise ValidationError("已到单位技术负责人，不能再上报，请处理。")
    candidates = [person for person in holders_of(risk.project, next_role) if person.pk != actor.pk]
    if not candidates:
        raise ValidationError(f"项目尚未设置{Role(next_role).label}，请先完善项目组。")
    risk.owner = candidates[0]
    risk.save(update_fields=["owner"])
    record(actor=actor, action="risk.escalate", subject=risk, data={"to": risk.owner_id, "reason": reason},
           scope=risk.project)  # fmt: skip
    notify(recipients=[risk.owner], kind=Kind.RISK, title=f"风险上报：{risk}", body=reason,
           url=f"/projects/{risk.project_id}/risks/")  # fmt: skip
    return risk


@transaction.atomic
def settle_risk(*, actor, risk: Risk, status: RiskStatus, resolution: str) -> Risk:
    """Record that a risk is removed or accepted, with how."""
    permissions.require(actor, Action.MANAGE_RISKS, roles_on(actor, risk.project))
    if actor.pk != risk.owner_id:
        raise PermissionDenied("只有责任人可以处理该风险。")
    if status not in (RiskStatus.REMOVED, RiskStatus.ACCEPTED) or not resolution.strip():
        raise ValidationError("请选择处理结果并说明处理情况。")
    if not Risk.objects.filter(pk=risk.pk, status=RiskStatus.OPEN).update(status=status, resolution=resolution):
        raise ValidationError("该风险已处理。")
    risk.refresh_from_db()
    record(actor=actor, action="risk.settle", subject=risk, data={"status": status, "resolution": resolution},
           scope=risk.project)  # fmt: skip
    return risk


# ── Inquiries ───────────────────────────────────────────────────────────────
@transaction.atomic
def register_inquiry(*, actor, project, question, asked_by, asked_at: datetime, channel) -> Inquiry:
    """Keep a client's question with the instant at which it arrived."""
    permissions.require(actor, Action.MANAGE_INQUIRIES, roles_on(actor, project))
    if asked_at > timezone.now():
        raise ValidationError({"asked_at": "收到时间不能晚于现在。"})
    inquiry = Inquiry(project=project, question=question, asked_by=asked_by, asked_at=asked_at, channel=channel)
    inquiry.full_clean()
    inquiry.save()
    record(actor=actor, action="inquiry.register", subject=inquiry, data={"asked_at": asked_at}, scope=project)
    return inquiry


@transaction.atomic
def answer_inquiry(*, actor, inquiry: Inquiry, answer: str) -> Inquiry:
    """Answer a client's question; the instant is now."""
    permissions.require(actor, Action.MANAGE_INQUIRIES, roles_on(actor, inquiry.project))
    if not answer.strip():
        raise ValidationError("请填写答复内容。")
    now = timezone.now()
    if not Inquiry.objects.filter(pk=inquiry.pk, answered_at__isnull=True).update(
        answer=answer, answered_by=actor, answered_at=now
    ):
        raise ValidationError("该询问已答复。")
    inquiry.refresh_from_db()
    record(actor=actor, action="inquiry.answer", subject=inquiry, data={"answered_at": now}, scope=inquiry.project)
    return inquiry
