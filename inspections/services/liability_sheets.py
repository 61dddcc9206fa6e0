"""The person answers, or lets the time lapse; somebody who stands apart decides, on paper and signed (质量问责制, §3)."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from deadlines.models import Deadline
from deadlines.services.clocks import when_words
from inspections import liability
from inspections.choices import EvidenceOf, LiabilityAct, Outcome, SheetState
from inspections.liability_chain import (
    held_sheet,
    move_case,
    move_sheet,
    require_decider,
    require_sheet,
    sheet_handled,
    sheet_page,
)
from inspections.liability_digests import answer_digest, decision_digest
from inspections.models import LiabilitySheet
from inspections.printouts.liability import sheet_paper
from inspections.queries import liability as queries
from inspections.services import evidence
from inspections.services.liability import required, start_clocks, tell_case
from notices.choices import Kind
from printing.papers import keep_paper
from staff.confirmation import Confirmation, require_confirmation

A = LiabilityAct


# ── The answer ──────────────────────────────────────────────────────────────
@transaction.atomic
def answer_sheet(*, actor, sheet: LiabilitySheet, turn: int, accepts: bool, text: str = "", files=(),
                 confirmation: Confirmation) -> LiabilitySheet:  # fmt: skip
    """无异议 (with a word, if one wishes) or 陈述申辩 with text: by the person alone, signed. The clock for the answer stops,
    that for the decision begins.

    Raises PermissionDenied for anybody else, ValidationError for an appeal without words and once the time is over,
    AlreadyHandled when it was answered already."""
    require_confirmation(confirmation, actor)
    sheet = held_sheet(sheet)
    if sheet.person_id != actor.pk or not actor.is_active:
        raise PermissionDenied("只有当事人本人可以陈述申辩。")
    act = A.ACCEPT if accepts else A.APPEAL
    require_sheet(sheet, act, turn)
    clock = queries.answer_clock(sheet)
    if clock is not None and timezone.now() >= clock.due_at:
        raise ValidationError(f"陈述申辩期限已于 {when_words(clock)} 届满，视为无异议。")
    sheet.answer, sheet.answered_at = _answer(accepts, text), timezone.now()
    kept = [
        evidence.keep(actor=actor, of=EvidenceOf.LIABILITY, upload=each, liability_case=sheet.case) for each in files
    ]
    note = "本人无异议" if accepts else "已陈述申辩"
    proofs = [evidence.facts(each) for each in kept]
    return _answered(sheet, act, actor=actor, note=note, data={"files": proofs} if proofs else {})


def _answer(accepts: bool, text: str) -> str:
    """What is kept of an answer: its first words tell which kind it is (`liability.answer_kind`)."""
    if accepts:
        words = (text or "").strip()
        return required("text", f"{liability.ACCEPTED}\n{words}" if words else liability.ACCEPTED, "")
    text = required("text", text, "请填写陈述申辩的内容。")
    if liability.answer_kind(text) != "appealed":
        raise ValidationError({"text": "所填内容为无异议，请改选“无异议”。"})
    return text


def _answered(sheet: LiabilitySheet, act: LiabilityAct, *, actor, note: str, data: dict) -> LiabilitySheet:
    """Clocks, row, ledger, messages of an answer that stands in `sheet.answer` and `sheet.answered_at` already."""
    # Held before the first of them leaves its row in the ledger.
    deadline_services.hold(scope=sheet)
    start_clocks(actor, sheet, Event.LIABILITY_ANSWERED, sheet.answered_at)
    deadline_services.stop_of(actor=actor, subject=sheet, note=note, events=[Event.LIABILITY_SERVED])
    sheet = move_sheet(
        sheet, act, actor=actor, now=sheet.answered_at, answer=sheet.answer, answered_at=sheet.answered_at,
        data={"digest": answer_digest(sheet), **data},
    )  # fmt: skip
    tell_case(sheet.case, queries.deciders(sheet.case), url=sheet_page(sheet), kind=Kind.TO_DO,
              title=f"请决定质量问责单 {sheet.number}（{note}）")  # fmt: skip
    tell_case(sheet.case, [sheet.proposed_by], url=sheet_page(sheet), title=f"质量问责单 {sheet.number}：{note}")
    return sheet


def lapse(clock: Deadline) -> None:
    """The time for an answer is over and there is none: 逾期未提出，视为无异议. Called by the clockwork for the clock of a
    sheet (`deadlines.lapses`); does nothing where somebody was faster or the time was extended."""
    sheet = LiabilitySheet.objects.filter(pk=clock.subject_id).select_related("case").first()
    if sheet is not None:
        lapse_sheet(sheet)


@transaction.atomic
def lapse_sheet(sheet: LiabilitySheet) -> LiabilitySheet:
    """See `lapse`. Returns the sheet as it is now."""
    sheet = held_sheet(sheet)
    ends = queries.window_ends(sheet)
    now = timezone.now()
    if sheet.state != SheetState.PROPOSED or ends is None or now < ends:
        return sheet
    sheet.answer, sheet.answered_at = liability.LAPSED, now
    return _answered(sheet, A.LAPSE, actor=None, note="逾期未提出，视为无异议", data={"due_at": ends})


# ── The decision ────────────────────────────────────────────────────────────
@transaction.atomic
def decide_sheet(*, actor, sheet: LiabilitySheet, turn: int, outcome: str, decision: str, hearing: str = "",
                 confirmation: Confirmation) -> LiabilitySheet:  # fmt: skip
    """作出处理决定, signed: upheld, changed or revoked, with what the hearing found (owed after an appeal). The paper is
    rendered and kept once and for all; with the last sheet of a case the case is over.

    Raises PermissionDenied for the person, the proposer, and who prepared or signed that round; ValidationError before an answer
    or the end of the time for it; AlreadyHandled for a stale page or a lost race."""
    require_confirmation(confirmation, actor)
    sheet = held_sheet(sheet)
    require_decider(actor, sheet.case)
    if sheet.turn != turn:
        raise sheet_handled(sheet)
    sheet = lapse_sheet(sheet)
    _require_heard(sheet)
    require_sheet(sheet, A.DECIDE, sheet.turn)
    if outcome not in Outcome:
        raise ValidationError({"outcome": "请选择决定。"})
    sheet.outcome, sheet.decided_by, sheet.decided_at = outcome, actor, timezone.now()
    sheet.decision = required("decision", decision, "请填写处理决定。")
    sheet.hearing = _hearing(sheet, hearing)
    sheet.decision_digest = decision_digest(sheet)
    sheet.pdf, sheet.pdf_sha256 = keep_paper("inspections", sheet_paper(sheet))
    return _decided(sheet, actor)


def _require_heard(sheet: LiabilitySheet) -> None:
    """Nobody is judged before they were heard or let the time pass."""
    if sheet.state != SheetState.PROPOSED:
        return
    clock = queries.answer_clock(sheet)
    until = f"（至 {when_words(clock)}）" if clock else ""
    raise ValidationError(f"当事人尚未陈述申辩，期限{until}也未届满，不能作出决定。")


def _hearing(sheet: LiabilitySheet, hearing: str) -> str:
    if sheet.state == SheetState.APPEALED:
        return required("hearing", hearing, "当事人已陈述申辩，请填写听证、核查情况。")
    return required("hearing", hearing, "") if (hearing or "").strip() else ""


KEPT = ("outcome", "decision", "hearing", "decided_by", "decided_at", "decision_digest", "pdf", "pdf_sha256")


def _decided(sheet: LiabilitySheet, actor) -> LiabilitySheet:
    """Clock, row, ledger and messages of a decision that stands in the columns of `sheet` already."""
    values = {name: getattr(sheet, name) for name in KEPT}
    deadline_services.hold(scope=sheet)
    deadline_services.stop_of(
        actor=actor, subject=sheet, note="已作出处理决定", events=[Event.LIABILITY_SERVED, Event.LIABILITY_ANSWERED]
    )
    sheet = move_sheet(
        sheet, A.DECIDE, actor=actor, now=sheet.decided_at, **values,
        data={"outcome": sheet.outcome, "digest": sheet.decision_digest, "pdf_sha256": sheet.pdf_sha256},
    )  # fmt: skip
    _close_with_last(sheet, actor)
    words = f"质量问责单 {sheet.number} 已作出决定：{sheet.get_outcome_display()}"
    tell_case(sheet.case, [sheet.person, sheet.proposed_by], url=sheet_page(sheet), title=words)
    return sheet


def _close_with_last(sheet: LiabilitySheet, actor) -> None:
    """The case is over with the decision on its last sheet."""
    case = sheet.case
    if case.sheets.exclude(state=SheetState.DECIDED).exists():
        return
    sheet.case = move_case(
        case, A.CLOSE, actor=actor, turn=case.turn, now=sheet.decided_at, closed_at=sheet.decided_at, data={}
    )
