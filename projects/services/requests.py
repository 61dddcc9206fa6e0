"""Every write to what the client asks for."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import scopes
from deadlines import services as deadlines
from deadlines.choices import Event
from deadlines.models import Deadline
from deadlines.services.clocks import EARLIEST
from ledger.services import record
from projects.models import Inquiry, UrgentRequest
from projects.queries import roles_on
from projects.services import clocks
from staff import permissions
from staff.choices import Action


def _require_likely(asked_at: datetime) -> None:
    """Asked before the request is kept: the first day of the calendar cannot be told in UTC."""
    now = timezone.now()
    if asked_at > now:
        raise ValidationError({"asked_at": "收到时间不能晚于现在。"})
    if now - asked_at > EARLIEST:
        raise ValidationError({"asked_at": "收到时间在三年以前，请核对日期。"})


@transaction.atomic
def register_inquiry(*, actor, project, question, asked_by, asked_at: datetime, channel) -> Inquiry:
    """Keep a client's question with the instant at which it arrived; its clock starts then."""
    permissions.require(actor, Action.MANAGE_INQUIRIES, roles_on(actor, project))
    _require_likely(asked_at)
    inquiry = Inquiry(project=project, question=question, asked_by=asked_by, asked_at=asked_at, channel=channel)
    inquiry.full_clean()
    inquiry.save()
    record(actor=actor, action="inquiry.register", subject=inquiry, data={"asked_at": asked_at}, scope=project)
    clocks.start(actor=actor, event=Event.INQUIRY_ASKED, subject=inquiry, project=project, event_at=asked_at,
                 url=f"/projects/{project.pk}/inquiries/")  # fmt: skip
    return inquiry


@transaction.atomic
def answer_inquiry(*, actor, inquiry: Inquiry, answer: str) -> Inquiry:
    """Answer a client's question; the instant is now."""
    permissions.require(actor, Action.MANAGE_INQUIRIES, roles_on(actor, inquiry.project))
    if not answer.strip():
        raise ValidationError("请填写答复内容。")
    now = timezone.now()
    if not Inquiry.objects.filter(pk=inquiry.pk, answered_at__isnull=True).update(
        answer=answer, answered_by=actor, answered_at=now
    ):
        raise ValidationError("该询问已答复。")
    inquiry.refresh_from_db()
    # Clocks first: who holds the ledger waits for no clock (a sweep holds clocks and waits for the ledger).
    deadlines.stop_of(actor=actor, subject=inquiry, at=now, note="已答复")
    record(actor=actor, action="inquiry.answer", subject=inquiry, data={"answered_at": now}, scope=inquiry.project)
    return inquiry


# ── Urgent support ──────────────────────────────────────────────────────────
@transaction.atomic
def register_urgent(*, actor, project, need: str, asked_by: str, asked_at: datetime) -> UrgentRequest:
    """The client wants people on the spot; the clock of a day starts when they said so (§6)."""
    permissions.require(actor, Action.MANAGE_INQUIRIES, roles_on(actor, project))
    _require_likely(asked_at)
    urgent = UrgentRequest(project=project, need=need, asked_by=asked_by, asked_at=asked_at, registered_by=actor)
    urgent.full_clean()
    urgent.save(force_insert=True)
    record(actor=actor, action="urgent.register", subject=urgent, data={"asked_at": asked_at}, scope=project)
    clocks.start(actor=actor, event=Event.URGENT_ASKED, subject=urgent, project=project, event_at=asked_at,
                 url=f"/projects/{project.pk}/inquiries/")  # fmt: skip
    return urgent


@transaction.atomic
def close_urgent(*, actor, urgent: UrgentRequest, arrived_at: datetime, arrival_note: str) -> UrgentRequest:
    """The people are there, or help from the office has begun. The clock ends when this is registered; at the arrival
    itself only if who decides about time, and neither owes nor has owed the clock, registers it (as in `deadlines.services.fulfil`)."""
    permissions.require(actor, Action.MANAGE_INQUIRIES, roles_on(actor, urgent.project))
    urgent = UrgentRequest.objects.select_for_update(of=("self",)).select_related("project__unit").get(pk=urgent.pk)
    if urgent.arrived_at is not None:
        raise ValidationError("该紧急支援已登记到岗。")
    now = timezone.now()
    if not urgent.asked_at <= arrived_at <= now:
        raise ValidationError({"arrived_at": "到岗时间不能早于收到时间，也不能晚于现在。"})
    if not arrival_note.strip():
        raise ValidationError({"arrival_note": "请填写到岗人员，或后台支持的情况。"})
    urgent.arrived_at, urgent.arrival_note, urgent.closed_by = arrived_at, arrival_note.strip(), actor
    urgent.full_clean()
    urgent.save(update_fields=["arrived_at", "arrival_note", "closed_by"])
    for deadline in Deadline.objects.open().of(urgent).select_related("responsible"):
        decides = permissions.allows(Action.DECIDE_TIME, scopes.roles_on(actor, deadline))
        at = arrived_at if decides and actor.pk not in deadlines.owners(deadline) else now
        deadlines.stop(actor=actor, deadline=deadline, at=at, note=urgent.arrival_note)
    record(actor=actor, action="urgent.close", subject=urgent, scope=urgent.project,
           data={"arrived_at": arrived_at, "text": urgent.arrival_note})  # fmt: skip
    return urgent
