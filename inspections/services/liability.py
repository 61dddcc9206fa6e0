"""Accountability is opened, the walk is kept, sheets are proposed and served (质量问责制, §3).

case = open_case(actor=…, finding=finding, category=…)         # or deliverable=…, origin=…, document=… for a later event
propose_sheets(actor=…, case=case, turn=…, sheets=[Proposed(…)], confirmation=…)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from deadlines.services.clocks import when_words
from inspections import chain
from inspections.choices import CONCLUDED, CaseState, EvidenceOf, LiabilityAct, Origin, Share
from inspections.liability_chain import (
    ENDED,
    case_handled,
    case_page,
    held_case,
    move_case,
    require_case,
    require_proposer,
    sheet_page,
)
from inspections.liability_digests import case_digest, proposal_digest, walk_digest
from inspections.models import Evidence, Finding, LiabilityCase, LiabilitySheet
from inspections.models.inspections import LONGEST
from inspections.queries import liability as queries
from inspections.services import evidence
from inspections.services.numbers import next_number
from ledger.services import record
from notices.choices import Kind
from notices.services import notify
from projects.models import Deliverable
from reviews.choices import RemarkCategory
from reviews.models import Round, Signature
from staff.confirmation import Confirmation, require_confirmation
from staff.models import User

A = LiabilityAct


@dataclass(frozen=True)
class Proposed:
    """One sheet as it is proposed. `signature` is what the person signed in the round; None for somebody who signed nothing."""

    person: User
    level_title: str
    share: str
    grounds: str
    clause: str
    proposal: str
    signature: Signature | None = None


def required(name: str, text: str, words: str) -> str:
    """`text` without white space around it; ValidationError for none, or too much of it."""
    text = (text or "").strip()
    if not text:
        raise ValidationError({name: words})
    if len(text) > LONGEST:
        raise ValidationError({name: f"不能超过 {LONGEST} 字。"})
    return text


# ── A case is opened ────────────────────────────────────────────────────────
@transaction.atomic
def open_case(*, actor, category: str, problem: str = "", finding: Finding | None = None,
              deliverable: Deliverable | None = None, origin: str = Origin.FINDING, document: str = "",
              found_on: date | None = None, amount: Decimal | None = None, round: Round | None = None,
              files: Iterable = ()) -> LiabilityCase:  # fmt: skip
    """提起问责: from a finding of a concluded inspection, or from a later event that `document` tells of. Walks the
    signatures of `round` (the issued one, unless told otherwise) and keeps the walk with its digest.

    Raises PermissionDenied for whoever prepared or signed that round; ValidationError for a finding that is linked to no
    deliverable, whose inspection has no written opinion yet or that is being dealt with already, and for a deliverable
    without an issued round where none is named."""
    if finding is not None:
        origin, document = Origin.FINDING, ""
        finding = _checked_finding(actor, finding)
        deliverable, problem = queries.deliverable_of(finding), problem or finding.problem
        found_on = found_on or timezone.localdate(finding.raised_at)
    elif not document.strip():
        raise ValidationError({"document": "请填写来源文书，如函件、裁判文书、审计报告的名称与文号。"})
    round = _round_of(deliverable, round)
    require_proposer(actor, round.pk)
    if finding is None:
        _require_first(deliverable, document, problem)
    now = timezone.now()
    case = LiabilityCase(
        number=next_number("WZ"), origin=origin, finding=finding, document=document.strip(), deliverable=deliverable,
        round=round, problem=required("problem", problem, "请写明问题。"), category=_category(category), amount=amount,
        found_on=_found_on(found_on), opened_by=actor, opened_at=now, last_actor=actor, last_acted_at=now,
    )  # fmt: skip
    case.walk = queries.walk_of(round, case.category, finding.remark if finding else None)
    case.walk_sha256 = walk_digest(case)
    case.full_clean()
    case.save(force_insert=True)
    kept = [evidence.keep(actor=actor, of=EvidenceOf.LIABILITY, upload=each, liability_case=case) for each in files]
    record(actor=actor, action=f"liability.{A.OPEN}", subject=case, scope=case, data={
        "state": case.state, "origin": case.origin, "finding": case.finding_id, "deliverable": case.deliverable_id,
        "round": case.round_id, "category": case.category, "content_sha256": case_digest(case),
        "walk_sha256": case.walk_sha256, "files": [evidence.facts(each) for each in kept],
    })  # fmt: skip
    return case


def _checked_finding(actor, finding: Finding) -> Finding:
    """The finding with its inspection held: of two who open a case for it at once, one is told."""
    finding = Finding.objects.select_related("inspection", "remark", "deliverable", "attachment").get(pk=finding.pk)
    inspection = chain.held(finding.inspection)
    if inspection.state not in CONCLUDED:
        raise ValidationError("该检查尚未出具书面意见，不能据以提起问责。")
    if queries.deliverable_of(finding) is None:
        raise ValidationError("该检查问题没有关联成果文件，不能追溯签署。")
    if standing := queries.standing_case_of(finding):
        raise ValidationError(f"该检查问题已提起问责 {standing.number}。")
    return finding


def _require_first(deliverable: Deliverable, document: str, problem: str) -> None:
    """One paper and one problem make one case, however often the form is sent; the deliverable is held meanwhile."""
    list(Deliverable.objects.select_for_update(no_key=True).filter(pk=deliverable.pk).values_list("pk"))
    same = deliverable.liability_cases.filter(document=document.strip(), problem=problem.strip())
    if standing := same.exclude(state=CaseState.DROPPED).first():
        raise ValidationError(f"该文书所述的同一问题已提起问责 {standing.number}。")


def _round_of(deliverable: Deliverable | None, round: Round | None) -> Round:
    if deliverable is None:
        raise ValidationError({"deliverable": "请指明成果文件。"})
    round = round or queries.round_to_walk(deliverable)
    if round is None:
        raise ValidationError({"round": "该成果尚未签发，请选择要追溯的审签轮次。"})
    if round.deliverable_id != deliverable.pk or not queries.rounds_to_walk(deliverable).filter(pk=round.pk).exists():
        raise ValidationError({"round": "该轮次没有签署，不能追溯。"})
    return round


def _category(category: str) -> str:
    if category not in RemarkCategory:
        raise ValidationError({"category": "请选择问题类别。"})
    return category


def _found_on(day: date | None) -> date:
    if day is None:
        raise ValidationError({"found_on": "请填写发现日期。"})
    if day > timezone.localdate():
        raise ValidationError({"found_on": "发现日期不能晚于今天。"})
    return day


@transaction.atomic
def drop_case(*, actor, case: LiabilityCase, turn: int, reason: str) -> LiabilityCase:
    """撤销问责, before any sheet was served, with the reason, which the ledger keeps. Raises AlreadyHandled."""
    case = held_case(case)
    require_proposer(actor, case.round_id)
    require_case(case, A.DROP, turn)
    reason = required("reason", reason, "请说明撤销理由。")
    now = timezone.now()
    return move_case(case, A.DROP, actor=actor, turn=turn, now=now, closed_at=now, data={"reason": reason})


@transaction.atomic
def add_evidence(*, actor, case: LiabilityCase, uploads: Iterable) -> list[Evidence]:
    """Proofs for a case that is not over: by who proposes, or by a person concerned. Raises AlreadyHandled once it is over."""
    case = held_case(case)
    if not queries.hands_in(case, actor):
        raise PermissionDenied("只有提起问责的部门和当事人可以提交材料。")
    if case.state in ENDED:
        raise case_handled(case)
    kept = [evidence.keep(actor=actor, of=EvidenceOf.LIABILITY, upload=each, liability_case=case) for each in uploads]
    if not kept:
        raise ValidationError({"files": "请选择文件。"})
    record(actor=actor, action=f"liability.{A.EVIDENCE}", subject=case, scope=case,
           data={"files": [evidence.facts(each) for each in kept]})  # fmt: skip
    return kept


# ── Sheets are proposed ─────────────────────────────────────────────────────
@transaction.atomic
def propose_sheets(*, actor, case: LiabilityCase, turn: int, sheets: Sequence[Proposed],
                   confirmation: Confirmation) -> list[LiabilitySheet]:  # fmt: skip
    """出具问责单: one for each person, signed by whoever proposes. Each person's time for an answer (陈述申辩) begins.

    Raises PermissionDenied for who prepared or signed the round or proposes a sheet to themselves; ValidationError for a
    sheet that lacks something, a person who has one already, and while the time limit for answers is switched off: nobody
    is judged unheard. AlreadyHandled for a stale page."""
    require_confirmation(confirmation, actor)
    case = held_case(case)
    require_proposer(actor, case.round_id)
    require_case(case, A.PROPOSE, turn)
    if not sheets:
        raise ValidationError("请至少为一人出具问责单。")
    now = timezone.now()
    rows = _insert(case, actor, sheets, now)
    started = _serve(actor, rows, now)
    move_case(case, A.PROPOSE, actor=actor, turn=turn, now=now, data={"sheets": [row.number for row in rows]})
    for row in rows:
        record(actor=actor, action=f"liability.{A.SERVE}", subject=row, scope=case, data={
            "state": row.state, "person": row.person_id, "share": row.share, "signature": row.signature_id,
            "digest": row.proposal_digest,
        })  # fmt: skip
        _tell_served(row, started[row.pk])
    return rows


def _insert(case: LiabilityCase, actor, sheets: Sequence[Proposed], now) -> list[LiabilitySheet]:
    people = [each.person.pk for each in sheets]
    taken = set(case.sheets.order_by().values_list("person", flat=True))
    rows = []
    for number, each in enumerate(sheets, start=len(taken) + 1):
        if each.person.pk == actor.pk:
            raise PermissionDenied("不能对本人提出问责。")
        if each.person.pk in taken or people.count(each.person.pk) > 1:
            raise ValidationError(f"{each.person.name}在本次问责中已有问责单。")
        rows.append(_row(case, actor, each, f"{case.number}-{number:02}", now))
    for row in rows:
        row.save(force_insert=True)
    return rows


def _row(case: LiabilityCase, actor, each: Proposed, number: str, now) -> LiabilitySheet:
    who = each.person.name
    if each.share not in Share:
        raise ValidationError(f"{who}：请选择责任类别。")
    signature = each.signature
    if signature is not None and (
        signature.round_id != case.round_id or signature.signer_id != each.person.pk or signature.revoked_at
    ):
        raise ValidationError(f"{who}：所依签署不是其在本轮的签署。")
    try:
        texts = {
            "level_title": required("level_title", each.level_title, "请写明所在级别或职责。"),
            "grounds": required("grounds", each.grounds, "请写明事实依据。"),
            "clause": required("clause", each.clause, "请写明制度依据。"),
            "proposal": required("proposal", each.proposal, "请写明处理意见。"),
        }
    except ValidationError as error:
        raise ValidationError([f"{who}：{words}" for words in error.messages]) from error
    row = LiabilitySheet(
        case=case, number=number, person=each.person, signature=signature, share=each.share, proposed_by=actor,
        proposed_at=now, **texts,
    )  # fmt: skip
    row.proposal_digest = proposal_digest(row)
    row.full_clean()
    return row


def _serve(actor, rows: list[LiabilitySheet], now) -> dict[int, object]:
    """Start each person's clock; sheet id → clock. Raises ValidationError where none began: nobody is judged unheard."""
    started = {}
    for row in rows:
        for clock in start_clocks(actor, row, Event.LIABILITY_SERVED, now):
            started[row.pk] = clock
    if len(started) < len(rows):
        raise ValidationError("“陈述申辩”时限已停用或不适用于该项目，不能送达问责单。请先在时限规则中启用。")
    return started


def start_clocks(actor, sheet: LiabilitySheet, event: Event, at) -> list:
    """The clocks of a sheet that `event` starts."""
    project = sheet.case.deliverable.project
    return deadline_services.start(
        actor=actor, event=event, subject=sheet, scope=sheet, url=sheet_page(sheet), event_at=at, label="质量问责单",
        business_line=project.business_line, contract_kind=project.contract_kind,
    )  # fmt: skip


def _tell_served(row: LiabilitySheet, clock) -> None:
    until = f"期限至 {when_words(clock)}，请陈述申辩或确认无异议；逾期未提出的，视为无异议。"
    notify(
        recipients=[row.person], kind=Kind.TO_DO, title=f"您收到质量问责单 {row.number}", body=until, url=sheet_page(row),
        is_urgent=True, is_confidential=True,
    )  # fmt: skip


def tell_case(case: LiabilityCase, people, *, title: str, url: str = "", kind: Kind = Kind.INSPECTION) -> None:
    """One message to each of `people`; outside only that there is one."""
    notify(recipients=people, kind=kind, title=title, url=url or case_page(case), is_confidential=True)
