"""Objections to issued minutes, and their answers (公司自定：收到纪要后 5 个工作日内提出，逾期视为无异议)."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from ledger.services import record
from meetings import chain, rules
from meetings.choices import Act, LinkPurpose
from meetings.models import AccessLink, Distribution, Meeting, Minutes, Objection
from meetings.models.parties import LONGEST
from meetings.services import distributing, inviting, links
from meetings.telling import tell

# From one recipient to one paper.
MOST = 10


def may_object(distribution: Distribution) -> bool:
    return rules.may_object(distribution.minutes.objections_until, timezone.localdate())


def _text(name: str, text: str, words: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise ValidationError({name: words})
    if len(text) > LONGEST:
        raise ValidationError({name: f"最多 {LONGEST} 字。"})
    return text


def _object(meeting: Meeting, distribution: Distribution, *, actor, name: str, text: str, link=None) -> Objection:
    text = _text("text", text, "请填写异议内容。")
    name = " ".join(name.split())
    if not 0 < len(name) <= 40:
        raise ValidationError({"name": "请填写姓名，最多 40 字。"})
    if not may_object(distribution):
        until = f"{distribution.minutes.objections_until:%Y-%m-%d}"
        raise ValidationError(f"提出异议的期限（至 {until}）已过。")
    if same := distribution.objections.filter(text=text).first():  # sent twice
        return same
    if distribution.objections.count() >= MOST:
        raise ValidationError(f"每份纪要最多提出 {MOST} 条异议，请合并后联系组织者。")
    row = Objection.objects.create(distribution=distribution, by_name=name, text=text, made_at=timezone.now())
    data = {"objection": row.pk, "distribution": distribution.pk, "name": name, "text": text, "at": row.made_at}
    record(actor=actor, action="minutes.object", subject=meeting, scope=meeting.project,
           data=data | ({"link": link.pk} if link else {}))  # fmt: skip
    who = distribution.party.name if distribution.party_id else name
    tell(meeting, [inviting.answering(meeting)], part="receipts", title=f"会议纪要异议，请答复：{distribution.minutes.number}",
         body=f"{who}：{text[:200]}")  # fmt: skip
    return row


@transaction.atomic
def make(*, actor, distribution: Distribution, text: str) -> Objection:
    """提出异议 by one of us to whom the minutes went. Raises PermissionDenied; ValidationError after the window."""
    if distribution.user_id != actor.pk or not actor.is_active:
        raise PermissionDenied("只有收件人可以提出异议。")
    meeting = chain.touch(meeting=distribution.minutes.meeting)
    return _object(meeting, distribution, actor=actor, name=actor.name, text=text)


@transaction.atomic
def make_by_link(*, link: AccessLink, name: str, text: str) -> Objection:
    """提出异议 by a participating unit; whoever objects has the minutes, so it is a receipt too. Raises
    AccessLink.DoesNotExist, ValidationError."""
    link = links.held(link, LinkPurpose.RECEIPT)
    row = _object(link.meeting, link.distribution, actor=None, name=name, text=text, link=link)
    distributing.receive_by_link(link=link, name=row.by_name)
    return row


def _answer(meeting: Meeting, objection: Objection, *, actor, is_accepted: bool, answer: str, supplement=None) -> Objection:  # fmt: skip
    now = timezone.now()
    taken = Objection.objects.filter(pk=objection.pk, answered_at__isnull=True).update(
        is_accepted=is_accepted, answer=answer, answered_by=actor, answered_at=now, supplement=supplement
    )
    if not taken:
        raise chain.already_handled(meeting)
    number = supplement.number if supplement else ""
    record(actor=actor, action="minutes.answer", subject=meeting, scope=meeting.project,
           data={"objection": objection.pk, "accepted": is_accepted, "answer": answer, "at": now, "supplement": number})  # fmt: skip
    copy = objection.distribution
    if copy.user_id:
        tell(meeting, [copy.user], part="receipts", body=answer[:200],
             title=f"会议纪要异议已答复（{'采纳' if is_accepted else '不采纳'}）：{copy.minutes.number}")  # fmt: skip
    elif not is_accepted:  # who is accepted gets the supplement
        distributing.tell_answered(row=copy, actor=actor)
    return Objection.objects.get(pk=objection.pk)


@transaction.atomic
def refuse(*, actor, objection: Objection, answer: str) -> Objection:
    """不采纳, with the reason. Raises PermissionDenied, ValidationError without one, AlreadyHandled when it was answered."""
    meeting = chain.touch(meeting=objection.distribution.minutes.meeting)
    chain.require_place(meeting, Act.ISSUE, actor)
    answer = _text("answer", answer, "请说明不采纳的理由。")
    return _answer(meeting, objection, actor=actor, is_accepted=False, answer=answer)


def accept(*, actor, objection: Objection, supplement: Minutes, answer: str = "") -> Objection:
    """采纳: by the supplement that is issued in the same act (`services.minutes.supplement`), which has permitted it."""
    words = answer.replace("\r\n", "\n").strip() or f"见补充纪要 {supplement.number}。"
    return _answer(supplement.meeting, objection, actor=actor, is_accepted=True, answer=words[:LONGEST],
                   supplement=supplement)  # fmt: skip
