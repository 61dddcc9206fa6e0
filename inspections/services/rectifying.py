"""Receipt, the reply within ten days, the re-check finding by finding (监管检查结果的处理（1）)."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from inspections.chain import already_handled, move, require_may_rectify, roles_for, scope_of, touch
from inspections.choices import Act, EvidenceOf, State
from inspections.models import Finding, Inspection, Receipt, Rectification
from inspections.queries import rectifying as queries
from inspections.services.concluding import remind_office
from inspections.services.evidence import keep
from inspections.telling import inspected_side, page_of, tell
from notices.choices import Kind
from staff import permissions
from staff.choices import Action
from staff.confirmation import Confirmation, require_confirmation

EVENTS = [Event.OPINION_RECEIVED]


@transaction.atomic
def receive(*, actor, inspection: Inspection, turn: int, received_at: datetime | None = None, note: str = "",
            evidence=None) -> Inspection:  # fmt: skip
    """确认收到: the ten days run from this instant. The inspected side confirms it at once; 质量办 registers a delivery,
    with when, how and proof. With nothing to rectify the inspection is closed. Raises AlreadyHandled."""
    act = Act.RECEIVE if inspection.findings.to_rectify().exists() else Act.RECEIVE_CLEAN

    def write(inspection: Inspection) -> dict:
        receipt = _receipt(inspection, actor, received_at, note, evidence)
        if act == Act.RECEIVE:
            _start_clock(inspection, actor, receipt.received_at)
        changes = {} if act == Act.RECEIVE else {"changes": {"was_on_time": True}}
        remind_office(inspection, actor, f"已确认收到书面意见：{inspection.opinion.number}")
        if receipt.is_recorded_by_office:
            tell(inspection, inspected_side(inspection), title=f"检查书面意见已送达：{inspection.opinion.number}",
                 body=f"请在 {queries.reply_limit()}内回复整改意见和整改情况。" if act == Act.RECEIVE else "")  # fmt: skip
        return {"opinion": inspection.opinion.number, "received_at": receipt.received_at, "note": receipt.note,
                "by_office": receipt.is_recorded_by_office,
                "evidence_sha256": receipt.evidence.sha256 if receipt.evidence else None, **changes}  # fmt: skip

    return move(inspection=inspection, act=act, actor=actor, turn=turn, write=write)


def _receipt(inspection: Inspection, actor, received_at, note: str, evidence) -> Receipt:
    now, opinion = timezone.now(), inspection.opinion
    answers = permissions.allows(Action.ANSWER_INSPECTION, roles_for(actor, inspection))
    if answers:
        received_at, kept = now, None
    else:
        if received_at is None:
            raise ValidationError({"received_at": "请填写送达时间。"})
        # People tell the minute, not the second.
        if received_at == opinion.issued_at.replace(second=0, microsecond=0):
            received_at = opinion.issued_at
        if not opinion.issued_at <= received_at <= now:
            raise ValidationError({"received_at": "送达时间不能早于书面意见签发时间，也不能晚于现在。"})
        if evidence is None:
            raise ValidationError({"evidence": "质量办登记送达的，须上传送达证据（签收单、邮件回执等）。"})
        if not note.strip():
            raise ValidationError({"note": "请说明送达方式和签收人。"})
        kept = keep(actor=actor, of=EvidenceOf.RECEIPT, upload=evidence, inspection=inspection)
    return Receipt.objects.create(
        opinion=opinion, received_at=received_at, confirmed_by=actor, is_recorded_by_office=not answers,
        note=note.strip()[:300], evidence=kept, registered_at=now,
    )  # fmt: skip


def _start_clock(inspection: Inspection, actor, at: datetime) -> None:
    project = inspection.project
    deadline_services.start(
        actor=actor, event=Event.OPINION_RECEIVED, subject=inspection, scope=scope_of(inspection),
        url=page_of(inspection), event_at=at, label=f"{inspection.number} 检查整改",
        business_line=project.business_line if project else "", contract_kind=project.contract_kind if project else "",
    )  # fmt: skip


# ── The reply ───────────────────────────────────────────────────────────────
def _open_for_reply(actor, inspection: Inspection) -> Inspection:
    inspection = touch(inspection=inspection)
    require_may_rectify(actor, inspection)
    if inspection.state != State.RECTIFYING:
        raise already_handled(inspection)
    return inspection


class RectificationConflict(Exception):
    """Somebody else has saved the same answer meanwhile; `row` is what is stored."""

    status_code = 409

    def __init__(self, row: Rectification):
        self.row = row
        at = timezone.localtime(row.saved_at)
        day = "" if at.date() == timezone.localdate() else f"{at:%Y-%m-%d} "
        super().__init__(f"已由（{row.saved_by.name}）于 {day}{at:%H:%M} 修改本条整改回复，请核对后再保存。")


@transaction.atomic
def save_rectification(*, actor, finding: Finding, turn: int, plan: str, result: str, files=()) -> Rectification:
    """Keep the draft of one answer (整改意见、整改情况) with its evidence. Raises AlreadyHandled when no answer is awaited,
    RectificationConflict when somebody has saved this one meanwhile (compare-and-set on its `turn`; 0: not there yet)."""
    inspection = _open_for_reply(actor, finding.inspection)
    finding = inspection.findings.get(pk=finding.pk)
    if not finding.needs_rectification or finding.settled_at:
        raise ValidationError("该问题无须整改，或整改已复查通过。")
    row = queries.draft_of(finding)
    if row is None:
        row, turn = _first_draft(actor, finding, turn), 0
    saved = {"plan": plan.strip(), "result": result.strip(), "saved_by": actor, "saved_at": timezone.now()}
    if not Rectification.objects.filter(pk=row.pk, turn=turn, submitted_at__isnull=True).update(
        turn=F("turn") + 1, **saved
    ):
        raise RectificationConflict(row)
    for upload in files:
        keep(actor=actor, of=EvidenceOf.RECTIFICATION, upload=upload, inspection=inspection, finding=finding,
             rectification=row)  # fmt: skip
    return Rectification.objects.get(pk=row.pk)


def _first_draft(actor, finding: Finding, turn: int) -> Rectification:
    """A new answer. A page that knew of a draft belongs to an earlier attempt: RectificationConflict."""
    last = finding.rectifications.select_related("saved_by").order_by("-attempt").first()
    if turn and last:
        raise RectificationConflict(last)
    attempt = last.attempt + 1 if last else 1
    return Rectification.objects.create(finding=finding, attempt=attempt, saved_by=actor, saved_at=timezone.now())


@transaction.atomic
def submit_reply(
    *, actor, inspection: Inspection, turn: int, confirmation: Confirmation, seen: str = ""
) -> Inspection:
    """回复公司, signed: every finding that is not settled has 整改意见, 整改情况 and evidence. The clock stops. `seen` is the
    fingerprint (`queries.rectifying.seen_of`) of the answers that the signer was shown.

    Raises ValidationError that lists what is missing, and when an answer is not the one that was shown; AlreadyHandled."""
    require_confirmation(confirmation, actor)

    def write(inspection: Inspection) -> dict:
        rows = queries.answering(inspection)
        if gaps := queries.gaps_of(rows):
            raise ValidationError(gaps)
        if seen and seen != queries.seen_of(rows):
            raise ValidationError("整改回复在您打开本页后有改动，请核对下列内容后再提交。")
        now = timezone.now()
        drafts = [row.draft for row in rows if row.draft]
        Rectification.objects.filter(pk__in=[row.pk for row in drafts]).update(submitted_by=actor, submitted_at=now)
        deadline_services.stop_of(actor=actor, subject=inspection, note="已提交整改回复", events=EVENTS, at=now)
        remind_office(inspection, actor, f"请复查整改：{inspection}", f"共 {len(drafts)} 条整改回复。")
        return {"answers": [told(row, row.proofs) for row in drafts], "at": now}

    return move(inspection=inspection, act=Act.REPLY, actor=actor, turn=turn, write=write)


def told(row: Rectification, files) -> dict:
    """What the ledger keeps of an answer; `files` are its proofs."""
    return {"finding": row.finding.number, "attempt": row.attempt, "plan": row.plan, "result": row.result,
            "files": [each.sha256 for each in files]}  # fmt: skip


# ── The re-check ────────────────────────────────────────────────────────────
@transaction.atomic
def recheck(*, actor, inspection: Inspection, turn: int, results: Mapping[int, tuple[bool, str]],
            confirmation: Confirmation) -> Inspection:  # fmt: skip
    """Re-check each answer of the reply, signed: `results` is finding id → (passed, note). All passed: closed. Otherwise it
    goes back with the reasons, and the clock runs on from where it stood at the reply.

    Raises ValidationError for an answer without a result or a refusal without a reason; AlreadyHandled."""
    require_confirmation(confirmation, actor)
    rows = queries.awaiting_recheck(inspection)
    missing = [f"问题 {row.finding.number} 还没有复查结论。" for row in rows if row.finding_id not in results]
    missing += [
        f"问题 {row.finding.number} 复查未通过，请说明原因。"
        for row in rows
        if not results.get(row.finding_id, (True, ""))[0] and not results[row.finding_id][1].strip()
    ]
    if missing:
        raise ValidationError(missing)
    all_passed = all(results[row.finding_id][0] for row in rows)

    def write(inspection: Inspection) -> dict:
        if any(row.submitted_by_id == actor.pk for row in rows):
            raise PermissionDenied("回复人不能复查自己的整改。")
        told = [_settle(row, actor, *results[row.finding_id]) for row in rows]
        if not all_passed:
            _send_back(inspection, actor, rows)
            return {"results": told}
        # It ended with the reply; somebody may have let it run again by hand meanwhile.
        deadline_services.stop_of(actor=actor, subject=inspection, note="整改复查通过", events=EVENTS,
                                  at=rows[0].submitted_at)  # fmt: skip
        _tell_closed(inspection, actor)
        on_time = queries.replied_on_time(inspection)
        return {"results": told, "on_time": on_time, "changes": {"was_on_time": on_time}}

    act = Act.CLOSE if all_passed else Act.SEND_BACK
    if not rows:
        raise already_handled(inspection)
    return move(inspection=inspection, act=act, actor=actor, turn=turn, write=write)


def _settle(row: Rectification, actor, is_passed: bool, note: str) -> dict:
    now = timezone.now()
    Rectification.objects.filter(pk=row.pk).update(
        is_passed=is_passed, recheck_note=note.strip(), rechecked_by=actor, rechecked_at=now
    )
    if is_passed:
        Finding.objects.filter(pk=row.finding_id).update(settled_at=now)
    return {"finding": row.finding.number, "attempt": row.attempt, "passed": is_passed, "reason": note.strip()}


def _send_back(inspection: Inspection, actor, rows) -> None:
    by = rows[0].submitted_by
    deadline_services.go_on(
        actor=actor, asked_by=by, subject=inspection, events=EVENTS, reason="整改回复复查期间不计时，退回后继续计时",
        basis=f"{inspection.number} 第 {rows[0].attempt} 次整改回复",
    )  # fmt: skip
    tell(inspection, inspected_side(inspection), but=actor, kind=Kind.SENT_BACK, title=f"整改退回：{inspection}",
         body="复查未通过，请按复查意见继续整改并回复。")  # fmt: skip


def _tell_closed(inspection: Inspection, actor) -> None:
    tell(inspection, inspected_side(inspection), but=actor, kind=Kind.INSPECTION,
         title=f"整改复查通过，检查已关闭：{inspection}")  # fmt: skip
