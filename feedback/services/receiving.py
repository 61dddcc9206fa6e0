"""A complaint comes in: from the public by the form, or by letter, telephone or in person, registered by 质量办."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

import uploads
from deadlines import services as deadline_services
from deadlines.choices import Event
from feedback import telling
from feedback.chain import write_step
from feedback.choices import SERIES, ComplaintAct, ComplaintChannel, ComplaintKind
from feedback.models import Complaint, ComplaintFile, Counter, Sender
from feedback.rules import code_digest, content_digest, new_code
from staff import permissions
from staff.choices import Action
from uploads.names import extension_of

MOST_FILES = 5
FILE_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Content:
    """What is told."""

    kind: ComplaintKind
    subject: str
    body: str
    concerns: str = ""
    is_about_office: bool = False


@dataclass(frozen=True)
class SenderFacts:
    """Who tells it; a name, and a telephone number or an address to answer to."""

    name: str
    phone: str = ""
    email: str = ""


@transaction.atomic
def receive(*, content: Content, sender: SenderFacts | None, files: Sequence = (), actor=None,
            channel: ComplaintChannel = ComplaintChannel.WEB, received_at: datetime | None = None) -> tuple[Complaint, str]:  # fmt: skip
    """Take a complaint in (domain.md §9), start the clock of 受理, tell who handles it. Without `actor` it came by the public form.
    Returns it with its query code, which nobody can read again: only the hash is kept.

    Raises ValidationError for a sender without name or any way to be reached, too many or refused files, and an instant
    in the future or long ago."""
    if actor is not None:
        permissions.require_post(actor, Action.HANDLE_COMPLAINTS)
    found = _inspected(files)
    now, code = timezone.now(), new_code()
    complaint = Complaint(
        kind=content.kind, number=_next_number(content.kind), subject=content.subject.strip(), body=content.body.strip(),
        concerns=content.concerns.strip(), is_about_office=content.is_about_office, channel=channel,
        is_anonymous=sender is None, code_sha256=code_digest(code), received_at=received_at or now, registered_at=now,
        registered_by=actor, last_actor=actor, last_acted_at=now,
    )  # fmt: skip
    complaint.full_clean(exclude=["project", "unit"])
    complaint.save(force_insert=True)
    if sender is not None:
        _keep_sender(complaint, sender)
    _keep_files(complaint, found)
    # Clocks before our own row: they are held before the ledger, everywhere.
    deadline_services.start(actor=actor, event=Event.COMPLAINT_RECEIVED, subject=complaint, scope=complaint,
                            url=telling.page_of(complaint), event_at=complaint.received_at)  # fmt: skip
    facts = {
        "kind": complaint.kind, "channel": complaint.channel, "received_at": complaint.received_at,
        "content_sha256": content_digest(complaint.subject, complaint.body),
        "files": [each.sha256 for _, each in found],
    }  # fmt: skip
    write_step(complaint, ComplaintAct.RECEIVE, actor, "", now, facts)
    people = [each for each in telling.handlers(complaint) if actor is None or each.pk != actor.pk]
    telling.tell(complaint, people, title=f"收到{complaint.get_kind_display()} {complaint.number}，请受理")
    return complaint, code


def _next_number(kind: ComplaintKind) -> str:
    """TS-2026-0001. The counter's row is taken by an UPDATE in our own transaction: a complaint that fails gives its
    number back, and two never get one."""
    series = f"{SERIES[ComplaintKind(kind)]}-{timezone.localdate().year}"
    Counter.objects.get_or_create(series=series)
    Counter.objects.filter(series=series).update(last=F("last") + 1)
    return f"{series}-{Counter.objects.get(series=series).last:04}"


def _keep_sender(complaint: Complaint, sender: SenderFacts) -> None:
    if not sender.name.strip():
        raise ValidationError({"name": "请填写姓名，或选择匿名。"})
    if not sender.phone.strip() and not sender.email.strip():
        raise ValidationError({"phone": "请填写电话或邮箱中的至少一项，或选择匿名。"})
    row = Sender(complaint=complaint, name=sender.name.strip(), phone=sender.phone.strip(), email=sender.email.strip())
    row.full_clean(exclude=["complaint"])
    row.save(force_insert=True)


def _inspected(files: Sequence) -> list[tuple]:
    """(upload, what it is) of each; how many and how large is looked at before what is in them."""
    if len(files) > MOST_FILES:
        raise ValidationError({"files": f"附件最多 {MOST_FILES} 个。"})
    for each in files:
        if each.size > FILE_BYTES:
            raise ValidationError({"files": f"每个附件不超过 {FILE_BYTES // (1024 * 1024)} MB。"})
    found = []
    for count, each in enumerate(files, start=1):
        try:
            found.append((each, uploads.inspect(each)))
        except ValidationError as error:
            raise ValidationError({"files": [f"第 {count} 个附件：{words}" for words in error.messages]}) from error
    return found


def _keep_files(complaint: Complaint, found: list[tuple]) -> None:
    for count, (upload, inspected) in enumerate(found, start=1):
        row = ComplaintFile(
            complaint=complaint, name=f"附件{count}.{extension_of(inspected.name)}", content_type=inspected.content_type,
            size=inspected.size, sha256=inspected.sha256,
        )  # fmt: skip
        upload.seek(0)
        row.file.save(row.name, ContentFile(upload.read()), save=False)
        row.save(force_insert=True)
