"""The agenda: what will be talked about, who speaks to it and for how long, and its papers."""

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

import uploads
from ledger.services import record
from meetings.choices import ItemSource
from meetings.models import AgendaItem, CarriedItem, Contact, Meeting, Paper
from meetings.queries import agenda as queries
from meetings.services.keeping import opened

MOST_ITEMS = 60
MOST_PAPERS = 30


@transaction.atomic
def add_item(*, actor, meeting: Meeting, title: str, owner=None, owner_contact=None, minutes_long=None) -> AgendaItem:
    """A new item at the end. Raises PermissionDenied, AlreadyHandled when the agenda is closed, ValidationError."""
    meeting = opened(meeting, actor)
    return _add(meeting, title=title, owner=owner, owner_contact=owner_contact, minutes_long=minutes_long)


@transaction.atomic
def adopt(*, actor, meeting: Meeting, key: str) -> AgendaItem:
    """Make an item of what the system proposes. An open action item is carried into this meeting. Raises ValidationError
    for what is on the agenda already or no longer open."""
    meeting = opened(meeting, actor)
    found = queries.proposal(meeting, actor, key)
    if found is None:
        raise ValidationError("该事项已在议程中，或已办结。")
    item = _add(meeting, title=found.title, owner=found.owner, owner_contact=found.owner_contact, source=found.source,
                source_key=found.key, source_url=found.url)  # fmt: skip
    if found.source == ItemSource.ACTION_ITEM:
        CarriedItem.objects.get_or_create(meeting=meeting, action_item_id=_pk_of(found.key))
    return item


def _pk_of(key: str) -> int:
    return int(key.rsplit(":", 1)[1])


def _add(meeting: Meeting, **fields) -> AgendaItem:
    if meeting.agenda.count() >= MOST_ITEMS:
        raise ValidationError(f"议题最多 {MOST_ITEMS} 项。")
    last = meeting.agenda.aggregate(last=Max("order"))["last"] or 0
    item = AgendaItem(meeting=meeting, order=last + 1, **fields)
    _save(item, force_insert=True)
    return item


def _save(item: AgendaItem, **more) -> None:
    item.title = " ".join(item.title.split())
    if item.owner_id and item.owner_contact_id:
        raise ValidationError({"owner_contact": "负责人只能选一位：本公司人员或外单位联系人。"})
    if (
        item.owner_contact_id
        and not Contact.objects.filter(pk=item.owner_contact_id, party__project=item.meeting.project_id).exists()
    ):
        raise ValidationError({"owner_contact": "该联系人不属于本项目的参建单位。"})
    item.full_clean(exclude=["meeting", "owner", "owner_contact", "saved_by", "record", "decision"])
    item.save(**more)


@transaction.atomic
def change_item(
    *, actor, item: AgendaItem, title: str, owner=None, owner_contact=None, minutes_long=None
) -> AgendaItem:
    """Change what an item is about; what was written under it stays."""
    opened(item.meeting, actor)
    item = AgendaItem.objects.select_related("meeting").get(pk=item.pk)
    item.title, item.owner, item.owner_contact, item.minutes_long = title, owner, owner_contact, minutes_long
    _save(item, update_fields=["title", "owner", "owner_contact", "minutes_long"])
    return item


@transaction.atomic
def move_item(*, actor, item: AgendaItem, up: bool) -> None:
    """One place up or down; at the end nothing happens."""
    meeting = opened(item.meeting, actor)
    rows = list(meeting.agenda.order_by("order", "pk"))
    at = next((place for place, row in enumerate(rows) if row.pk == item.pk), None)
    to = at + (-1 if up else 1) if at is not None else -1
    if not 0 <= to < len(rows):
        return
    rows[at], rows[to] = rows[to], rows[at]
    _number(rows)


def _number(rows: list[AgendaItem]) -> None:
    for order, row in enumerate(rows, start=1):
        row.order = order
    AgendaItem.objects.bulk_update(rows, ["order"])


@transaction.atomic
def remove_item(*, actor, item: AgendaItem) -> None:
    """Take an item off, unless something was written under it, or an action item came from it: ValidationError."""
    meeting = opened(item.meeting, actor)
    item = AgendaItem.objects.filter(pk=item.pk).first()
    if item is None:
        return
    if item.record or item.decision or item.action_items.exists():
        raise ValidationError("该议题已有会议记录或待办事项，不能移除。")
    if item.papers.exists():
        raise ValidationError("该议题有会议材料（含已移除的），不能移除；可修改议题名称。")
    if item.source == ItemSource.ACTION_ITEM:
        CarriedItem.objects.filter(meeting=meeting, action_item=_pk_of(item.source_key)).delete()
    item.delete()
    _number(list(meeting.agenda.order_by("order", "pk")))


# ── Papers ──────────────────────────────────────────────────────────────────
@transaction.atomic
def add_papers(*, actor, meeting: Meeting, files, item: AgendaItem | None = None) -> list[Paper]:
    """Keep papers for the meeting, or for one item of it. Raises ValidationError that says which file is refused and why."""
    meeting = opened(meeting, actor)
    if item is not None and item.meeting_id != meeting.pk:
        raise ValidationError("该议题不属于本次会议。")
    return [_keep(actor, meeting, item, each) for each in files]


def _keep(actor, meeting: Meeting, item: AgendaItem | None, upload) -> Paper:
    found = uploads.inspect(upload)
    standing = queries.standing_papers().filter(meeting=meeting)
    if standing.filter(agenda_item=item, sha256=found.sha256).exists():
        raise ValidationError({"files": f"文件“{found.name}”已经上传过，无需重复上传。"})
    if standing.count() >= MOST_PAPERS:
        raise ValidationError({"files": f"一次会议的材料最多 {MOST_PAPERS} 份。"})
    paper = Paper(
        meeting=meeting, agenda_item=item, name=found.name, content_type=found.content_type, size=found.size,
        sha256=found.sha256, uploaded_by=actor, uploaded_at=timezone.now(),
    )  # fmt: skip
    paper.file.save(found.name, File(upload), save=False)
    paper.save(force_insert=True)
    record(actor=actor, action="meeting.paper", subject=meeting, scope=meeting.project,
           data={"paper": paper.pk, "name": paper.name, "sha256": paper.sha256})  # fmt: skip
    return paper


@transaction.atomic
def remove_paper(*, actor, paper: Paper) -> None:
    """Take a paper back: the row stays and is marked. Raises ValidationError when it was taken back already."""
    meeting = opened(paper.meeting, actor)
    taken = queries.standing_papers().filter(pk=paper.pk).update(removed_by=actor, removed_at=timezone.now())
    if not taken:
        raise ValidationError("该材料已经移除。")
    record(
        actor=actor, action="meeting.paper_remove", subject=meeting, scope=meeting.project, data={"paper": paper.pk}
    )
