"""Every write to deliverables, their versions and files."""

import hashlib

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

import uploads
from ledger.rules import canonical_json
from ledger.services import record
from projects.models import (
    Attachment,
    Deliverable,
    DeliverableVersion,
    Discipline,
    Project,
)
from projects.queries import roles_on
from staff import permissions
from staff.choices import Action


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
