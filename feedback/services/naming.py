"""Whom a complaint is about (回避), and who may see who sent it."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from deadlines import services as deadline_services
from feedback import telling
from feedback.models import AboutPerson, Complaint, Named, Sender
from feedback.services.handling import permitted
from ledger.services import record
from staff import permissions
from staff.choices import Action


def _record(complaint: Complaint, actor, action: str, **data) -> None:
    record(actor=actor, action=f"complaint.{action}", subject=complaint, data=data, scope=complaint)


def _insert(row) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError({"user": "该人员已经登记。"}) from error


@transaction.atomic
def add_about(*, actor, complaint: Complaint, user) -> AboutPerson:
    """The complaint is about `user`, who sees nothing of it from now on; its clocks pass to somebody else. The ledger, which
    they may read, has how many they are and no name.

    Raises ValidationError where nobody would be left to handle it."""
    complaint = permitted(actor, complaint)
    row = AboutPerson(complaint=complaint, user=user, set_by=actor)
    _insert(row)
    if not telling.handlers(complaint):
        raise ValidationError({"user": "登记后将没有人可以办理，请先由管理层安排其他办理人。"})
    deadline_services.refresh_responsible(actor=actor, scope=complaint)
    _record(complaint, actor, "about_add", count=complaint.about_people.in_force().count())
    return row


@transaction.atomic
def end_about(*, actor, row: AboutPerson) -> None:
    """Taken back by 管理层 alone: a handler lets nobody in whom the complaint is about."""
    complaint = permitted(actor, row.complaint, Action.SEE_REPORTER)
    _end(AboutPerson, row, actor)
    deadline_services.refresh_responsible(actor=actor, scope=complaint)
    _record(complaint, actor, "about_end", count=complaint.about_people.in_force().count())


@transaction.atomic
def add_named(*, actor, complaint: Complaint, user) -> Named:
    """管理层 lets `user` see the complaint and who sent it. Raises ValidationError for whom it is about, and for who
    configures or audits (三员分立)."""
    complaint = permitted(actor, complaint, Action.SEE_REPORTER)
    if not user.is_active or permissions.is_set_apart(role for role, _ in user.posts_today):
        raise ValidationError({"user": "不能指定已停用账号、系统管理员或审计员。"})
    if complaint.about_people.in_force().filter(user=user).exists():
        raise ValidationError({"user": "该人员须回避，不能指定。"})
    row = Named(complaint=complaint, user=user, set_by=actor)
    _insert(row)
    _record(complaint, actor, "named_add", user=user.pk)
    telling.tell(complaint, [user], title=f"您被指定参与{complaint.get_kind_display()} {complaint.number}")
    return row


@transaction.atomic
def end_named(*, actor, row: Named) -> None:
    complaint = permitted(actor, row.complaint, Action.SEE_REPORTER)
    _end(Named, row, actor)
    _record(complaint, actor, "named_end", user=row.user_id)


def _end(model, row, actor) -> None:
    ended = model.objects.in_force().filter(pk=row.pk).update(ended_at=timezone.now(), ended_by=actor)
    if not ended:
        raise ValidationError("该登记已撤销。")


def may_view_sender(user, complaint: Complaint) -> bool:
    """Whether `user`, who sees the complaint, may see who sent it: 管理层 and those whom it has named."""
    return user.may(Action.SEE_REPORTER) or complaint.named.in_force().filter(user=user).exists()


@transaction.atomic
def view_sender(*, actor, complaint: Complaint, reason: str) -> Sender | None:
    """Who sent it; None for an anonymous one. Each look leaves its row with the reason (and nothing of the identity)."""
    found = Complaint.objects.visible_to(actor).filter(pk=complaint.pk).first()
    if found is None or not may_view_sender(actor, found):
        raise PermissionDenied("您没有“查看举报人身份”的权限。")
    if not reason.strip():
        raise ValidationError({"reason": "请说明查看理由。"})
    sender = Sender.objects.filter(complaint=found).first()
    _refuse_identity_in(reason, sender)
    _record(found, actor, "sender_viewed", reason=reason.strip()[:300])
    return sender


def _refuse_identity_in(reason: str, sender: Sender | None) -> None:
    """Who has looked before knows the name; in the ledger it would stand for ever."""
    if sender and any(each and each in reason for each in (sender.name, sender.phone, sender.email)):
        raise ValidationError({"reason": "查看理由将写入证据链，请勿写入投诉举报人的姓名或联系方式。"})
