"""Signing a level, joining a panel's opinion, taking a signature back, sending a round back (rules 2–8)."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from ledger.rules import canonical_json
from notices.choices import Kind
from projects.queries import roles_on
from reviews import queries, rules
from reviews.chain import move
from reviews.choices import Act, ChecklistResult, LevelKind, RemarkState, StatementKind
from reviews.models import ChecklistAnswer, Level, Remark, Round, Signature, Statement
from reviews.telling import tell
from scoring.choices import Purpose
from scoring.models import ScoreSheet, Standard
from scoring.services import give_score
from staff import permissions
from staff.choices import Action
from staff.confirmation import Confirmation, require_confirmation


@dataclass(frozen=True)
class SignContent:
    """What a person puts a name to. `manifest` is the version that the page showed; amounts in 元."""

    opinion: str
    manifest: str
    checklist: Mapping[int, tuple[str, str]]  # checklist item id → (result, note)
    unresolved: Iterable[str] = ()
    attention: Iterable[str] = ()
    declares_no_unresolved: bool = False
    declares_no_attention: bool = False
    acknowledged: Iterable[str] = ()  # codes of the prompts that were seen and stay without a statement
    amount: Decimal | None = None
    hits: Mapping[int, Decimal] | None = field(default=None)  # deduction id → hits, where the level is scored


MEANINGS = {
    LevelKind.PREPARE: "本人已按制度完成{title}，对所编制的成果质量负责",
    LevelKind.REVIEW: "本人已完成{title}，对所{title}的内容质量负责",
    LevelKind.PANEL: "专家评审组意见，以本意见为准",
    LevelKind.ISSUE: "同意{title}，成果可以出具",
}


def meaning_of(level: Level, seat_number: int = 0) -> str:
    """The words that a signature of `level` stands for; shown in the signing dialog and on the flow sheet."""
    if seat_number > 0:
        return "本人作为评审专家的意见"
    return MEANINGS[LevelKind(level.kind)].format(title=level.title)


@transaction.atomic
def sign(*, actor, round: Round, turn: int, content: SignContent, confirmation: Confirmation) -> Round:
    """Sign the level at which the round stands and pass it on. The level's holder, with the password just re-entered.

    Raises ValidationError (in Chinese, by field where there is one) for an open remark, an unanswered checklist line,
    a missing statement or 无, an unacknowledged prompt, a missing amount or score, an expired certificate, and when
    the files are not those that were shown."""
    require_confirmation(confirmation, actor)
    onward = queries.next_level(round, round.level) if round.level.kind != LevelKind.ISSUE else None
    act = Act.SIGN_LAST if onward is not None and onward.kind == LevelKind.ISSUE else Act.SIGN

    def write(round: Round) -> dict:
        if round.level.kind == LevelKind.PANEL:
            _require_panel_complete(round)
        _require_no_open_remark(round)
        return write_signature(round=round, actor=actor, content=content)

    return move(round=round, act=act, actor=actor, turn=turn, level=onward, write=write)


@transaction.atomic
def join_opinion(*, actor, round: Round, turn: int, content: SignContent, confirmation: Confirmation) -> Round:
    """An expert of the panel signs an opinion; the panel's leader concludes afterwards (§3, 重大项目)."""
    require_confirmation(confirmation, actor)

    def write(round: Round) -> dict:
        seat = round.deliverable.seats.get(level=round.level_id, holder=actor)
        if queries.signatures_of(round).filter(signer=actor).exists():
            raise ValidationError("您已签署评审意见。")
        return write_signature(round=round, actor=actor, content=content, seat_number=seat.number)

    return move(round=round, act=Act.JOIN_OPINION, actor=actor, turn=turn, write=write)


def _require_panel_complete(round: Round) -> None:
    signed = queries.signatures_of(round).filter(level=round.level_id, seat_number__gt=0).count()
    if signed < round.level.panel_size:
        raise ValidationError(f"专家评审意见还差 {round.level.panel_size - signed} 份，组长须最后签署。")


def _require_no_open_remark(round: Round) -> None:
    count = queries.unsettled_up_to(round, round.level).count()
    if count:
        raise ValidationError(f"还有 {count} 条意见未关闭，不能签署。请先发出、复查或关闭意见。")


