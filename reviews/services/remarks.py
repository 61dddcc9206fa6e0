"""Remarks (校审记录单): drafted by a reviewer, sent to the preparer together, re-checked one by one (rule 2)."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from ledger.services import record
from reviews.chain import move, require_place, touch
from reviews.choices import Act, RemarkEventKind, RemarkState, State
from reviews.models import Remark, RemarkEvent, Round
from reviews.services.signing import release_drafts

REMARK_FIELDS = ("place", "problem", "category", "severity", "amount_affected")


def _hold_for_reviewer(round: Round, actor, turn: int) -> Round:
    """The round, held for a write by the reviewer whose turn it is."""
    held = touch(round=round, actor=actor, turn=turn)
    require_place(held, Act.RETURN_REMARKS, actor)
    if held.state not in (State.REVIEWING, State.ISSUING):
        raise PermissionDenied("现在不是审签环节。")
    return held


@transaction.atomic
def draft_remark(*, actor, round: Round, turn: int, **fields) -> Remark:
    """Write a remark down at the level where the round stands; the preparer sees it once it is sent."""
    round = _hold_for_reviewer(round, actor, turn)
    remark = Remark(deliverable=round.deliverable, round=round, level=round.level, raised_by=actor, **fields)
    remark.full_clean()
    remark.save()
    return remark


def _own_draft(remark: Remark, actor, turn: int) -> Remark:
    round = _hold_for_reviewer(_current_round(remark), actor, turn)
    if remark.level_id != round.level_id or remark.state != RemarkState.DRAFT:
        raise ValidationError("意见已发出，不能修改。")
    return remark


def _current_round(remark: Remark) -> Round:
    """The round in which a remark is dealt with now, whichever it was raised in."""
    return remark.deliverable.rounds.current().get()


@transaction.atomic
def update_remark(*, actor, remark: Remark, turn: int, **fields) -> Remark:
    """Change a remark that is not sent yet."""
    _own_draft(remark, actor, turn)
    for name in REMARK_FIELDS:
        setattr(remark, name, fields[name])
    remark.full_clean()
    remark.save(update_fields=REMARK_FIELDS)
    return remark


@transaction.atomic
def drop_remark(*, actor, remark: Remark, turn: int) -> None:
    """Throw away a remark that is not sent yet."""
    _own_draft(remark, actor, turn)
    remark.delete()


@transaction.atomic
def return_remarks(*, actor, round: Round, turn: int) -> Round:
    """Send the drafted remarks, and those whose re-check failed, to the preparer. Raises ValidationError with none."""

    def write(round: Round) -> dict:
        release_drafts(round)
        remarks = round.deliverable.remarks.filter(state=RemarkState.OPEN, level=round.level_id)
        if not remarks:
            raise ValidationError("还没有意见，请先填写意见再发出。")
        if round.deliverable.remarks.filter(state=RemarkState.ANSWERED, level=round.level_id).exists():
            raise ValidationError("还有已回复的意见未复查，请逐条复查后再发出。")
        return {
            "remarks": [[r.number, r.severity, r.category, r.place, r.problem, r.amount_affected] for r in remarks]
        }

    return move(round=round, act=Act.RETURN_REMARKS, actor=actor, turn=turn, write=write)


@transaction.atomic
def recheck_remark(*, actor, remark: Remark, turn: int, passed: bool, text: str = "") -> Remark:
    """Re-check an answered remark by the holder of the level that raised it. Failing it needs a word why."""
    round = _hold_for_reviewer(_current_round(remark), actor, turn)
    if remark.level_id != round.level_id:
        raise PermissionDenied("意见须由提出该意见的级别复查。")
    if not passed and not text.strip():
        raise ValidationError({"text": "复查未通过的，请说明原因。"})
    state = RemarkState.CLOSED if passed else RemarkState.OPEN
    if not Remark.objects.filter(pk=remark.pk, state=RemarkState.ANSWERED).update(state=state):
        raise ValidationError(f"{remark}现在不是待复查状态，请刷新页面。")
    kind = RemarkEventKind.PASSED if passed else RemarkEventKind.FAILED
    RemarkEvent.objects.create(remark=remark, kind=kind, text=text.strip(), by=actor, round=round, at=timezone.now())
    record(actor=actor, action="review.recheck", subject=remark.deliverable, scope=remark.deliverable.project,
           data={"remark": remark.number, "passed": passed, "text": text.strip(), "round": round.number})  # fmt: skip
    remark.refresh_from_db()
    return remark
