"""Photos and documents that prove something: looked into, kept under a random name, taken back while it is all still open."""

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

import uploads
from inspections import chain
from inspections.choices import CaseState, EvidenceOf, State
from inspections.models import Evidence, LiabilityCase
from ledger.services import record
from staff import permissions
from staff.choices import Action

# What each kind of proof hangs on.
SUBJECT = {
    EvidenceOf.FINDING: "finding",
    EvidenceOf.RECTIFICATION: "rectification",
    EvidenceOf.RECEIPT: "inspection",
    EvidenceOf.TALK: "inspection",
    EvidenceOf.ACCIDENT: "accident",
    EvidenceOf.LIABILITY: "liability_case",
}
# For one subject: a page that shows them stays readable.
MOST = 30


def keep(*, actor, of: EvidenceOf, upload, **links) -> Evidence | None:
    """Look into an upload and keep it as proof; None (nothing was uploaded) gives None.

    `links` names its subject (SUBJECT[of]); the finding and the inspection above it are filled in. The caller has checked
    the permission and the state, holds the subject, and writes the ledger row of the act to which the proof belongs
    (`facts`). Raises ValidationError that says why a file is refused."""
    if upload is None:
        return None
    links = _links(of, links)
    found = uploads.inspect(upload)
    subject = {SUBJECT[of]: links[SUBJECT[of]]}
    standing = Evidence.objects.standing().filter(of=of, **subject)
    if of == EvidenceOf.LIABILITY:
        # Nobody sees what a colleague has handed in, so the same paper may be handed in by each.
        standing = standing.filter(uploaded_by=actor)
    if standing.filter(sha256=found.sha256).exists():
        raise ValidationError(f"文件“{found.name}”已经上传过，无需重复上传。")
    if standing.count() >= MOST:
        raise ValidationError(f"证据最多 {MOST} 份，请合并为一份文件后上传。")
    evidence = Evidence(
        of=of, name=found.name, content_type=found.content_type, size=found.size, sha256=found.sha256,
        uploaded_by=actor, uploaded_at=timezone.now(), **links,
    )  # fmt: skip
    evidence.file.save(found.name, File(upload), save=False)
    evidence.save(force_insert=True)
    return evidence


def _links(of: EvidenceOf, links: dict) -> dict:
    """The subject and what stands above it. Raises ValueError where a caller names something else."""
    if links.get(SUBJECT[of]) is None or not set(links) <= {SUBJECT[of], "finding", "inspection"}:
        raise ValueError(f"evidence of {of} hangs on its {SUBJECT[of]}")
    if of == EvidenceOf.RECTIFICATION:
        links["finding"] = links["rectification"].finding
    if links.get("finding"):
        links["inspection"] = links["finding"].inspection
    return links


def facts(evidence: Evidence) -> dict:
    """What the ledger keeps of a proof."""
    return {"evidence": evidence.pk, "name": evidence.name, "sha256": evidence.sha256, "size": evidence.size}


@transaction.atomic
def remove(*, actor, evidence: Evidence) -> Evidence:
    """Take back a proof: the row stays and is marked, the file is opened to nobody any more.

    Only while what it proves is open: of a finding by the inspectors in 检查评分, of a reply by the inspected side before it is
    submitted, of a liability case by whoever proposes, before the proposal. Everything else stays. Raises PermissionDenied,
    AlreadyHandled when the inspection has moved on, ValidationError for what stays."""
    opened = {
        EvidenceOf.FINDING: _open_finding,
        EvidenceOf.RECTIFICATION: _open_rectification,
        EvidenceOf.LIABILITY: _open_case,
    }.get(EvidenceOf(evidence.of))
    if opened is None:
        raise ValidationError("该证据随登记内容一并存档，不能移除。")
    subject, scope = opened(actor, evidence)
    now = timezone.now()
    taken = Evidence.objects.standing().filter(pk=evidence.pk).update(removed_by=actor, removed_at=now)
    if not taken:
        raise ValidationError("该证据已经移除。")
    record(actor=actor, action="inspection.evidence_remove", subject=subject, scope=scope,
           data={"of": evidence.of, **facts(evidence)})  # fmt: skip
    evidence.refresh_from_db()
    return evidence


def _open_finding(actor, evidence: Evidence):
    inspection = chain.touch(inspection=evidence.finding.inspection)
    chain.require_inspector(inspection, actor)
    if inspection.state != State.SCORING:
        raise chain.already_handled(inspection)
    return inspection, chain.scope_of(inspection)


def _open_rectification(actor, evidence: Evidence):
    inspection = chain.touch(inspection=evidence.finding.inspection)
    chain.require_may_rectify(actor, inspection)
    evidence.rectification.refresh_from_db(fields=["submitted_at"])
    if inspection.state != State.RECTIFYING or evidence.rectification.submitted_at:
        raise chain.already_handled(inspection)
    return inspection, chain.scope_of(inspection)


def _open_case(actor, evidence: Evidence):
    permissions.require_post(actor, Action.PROPOSE_LIABILITY)
    case = LiabilityCase.objects.select_for_update(no_key=True).get(pk=evidence.liability_case_id)
    if case.state != CaseState.OPEN:
        raise ValidationError(f"问责当前为“{case.get_state_display()}”，证据不能移除。")
    # Not the project: its team reads what happened there, and a colleague's liability is none of that.
    return case, case