def write_signature(*, round: Round, actor, content: SignContent, seat_number: int = 0) -> dict:
    """Check and store a signature at the round's level, with its answers and statements; returns the ledger's facts.

    Part of a move of the chain: the caller has claimed the round."""
    level = round.level
    certificate = _valid_certificate(actor, level)
    if content.manifest != round.version.manifest_sha256:
        raise ValidationError("页面显示的文件与当前版本不一致，请刷新后重新核对再签署。")
    if not content.opinion.strip():
        raise ValidationError({"opinion": "请填写意见。"})
    unresolved = [text.strip() for text in content.unresolved if text.strip()]
    attention = [text.strip() for text in content.attention if text.strip()]
    _check_statements(content, unresolved, attention)
    overridden = _check_prompts(round, content)
    answers = _checked_answers(level if seat_number == 0 else None, content.checklist)
    amount = _checked_amount(round, content, seat_number)
    score_sheet = _score(round, actor, content, seat_number)
    signature = Signature(
        round=round, level=level, seat_number=seat_number, signer=actor, meaning=meaning_of(level, seat_number),
        opinion=content.opinion.strip(), manifest_sha256=round.version.manifest_sha256, amount=amount,
        declares_no_unresolved=content.declares_no_unresolved, declares_no_attention=content.declares_no_attention,
        prompts_overridden=[prompt.text for prompt in overridden], score_sheet=score_sheet, certificate=certificate,
        signature_image=actor.signature_image.name or "", signed_at=timezone.now(),
    )  # fmt: skip
    statements = [Statement(kind=StatementKind.UNRESOLVED, text=text) for text in unresolved]
    statements += [Statement(kind=StatementKind.ATTENTION, text=text) for text in attention]
    signature.digest = signature_digest(signature, answers, statements)
    signature.save()
    for row in [*answers, *statements]:
        row.signature = signature
    ChecklistAnswer.objects.bulk_create(answers)
    Statement.objects.bulk_create(statements)
    facts = {"signature": signature.pk, "digest": signature.digest, "meaning": signature.meaning,
             "manifest": signature.manifest_sha256, "seat": seat_number, "amount": amount,
             "unresolved": len(unresolved), "attention": len(attention),
             "declares_none": [content.declares_no_unresolved, content.declares_no_attention],
             "prompts_overridden": signature.prompts_overridden}  # fmt: skip
    if score_sheet is not None:
        facts |= {"score": score_sheet.total, "grade": score_sheet.grade, "score_sheet": score_sheet.pk}
    return facts


def signature_digest(signature: Signature, answers, statements) -> str:
    """SHA-256 (hex) over all that was signed. The ledger keeps it; `verify_ledger` computes it again."""
    sheet = signature.score_sheet
    content = {
        "round": signature.round_id, "level": signature.level_id, "seat": signature.seat_number,
        "signer": signature.signer_id, "meaning": signature.meaning, "opinion": signature.opinion,
        "manifest": signature.manifest_sha256,
        "amount": None if signature.amount is None else f"{signature.amount:.2f}",
        "none": [signature.declares_no_unresolved, signature.declares_no_attention],
        "prompts": signature.prompts_overridden, "certificate": signature.certificate,
        "at": signature.signed_at, "image": signature.signature_image,
        "score": None if sheet is None else [sheet.pk, f"{sheet.total:.2f}", sheet.grade, sheet.snapshot],
        "answers": [[row.order, row.text, row.result, row.note] for row in answers],
        "statements": [[row.kind, row.text] for row in statements],
    }  # fmt: skip
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _valid_certificate(actor, level: Level) -> str:
    """The certificate signed with. Raises ValidationError when the level needs one and none is in force [D]."""
    if not level.needs_certificate:
        return ""
    certificate = actor.certificates.valid().first()
    if certificate is None:
        newest = actor.certificates.order_by("-expires_on").first()
        if newest is None:
            raise ValidationError("您没有登记执业证书，不能签署。请联系系统管理员登记。")
        raise ValidationError(f"您的执业证书 {newest.number} 已于 {newest.expires_on} 到期，不能签署。")
    return str(certificate)


def _check_statements(content: SignContent, unresolved: list[str], attention: list[str]) -> None:
    problems = {}
    if problem := rules.statement_problem(unresolved, content.declares_no_unresolved, "未决事项"):
        problems["unresolved"] = problem
    if problem := rules.statement_problem(attention, content.declares_no_attention, "提请重点复核事项"):
        problems["attention"] = problem
    longest = Statement._meta.get_field("text").max_length
    for name, rows in (("unresolved", unresolved), ("attention", attention)):
        if any(len(row) > longest for row in rows):
            problems[name] = f"每条最多 {longest} 字，请分条填写。"
    if problems:
        raise ValidationError(problems)


def _check_prompts(round: Round, content: SignContent) -> list[rules.Prompt]:
    """The prompts over which 无 was declared. Raises ValidationError for one that the signer has not confirmed."""
    if not (content.declares_no_unresolved or content.declares_no_attention):
        return []
    found = queries.prompts(round, content.amount)
    if missed := rules.unacknowledged(found, content.acknowledged):
        listed = "；".join(prompt.text for prompt in missed)
        raise ValidationError({"acknowledged": f"系统提示：{listed}。请列入说明事项，或逐条确认后仍声明“无”。"})
    return found


def _checked_answers(level: Level | None, given: Mapping[int, tuple[str, str]]) -> list[ChecklistAnswer]:
    """The level's checklist as answered. An expert (level None) answers none. 否 and 不适用 need a word of explanation."""
    if level is None:
        return []
    answers = []
    for item in level.checklist.all():
        result, note = given.get(item.pk, ("", ""))
        if result not in ChecklistResult.values:
            raise ValidationError({"checklist": f"核查第 {item.order} 项尚未回答。"})
        if result == ChecklistResult.NO and not note.strip():
            raise ValidationError({"checklist": f"核查第 {item.order} 项为“否”，请填写说明。"})
        answers.append(ChecklistAnswer(order=item.order, text=item.text, result=result, note=note.strip()))
    return answers


