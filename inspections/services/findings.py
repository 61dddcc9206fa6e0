"""What an inspection found, written down while it is scored, with its proofs (§4)."""

import hashlib
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from inspections import chain
from inspections.choices import EvidenceOf, State
from inspections.models import Evidence, Finding, Inspection
from inspections.models.inspections import LONGEST
from inspections.services import evidence as proofs
from ledger.models import Entry
from ledger.rules import canonical_json
from ledger.services import record
from reviews.choices import RemarkState
from uploads.names import shown_name

# What is told of a problem, and what it was found in.
TOLD = ("place", "problem", "requirement", "severity", "amount", "needs_rectification")
LINKS = ("deduction", "deliverable", "remark", "attachment")


class FindingConflict(Exception):
    """Somebody changed or removed the problem after the page was drawn. The message says who and when, in Chinese."""

    status_code = 409

    def __init__(self, finding: Finding):
        self.finding = finding
        super().__init__(f"{finding}{last_word(finding) or '已被修改'}。您填写的内容还在，请比对后再保存。")


def last_word(finding: Finding) -> str:
    """Who did something to a problem last, and what, as the ledger tells it; empty for one that never was."""
    about = Q(data__contains=f'"id":{finding.pk},') | Q(data__contains=f'"id":{finding.pk}}}')
    last = Entry.objects.filter(
        about, subject_type=Inspection._meta.label_lower, subject_id=finding.inspection_id,
        action__startswith="inspection.finding_",
    ).order_by("-number").select_related("actor").first()  # fmt: skip
    if last is None:
        return ""
    done = "删除" if last.action.endswith("remove") else "修改"
    return f"已由（{last.actor.name}）于 {timezone.localtime(last.at):%H:%M} {done}"


def fingerprint(finding: Finding) -> str:
    """What a page saw of a problem: whoever saves with another one has not seen what somebody else wrote."""
    return hashlib.sha256(canonical_json(facts(finding)).encode()).hexdigest()[:16]


def facts(finding: Finding) -> dict:
    """For the ledger: the words and figures, the links by id."""
    return {name: getattr(finding, name) for name in TOLD} | {
        name: getattr(finding, f"{name}_id") for name in LINKS
    }  # fmt: skip


@transaction.atomic
def add_finding(*, actor, inspection: Inspection, evidence: Iterable = (), **told) -> Finding:
    """Write down a problem (TOLD, and LINKS to what it was found in), with its photos and documents.

    Numbered per inspection after the highest that there is. Raises PermissionDenied for all but the inspectors,
    AlreadyHandled when it is not being scored any more, ValidationError for a link into something that is not inspected,
    and for a file that is refused: then nothing is written."""
    inspection = _scored(actor, inspection)
    highest = inspection.findings.aggregate(highest=Max("number"))["highest"] or 0
    finding = Finding(inspection=inspection, number=highest + 1, raised_by=actor, raised_at=timezone.now())
    _write(finding, told)
    kept = _keep(actor, finding, evidence)
    _record(actor, "finding_add", finding, {**facts(finding), "evidence": kept})
    return finding


@transaction.atomic
def update_finding(*, actor, finding: Finding, seen: str | None = None, evidence: Iterable = (), **told) -> Finding:
    """Change a problem and add proofs. `seen` is the `fingerprint` that the page was drawn for; raises FindingConflict
    when it is not that any more, and otherwise as `add_finding`."""
    inspection = _scored(actor, finding.inspection)
    finding = _stored(finding, inspection, seen)
    before = facts(finding)
    _write(finding, told)
    kept = _keep(actor, finding, evidence)
    after = facts(finding)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changed or kept:
        _record(actor, "finding_update", finding, {"changed": changed, "evidence": kept})
    return finding


