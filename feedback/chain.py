"""The state of a complaint, and the one door through which it changes.

待受理 ──受理──▶ 调查中 ──登记调查情况──▶ 处理中 ──反馈──▶ 已反馈 ──关闭──▶ 已关闭
  │                ▲                       │
  └─不予受理        └───────补充调查────────┘
"""

from django.db import transaction
from django.utils import timezone

from feedback.choices import ComplaintAct, ComplaintState
from feedback.models import Complaint, Step
from feedback.rules import content_digest
from ledger.services import record

S, A = ComplaintState, ComplaintAct

TABLE: dict[tuple[ComplaintState, ComplaintAct], ComplaintState] = {
    (S.PENDING, A.ACCEPT): S.INVESTIGATING,
    (S.PENDING, A.REFUSE): S.REFUSED,
    (S.PENDING, A.PLACE): S.PENDING,
    (S.INVESTIGATING, A.PLACE): S.INVESTIGATING,
    (S.HANDLING, A.PLACE): S.HANDLING,
    (S.INVESTIGATING, A.INVESTIGATE): S.HANDLING,
    (S.HANDLING, A.REOPEN): S.INVESTIGATING,
    (S.HANDLING, A.HANDLE): S.HANDLING,
    (S.HANDLING, A.ANSWER): S.ANSWERED,
    (S.ANSWERED, A.CLOSE): S.CLOSED,
}  # fmt: skip


class AlreadyHandled(Exception):
    """Somebody was faster, or the page is stale. Carries the complaint as it is now."""

    status_code = 409

    def __init__(self, complaint: Complaint):
        self.complaint = complaint
        super().__init__(f"{complaint.number} 已由他人处理：{complaint.get_last_act_display()}。请查看最新状态。")


def possible_acts(complaint: Complaint) -> set[ComplaintAct]:
    """The acts that TABLE leaves open now."""
    return {act for state, act in TABLE if state == complaint.state}


@transaction.atomic
def move(
    *, complaint: Complaint, act: ComplaintAct, actor, turn: int, text: str = "", data=None, **changes
) -> Complaint:
    """Claim the complaint by compare-and-set on `turn`, write `changes`, the step and the ledger row; returns it as it is now.

    The caller has permitted the act and has touched its clocks already (they are held before the ledger). `text` is
    kept in the step; of it the ledger has the hash alone. Raises AlreadyHandled where the table has no such act now, or
    the complaint has moved since `turn`; then nothing has happened."""
    target = TABLE.get((S(complaint.state), act))
    if target is None or complaint.turn != turn:
        raise already_handled(complaint)
    now = timezone.now()
    changes |= {"state": target, "turn": turn + 1, "last_actor": actor, "last_act": act, "last_acted_at": now}
    if not Complaint.objects.filter(pk=complaint.pk, turn=turn, state=complaint.state).update(**changes):
        raise already_handled(complaint)
    complaint = Complaint.objects.get(pk=complaint.pk)
    write_step(complaint, act, actor, text, now, data)
    return complaint


def write_step(complaint: Complaint, act: ComplaintAct, actor, text: str, now, data=None) -> None:
    """The row of what was done, and its row in the ledger: number, state and hashes, no words of anybody."""
    Step.objects.create(
        complaint=complaint, turn=complaint.turn, act=act, state=complaint.state, text=text, actor=actor, at=now
    )
    facts = {
        "state": complaint.state,
        "turn": complaint.turn,
        "text_sha256": content_digest(act, text) if text else "",
    }
    record(actor=actor, action=f"complaint.{act}", subject=complaint, data=facts | (data or {}), scope=complaint)


def already_handled(complaint: Complaint) -> AlreadyHandled:
    return AlreadyHandled(Complaint.objects.select_related("last_actor").get(pk=complaint.pk))
