"""The preparer's acts: new version, submit with self-check, answer remarks, withdraw."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from notices.choices import Kind
from projects import services as project_services
from reviews import queries
from reviews.chain import move
from reviews.choices import Act, Disposition, RemarkEventKind, RemarkState, State
from reviews.models import Remark, RemarkEvent, Round
from reviews.services.signing import SignContent, told, write_signature
from reviews.telling import tell
from staff.confirmation import Confirmation, require_confirmation

# remark id → (disposition, text)
Answers = Mapping[int, tuple[str, str]]


@transaction.atomic
def start_version(*, actor, round: Round, turn: int, note: str = "") -> Round:
    """A new version of the files. A round under review is voided by it and the next starts at level 1 (rule 5)."""

    def write(round: Round) -> dict:
        version = project_services.new_version(actor=actor, deliverable=round.deliverable, note=note)
        if round.state == State.PREPARING:
            Round.objects.filter(pk=round.pk).update(version=version)
        else:
            tell(round, recipients=told(round, actor), kind=Kind.VOIDED,
                 title=f"{round.deliverable} 上传新版本，第 {round.number} 轮审签作废", body=note)  # fmt: skip
        round.version = version
        return {"new_version": version.number}

    reason = f"新建版本：{note}" if note else "新建版本"
    return move(round=round, act=Act.REVISE, actor=actor, turn=turn, reason=reason, write=write)


@transaction.atomic
def submit(*, actor, round: Round, turn: int, content: SignContent, confirmation: Confirmation,
           answers: Answers | None = None) -> Round:  # fmt: skip
    """Seal the version, sign the self-check (自校) and send the round to its first level.

    Raises ValidationError for a missing file, an empty seat, a remark without answer, a version that was sent back
    before, files that are the same as the version before, and all that a signature asks for."""
    require_confirmation(confirmation, actor)

    def write(round: Round) -> dict:
        _require_route(round)
        if missing := queries.missing_seats(round):
            raise ValidationError(f"审签人不完整：{'；'.join(missing)}。请先设置审签人。")
        _require_fresh_version(round)
        was_sealed = round.version.sealed_at is not None
        round.version = project_services.seal_version(version=round.version)
        if not was_sealed:
            _require_changed(round)
        answered = _write_answers(round, actor, answers or {}, may_correct=True)
        facts = write_signature(round=round, actor=actor, content=content)
        return {**facts, "answers": answered} if answered else facts

    # From the self-check, not from where the round stands: a stale page may bring a round that is long past it.
    onward = queries.next_level(round, round.route.levels.get(order=0))
    return move(round=round, act=Act.SUBMIT, actor=actor, turn=turn, level=onward, write=write)


def _require_route(round: Round) -> None:
    route = queries.route_of(round.deliverable.project)
    if route.pk != round.route_id:
        raise ValidationError(f"项目现行审签路线为“{route}”，请重新设置审签人后再提交。")


def _require_fresh_version(round: Round) -> None:
    """A version that was sent back does not come again as it is."""
    sent_back = Round.objects.filter(version=round.version_id, state=State.SENT_BACK).exclude(pk=round.pk)
    if sent_back.exists():
        raise ValidationError(f"第 {round.version.number} 版已被退回，请新建版本并上传修改后的文件。")


def _require_changed(round: Round) -> None:
    """A new version says something new: same files and amounts as the one before are no new version."""
    before = round.deliverable.versions.filter(number=round.version.number - 1).first()
    if before is not None and before.manifest_sha256 == round.version.manifest_sha256:
        raise ValidationError(f"文件和金额与第 {before.number} 版完全相同，没有新内容，不能作为新版本提交。")


def _write_answers(round: Round, actor, answers: Answers, *, may_correct: bool) -> list[list]:
    """Answer every remark that waits for the preparer; returns [number, disposition, text] of each. Raises ValidationError for one missing,
    and for 采纳，已修改 without a new version."""
    answered = []
    for remark in queries.remarks_to_answer(round.deliverable):
        disposition, text = answers.get(remark.pk, ("", ""))
        if disposition not in Disposition.values or not text.strip():
            raise ValidationError({"answers": f"意见 {remark.number} 尚未回复，请选择处理方式并说明。"})
        if disposition == Disposition.CORRECTED and not may_correct:
            raise ValidationError(
                {"answers": f"意见 {remark.number} 选择了“采纳，已修改”，请新建版本并上传修改后的文件。"}
            )
        if disposition == Disposition.CORRECTED and remark.round.version_id == round.version_id:
            raise ValidationError(
                {"answers": f"意见 {remark.number} 选择了“采纳，已修改”，但文件仍是提出意见时的版本。"}
            )
        Remark.objects.filter(pk=remark.pk).update(state=RemarkState.ANSWERED)
        RemarkEvent.objects.create(
            remark=remark, kind=RemarkEventKind.ANSWER, disposition=disposition, text=text.strip(), by=actor,
            round=round, at=timezone.now(),
        )  # fmt: skip
        answered.append([remark.number, disposition, text.strip()])
    return answered


@transaction.atomic
def answer_remarks(*, actor, round: Round, turn: int, answers: Answers) -> Round:
    """Answer all remarks without changing the files and give the round back to the reviewer.

    An answer 采纳，已修改 needs a new version, and so a new round: see `start_version` and `submit`."""

    def write(round: Round) -> dict:
        answered = _write_answers(round, actor, answers, may_correct=False)
        if not answered:
            raise ValidationError("没有待回复的意见。")
        return {"answers": answered}

    return move(round=round, act=Act.ANSWER, actor=actor, turn=turn, write=write)


@transaction.atomic
def withdraw(*, actor, round: Round, turn: int, reason: str) -> Round:
    """Take the submission back while the first reviewer has not acted (rule 7). Raises ValidationError afterwards."""

    def write(round: Round) -> dict:
        if not reason.strip():
            raise ValidationError({"reason": "请填写撤回原因。"})
        if not queries.is_withdrawable(round):
            raise ValidationError("下一环节已开始处理，不能撤回。")
        holders = round.deliverable.seats.filter(level=round.level_id).select_related("holder")
        tell(round, recipients=[seat.holder for seat in holders], kind=Kind.WITHDRAWN, body=reason,
             title=f"{round.deliverable} 已由编制人 {actor.name} 撤回")  # fmt: skip
        return {}

    return move(round=round, act=Act.WITHDRAW, actor=actor, turn=turn, reason=reason, write=write)
