"""What 质量办 does about a complaint: 受理 → 调查 → 处理 → 反馈 → 关闭 (domain.md §9)."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from feedback import telling
from feedback.chain import move
from feedback.choices import ComplaintAct, Verdict
from feedback.models import LONGEST, Complaint
from staff import permissions
from staff.choices import Action

A = ComplaintAct


def permitted(actor, complaint: Complaint, action: Action = Action.HANDLE_COMPLAINTS) -> Complaint:
    """The complaint as it is now, held until the transaction ends, for whoever may see it and has the right to `action`;
    PermissionDenied for anybody else, above all for whom it is about.

    Everybody takes the complaint first, then its clocks, then the ledger."""
    permissions.require_post(actor, action)
    list(Complaint.objects.select_for_update(no_key=True).filter(pk=complaint.pk).values_list("pk"))
    found = Complaint.objects.visible_to(actor).filter(pk=complaint.pk).first()
    if found is None:
        raise PermissionDenied("您不能办理该投诉举报。")
    return found


def _required(name: str, text: str, words: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError({name: words})
    if len(text) > LONGEST:
        raise ValidationError({name: f"不能超过 {LONGEST} 字。"})
    return text


@transaction.atomic
def accept(*, actor, complaint: Complaint, turn: int) -> Complaint:
    """受理: the clock of 受理 stops, that of 办结 begins. Raises AlreadyHandled."""
    complaint = permitted(actor, complaint)
    # Held before the first of them leaves its row in the ledger.
    deadline_services.hold(scope=complaint)
    deadline_services.start(actor=actor, event=Event.COMPLAINT_ACCEPTED, subject=complaint, scope=complaint,
                            url=telling.page_of(complaint), event_at=timezone.now())  # fmt: skip
    deadline_services.stop_of(actor=actor, subject=complaint, note="已受理", events=[Event.COMPLAINT_RECEIVED])
    return move(complaint=complaint, act=A.ACCEPT, actor=actor, turn=turn)


@transaction.atomic
def refuse(*, actor, complaint: Complaint, turn: int, reason: str) -> Complaint:
    """不予受理, with a reason that the sender reads. Raises AlreadyHandled."""
    complaint = permitted(actor, complaint)
    reason = _required("reason", reason, "请说明不予受理的理由。")
    deadline_services.stop_of(actor=actor, subject=complaint, note="不予受理", events=[Event.COMPLAINT_RECEIVED])
    return move(
        complaint=complaint, act=A.REFUSE, actor=actor, turn=turn, text=reason, refusal=reason, feedback=reason
    )


@transaction.atomic
def place(*, actor, complaint: Complaint, turn: int, project=None, unit=None) -> Complaint:
    """Say which project and unit it is about; the unit is the project's where none is told. Raises AlreadyHandled."""
    complaint = permitted(actor, complaint)
    unit = unit or (project.unit if project else None)
    data = {"project": getattr(project, "pk", None), "unit": getattr(unit, "pk", None)}
    text = "；".join(str(each) for each in (project, unit) if each) or "未涉及具体项目与单位"
    return move(
        complaint=complaint, act=A.PLACE, actor=actor, turn=turn, text=text, data=data, project=project, unit=unit
    )


@transaction.atomic
def investigate(*, actor, complaint: Complaint, turn: int, finding: str, verdict: str, cause: str = "") -> Complaint:
    """What was found, whether it is so, and why it came to it (a cause is owed unless it is unfounded)."""
    complaint = permitted(actor, complaint)
    finding = _required("finding", finding, "请填写调查情况。")
    if verdict not in Verdict:
        raise ValidationError({"verdict": "请选择调查结论。"})
    if verdict != Verdict.UNFOUNDED:
        cause = _required("cause", cause, "属实或部分属实的，请填写原因。")
    text = f"结论：{Verdict(verdict).label}\n{finding}" + (f"\n原因：{cause.strip()}" if cause.strip() else "")
    return move(
        complaint=complaint, act=A.INVESTIGATE, actor=actor, turn=turn, text=text, data={"verdict": verdict},
        finding=finding, cause=cause.strip(), verdict=verdict, verdict_on=timezone.localdate(),
    )  # fmt: skip


@transaction.atomic
def reopen(*, actor, complaint: Complaint, turn: int, reason: str) -> Complaint:
    """补充调查: the verdict is open again."""
    complaint = permitted(actor, complaint)
    reason = _required("reason", reason, "请说明补充调查的理由。")
    return move(complaint=complaint, act=A.REOPEN, actor=actor, turn=turn, text=reason, verdict="", verdict_on=None)


@transaction.atomic
def handle(*, actor, complaint: Complaint, turn: int, disposition: str) -> Complaint:
    """What was done about it; told again, the newest counts and all stay on record."""
    complaint = permitted(actor, complaint)
    disposition = _required("disposition", disposition, "请填写处理情况。")
    return move(complaint=complaint, act=A.HANDLE, actor=actor, turn=turn, text=disposition, disposition=disposition)


@transaction.atomic
def answer(*, actor, complaint: Complaint, turn: int, feedback: str) -> Complaint:
    """反馈: what the sender reads on the query page. Not before 处理 where something was so."""
    complaint = permitted(actor, complaint)
    feedback = _required("feedback", feedback, "请填写给投诉举报人的反馈。")
    if complaint.owes_disposition:
        raise ValidationError("属实或部分属实的，请先登记处理情况。")
    return move(complaint=complaint, act=A.ANSWER, actor=actor, turn=turn, text=feedback, feedback=feedback)


@transaction.atomic
def close(*, actor, complaint: Complaint, turn: int) -> Complaint:
    """关闭: the clock of 办结 stops."""
    complaint = permitted(actor, complaint)
    deadline_services.stop_of(actor=actor, subject=complaint, note="已关闭", events=[Event.COMPLAINT_ACCEPTED])
    return move(complaint=complaint, act=A.CLOSE, actor=actor, turn=turn)
