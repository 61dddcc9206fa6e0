"""The score is final, both sides speak, the written opinion goes out (监管检查结果的处理（1）)."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from inspections import printouts, rules
from inspections.chain import is_partial, move, require_inspector, roles_for
from inspections.choices import Act, EvidenceOf, Side
from inspections.models import Hit, Inspection, Opinion, Talk
from inspections.queries import concluding as concluding_queries
from inspections.queries import score_sheets
from inspections.queries.rectifying import reply_limit
from inspections.services import consequences
from inspections.services.evidence import keep
from inspections.services.numbers import next_number
from inspections.telling import inspected_side, inspectors, office, tell, tell_hidden
from ledger.rules import canonical_json
from ledger.services import head
from notices.choices import Kind
from printing.papers import keep_paper
from scoring.services import give_score
from staff import permissions
from staff.choices import Action
from staff.confirmation import Confirmation, require_confirmation

FLAGS = ("is_serious", "touches_ethics", "causes_loss", "harms_reputation")


def sha256(data) -> str:
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()


@transaction.atomic
def finish_scoring(*, actor, inspection: Inspection, turn: int, conclusion: str, confirmation: Confirmation,
                   flags: Mapping[str, bool] | None = None, seen: str = "") -> Inspection:  # fmt: skip
    """评分定稿, signed by the lead: the score by the inspection's standard, with a snapshot of it, and what the lead
    concludes (`flags`: FLAGS by name). `seen` is the fingerprint (`queries.concluding.score_seen`) of the score and the
    problems that the lead was shown. Raises ValidationError that lists what is missing, and when the score or a problem
    is not what was shown; AlreadyHandled."""
    require_confirmation(confirmation, actor)
    if not conclusion.strip():
        raise ValidationError({"conclusion": "请填写综合意见。"})
    set_flags = {name: bool((flags or {}).get(name)) for name in FLAGS}

    def write(inspection: Inspection) -> dict:
        if gaps := score_sheets.gaps(inspection):
            raise ValidationError(gaps)
        if seen and seen != concluding_queries.score_seen(inspection):
            raise ValidationError("评分或检查问题在您打开本页后有变动，请核对下列内容后再定稿。")
        if any(set_flags.values()) and not inspection.findings.exists():
            raise ValidationError("认定问题严重或须上报的，至少应有一条检查问题。")
        hits = _hits(inspection)
        sheet = give_score(scorer=actor, subject=inspection, standard=inspection.standard, hits=hits)
        ties = {"lowest_share": rules.lowest_share(sheet.snapshot), "finding_count": inspection.findings.count()}
        tell(inspection, inspected_side(inspection), title=f"请沟通确认检查结果：{inspection}",
             body=f"得分 {sheet.total}，{sheet.grade}。请就检查结果说明意见。")  # fmt: skip
        return {
            "sheet": sheet.pk, "total": sheet.total, "grade": sheet.grade, "vetoed": sheet.is_vetoed,
            "snapshot_sha256": sha256(sheet.snapshot), "conclusion": conclusion.strip(), **set_flags, **ties,
            "changes": {"score_sheet": sheet, "conclusion": conclusion.strip(), **set_flags, **ties},
        }  # fmt: skip

    return move(inspection=inspection, act=Act.FINISH_SCORING, actor=actor, turn=turn, write=write)


def _hits(inspection: Inspection) -> dict[int, Decimal]:
    rows = Hit.objects.filter(section__inspection=inspection).order_by("pk")
    return dict(rows.values_list("deduction", "count"))


@transaction.atomic
def score_again(*, actor, inspection: Inspection, turn: int, reason: str) -> Inspection:
    """What the inspected side said holds: back to the score sheet, with the reason. The score that was given stays on
    record, and a new one needs a new discussion. Raises AlreadyHandled."""
    if not reason.strip():
        raise ValidationError({"reason": "请说明重新评分的理由。"})

    def write(inspection: Inspection) -> dict:
        told = {"title": f"检查退回重新评分：{inspection}", "body": reason.strip(), "but": actor}
        tell(inspection, inspectors(inspection), kind=Kind.INSPECTION, **told)
        tell_hidden(inspection, inspected_side(inspection), **told)
        return {"reason": reason.strip(), "sheet": inspection.score_sheet_id}

    return move(inspection=inspection, act=Act.SCORE_AGAIN, actor=actor, turn=turn, write=write)


@transaction.atomic
def talk(*, actor, inspection: Inspection, turn: int, side: Side, text: str, agrees: bool | None = None,
         evidence=None) -> Talk:  # fmt: skip
    """What one side says about the result (检查意见应与被检项目进行充分沟通). The inspected side speaks for itself, or an
    inspector writes down what it said, with a record of it as `evidence`. Raises AlreadyHandled."""
    if not text.strip():
        raise ValidationError({"text": "请填写沟通意见。"})
    if side == Side.PROJECT and agrees is None:
        raise ValidationError({"agrees": "请选择是否有异议。"})
    made = []

    def write(inspection: Inspection) -> dict:
        by_office = _speaks(actor, inspection, side)
        if by_office and evidence is None:
            raise ValidationError({"evidence": "代为记录被检方意见的，须上传沟通记录。"})
        kept = keep(actor=actor, of=EvidenceOf.TALK, upload=evidence, inspection=inspection) if evidence else None
        row = Talk.objects.create(
            inspection=inspection, side=side, text=text.strip(), agrees=agrees if side == Side.PROJECT else None,
            is_recorded_by_office=by_office, evidence=kept, said_by=actor, said_at=timezone.now(),
            score_sheet=inspection.score_sheet,
        )  # fmt: skip
        made.append(row)
        # The inspected side hears of words that were written down for it.
        others = inspected_side(inspection) if side == Side.OFFICE or by_office else inspectors(inspection)
        tell(inspection, others, but=actor, kind=Kind.INSPECTION, title=f"{row.get_side_display()}意见：{inspection}",
             body=text.strip()[:200])  # fmt: skip
        return {"talk": row.pk, "side": side, "text": row.text, "agrees": row.agrees, "by_office": by_office,
                "evidence_sha256": kept.sha256 if kept else None}  # fmt: skip

    move(inspection=inspection, act=Act.TALK, actor=actor, turn=turn, write=write)
    return made[0]


def _speaks(actor, inspection: Inspection, side: Side) -> bool:
    """Whether an inspector writes down the words of the inspected side. PermissionDenied for whoever belongs to
    neither side, or speaks for the other."""
    answers = permissions.allows(Action.ANSWER_INSPECTION, roles_for(actor, inspection))
    if side == Side.PROJECT and answers:
        return False
    if side == Side.OFFICE and is_partial(actor, inspection):
        raise PermissionDenied("被检方不能代检查方说明意见。")
    require_inspector(inspection, actor)
    return side == Side.PROJECT


def talk_gaps(inspection: Inspection) -> list[str]:
    """Which side has not spoken about the score as it is now."""
    told = set(inspection.talks.filter(score_sheet=inspection.score_sheet).values_list("side", flat=True))
    return [f"{side.label}尚未就本次评分登记沟通意见。" for side in Side if side not in told]


@transaction.atomic
def issue_opinion(*, actor, inspection: Inspection, turn: int, confirmation: Confirmation) -> Opinion:
    """出具书面意见: signed, numbered, on paper; the consequences are proposed, and the inspected side is asked to confirm
    receipt. Raises ValidationError while a side has not spoken; AlreadyHandled."""
    require_confirmation(confirmation, actor)
    made = []

    def write(inspection: Inspection) -> dict:
        if gaps := talk_gaps(inspection):
            raise ValidationError(gaps)
        chain_head = head()[1]
        opinion = _opinion_row(inspection, actor, chain_head)
        made.append(opinion)
        found = consequences.propose(inspection, opinion.issued_at)
        _ask_for_receipt(inspection, opinion)
        return {"opinion": opinion.number, "digest": opinion.digest, "head": chain_head, "at": opinion.issued_at,
                "pdf_sha256": opinion.pdf_sha256,
                "consequences": [[each.kind, each.target_year, each.reason] for each in found]}  # fmt: skip

    move(inspection=inspection, act=Act.ISSUE, actor=actor, turn=turn, write=write)
    return made[0]


def _ask_for_receipt(inspection: Inspection, opinion: Opinion) -> None:
    asked = "没有须整改的问题。"
    if inspection.findings.to_rectify().exists():
        limit = reply_limit()
        asked = f"确认收到后{f' {limit}内' if limit else ''}须回复整改意见和整改情况。"
    tell(inspection, inspected_side(inspection), title=f"请确认收到检查书面意见：{opinion.number}",
         body=f"{inspection}。{asked}")  # fmt: skip


def _opinion_row(inspection: Inspection, actor, chain_head: str) -> Opinion:
    number, now = next_number("JCYJ"), timezone.now()
    digest = sha256(opinion_facts(inspection, number, actor.pk, now, chain_head))
    opinion = Opinion(inspection=inspection, number=number, issued_by=actor, issued_at=now, digest=digest)
    pdf = printouts.opinion_paper(inspection, opinion)
    opinion.pdf, opinion.pdf_sha256 = keep_paper("inspections", pdf)
    opinion.save(force_insert=True)
    return opinion


def opinion_facts(inspection: Inspection, number: str, signer: int, at, chain_head: str) -> dict:
    """What the signature under an opinion binds: score, findings, signer, time, and the evidence chain as it stood (which the
    ledger row of the issue keeps, so that `verify_ledger` computes the digest again)."""
    sheet = inspection.score_sheet
    findings = [
        [row.number, row.place, row.problem, row.requirement, row.severity, row.amount, row.needs_rectification,
         row.deduction_id]
        for row in inspection.findings.all()
    ]  # fmt: skip
    return {
        "opinion": number, "inspection": inspection.number, "total": sheet.total, "grade": sheet.grade,
        "snapshot": sha256(sheet.snapshot), "conclusion": inspection.conclusion, "is_serious": inspection.is_serious,
        "findings": findings, "signer": signer, "at": at, "head": chain_head,
    }  # fmt: skip


def remind_office(inspection: Inspection, actor, title: str, body: str = "") -> None:
    """Tell the inspectors and 质量办 that the inspected side has done its part."""
    tell(inspection, [*inspectors(inspection), *office(inspection)], but=actor, title=title, body=body)