@transaction.atomic
def remove_finding(*, actor, finding: Finding, seen: str | None = None) -> None:
    """Drop a problem that was written down by mistake; what it said stays in the ledger. One with proofs on file, even taken
    back ones, stays: proofs are never deleted, so it is rewritten instead. Raises as `update_finding`."""
    inspection = _scored(actor, finding.inspection)
    finding = _stored(finding, inspection, seen)
    if count := finding.evidence.count():
        raise ValidationError(f"{finding}已有 {count} 份证据存档（含已移除的），不能删除，请改写其内容。")
    number, pk, dropped = finding.number, finding.pk, facts(finding)
    finding.delete()
    record(actor=actor, action="inspection.finding_remove", subject=inspection, scope=chain.scope_of(inspection),
           data={"finding": number, "id": pk, **dropped})  # fmt: skip


def _scored(actor, inspection: Inspection) -> Inspection:
    chain.require_inspector(inspection, actor)
    inspection = chain.touch(inspection=inspection)
    if inspection.state != State.SCORING:
        raise chain.already_handled(inspection)
    return inspection


def _stored(finding: Finding, inspection: Inspection, seen: str | None) -> Finding:
    row = Finding.objects.filter(pk=finding.pk).first()
    if row is None:
        raise FindingConflict(finding)
    row.inspection = inspection
    if seen is not None and seen != fingerprint(row):
        raise FindingConflict(row)
    return row


def _write(finding: Finding, told: dict) -> None:
    """Set, check, save. Unknown names are the caller's mistake."""
    if unknown := set(told) - {*TOLD, *LINKS}:
        raise TypeError(f"unknown facts of a finding: {sorted(unknown)}")
    for name, value in told.items():
        setattr(finding, name, value.strip() if isinstance(value, str) else value)
    _check_links(finding)
    # Django leaves the length of a TextField to the forms.
    for name in ("problem", "requirement"):
        if len(getattr(finding, name)) > LONGEST:
            raise ValidationError({name: f"最多 {LONGEST} 字。"})
    finding.full_clean(exclude=["inspection", "raised_by", *LINKS])
    finding.save()


def _check_links(finding: Finding) -> None:
    inspection, deliverable = finding.inspection, finding.deliverable
    if finding.deduction and finding.deduction.criterion.standard_id != inspection.standard_id:
        raise ValidationError({"deduction": "扣分细则不属于本次检查的评分标准。"})
    if deliverable and not is_inspected(inspection, deliverable):
        raise ValidationError({"deliverable": "成果文件不属于被检项目（单位）。"})
    if finding.remark and (
        finding.remark.deliverable_id != finding.deliverable_id or finding.remark.state == RemarkState.DRAFT
    ):
        raise ValidationError({"remark": "校审意见不属于所选成果文件。"})
    version = finding.attachment.version if finding.attachment else None
    if version and (version.deliverable_id != finding.deliverable_id or version.sealed_at is None):
        raise ValidationError({"attachment": "附件不属于所选成果文件已提交的版本。"})


def is_inspected(inspection: Inspection, deliverable) -> bool:
    """Whether a deliverable belongs to what is inspected: the project, or any project of the unit."""
    if inspection.project_id:
        return deliverable.project_id == inspection.project_id
    return deliverable.project.unit_id == inspection.unit_id


def _keep(actor, finding: Finding, uploads: Iterable) -> list[dict]:
    """Keep the uploads as proofs of a finding. Raises ValidationError by the key “evidence”, with the file's name."""
    kept: list[Evidence] = []
    for upload in uploads:
        try:
            kept.append(proofs.keep(actor=actor, of=EvidenceOf.FINDING, upload=upload, finding=finding))
        except ValidationError as error:
            name = shown_name(upload.name)
            raise ValidationError({"evidence": [f"{name}：{words}" for words in error.messages]}) from error
    return [proofs.facts(each) for each in kept]


def _record(actor, what: str, finding: Finding, data: dict) -> None:
    record(actor=actor, action=f"inspection.{what}", subject=finding.inspection,
           scope=chain.scope_of(finding.inspection), data={"finding": finding.number, "id": finding.pk, **data})  # fmt: skip