def _checked_amount(round: Round, content: SignContent, seat_number: int) -> Decimal | None:
    """The amount (元) as it stands after this level, where the deliverable is about money."""
    if round.level.kind not in (LevelKind.REVIEW, LevelKind.PANEL) or seat_number > 0:
        return None
    if content.amount is None and queries.is_about_money(round):
        raise ValidationError({"amount": f"请填写{round.level.title}后的金额；未变动的填写原金额。"})
    if content.amount is not None and content.amount < 0:
        raise ValidationError({"amount": "金额不能为负数。"})
    if content.amount is not None and content.amount.as_tuple().exponent < -2:
        raise ValidationError({"amount": "金额最多两位小数（分）。"})
    # No database keeps the sign of a zero: signed as −0, the digest would not match what is read back. 0 + −0 is 0.
    return None if content.amount is None else Decimal(0) + content.amount


def _score(round: Round, actor, content: SignContent, seat_number: int) -> ScoreSheet | None:
    """The score sheet of a scored level (rule 8)."""
    if not round.level.is_scored or seat_number > 0:
        return None
    permissions.require(actor, Action.SCORE, roles_on(actor, round.deliverable.project, round.deliverable.discipline))
    if content.hits is None:
        raise ValidationError({"score": "请按评分标准评分后再签署。"})
    standard = Standard.objects.current(Purpose.DELIVERABLE)
    if standard is None:
        raise ValidationError("尚未发布成果评分标准，不能评分。请联系系统管理员。")
    return give_score(scorer=actor, subject=round, standard=standard, hits=content.hits)


def require_last_signer(round: Round, actor) -> Signature:
    """The newest standing signature of a round, for its signer alone (PermissionDenied); the self-check is not one."""
    last = queries.last_signature(round)
    if last is None or last.signer_id != actor.pk or last.level.kind == LevelKind.PREPARE:
        raise PermissionDenied("只有最近一位签署人可以撤回签署。")
    return last


@transaction.atomic
def revoke(*, actor, round: Round, turn: int, reason: str) -> Round:
    """Take the own signature back while the next person has not acted (rule 7); the row stays, marked.

    The preparer's self-check is taken back by `withdraw`."""
    last = queries.last_signature(round)
    level = last.level if last is not None else None

    def write(round: Round) -> dict:
        require_last_signer(round, actor)
        if not reason.strip():
            raise ValidationError({"reason": "请填写撤回原因。"})
        if _acted_since(round, last):
            raise ValidationError("下一环节已开始处理，不能撤回签署。")
        Signature.objects.filter(pk=last.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
        holders = round.deliverable.seats.filter(level=round.level_id).select_related("holder")
        tell(round, recipients=[seat.holder for seat in holders], kind=Kind.WITHDRAWN, body=reason,
             title=f"{round.deliverable.number} {level.title}签署已由 {actor.name} 撤回")  # fmt: skip
        return {"revoked": last.pk, "digest": last.digest, "of_level": level.title}

    return move(round=round, act=Act.REVOKE, actor=actor, turn=turn, level=level, reason=reason, write=write)


def _acted_since(round: Round, signature: Signature) -> bool:
    """Whether another level has raised or re-checked a remark since this signature."""
    raised = Remark.objects.filter(round=round, raised_at__gt=signature.signed_at).exclude(level=signature.level_id)
    rechecked = queries.rechecks_in(round).filter(at__gt=signature.signed_at)
    return raised.exists() or rechecked.exclude(remark__level=signature.level_id).exists()


@transaction.atomic
def send_back(*, actor, round: Round, turn: int, reason: str) -> Round:
    """End the round with a reason and tell everyone who signed; the next one starts at level 1 (rule 5)."""

    def write(round: Round) -> dict:
        if not reason.strip():
            raise ValidationError({"reason": "请填写退回原因。"})
        number = release_drafts(round)
        tell(round, recipients=told(round, actor), kind=Kind.SENT_BACK, body=reason,
             title=f"{round.deliverable} 在{round.level.title}被 {actor.name} 退回")  # fmt: skip
        return {"remarks": number}

    return move(round=round, act=Act.SEND_BACK, actor=actor, turn=turn, reason=reason, write=write)


def told(round: Round, actor) -> list:
    """The preparer and everybody who signed this round, the actor left out."""
    people = [signature.signer for signature in queries.signatures_of(round)] + [round.deliverable.preparer]
    return [person for person in people if person.pk != actor.pk]


def release_drafts(round: Round) -> int:
    """Number the drafted remarks of the round's level and put them before the preparer; returns how many."""
    drafts = list(round.deliverable.remarks.filter(state=RemarkState.DRAFT, level=round.level_id).order_by("pk"))
    last = round.deliverable.remarks.exclude(number=None).count()
    now = timezone.now()
    for offset, remark in enumerate(drafts, start=1):
        remark.number, remark.state, remark.raised_at, remark.round = last + offset, RemarkState.OPEN, now, round
        remark.save(update_fields=["number", "state", "raised_at", "round"])
    return len(drafts)
