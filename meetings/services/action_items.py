"""Action items (会议待办): set at a meeting, reported done with proof, closed or sent back by the organiser of its meeting or of a
later one where it lies on the table. Its due date is a clock."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

import uploads
from deadlines import services as deadline_services
from deadlines.choices import Event
from deadlines.queries import of_subjects
from deadlines.services.clocks import pass_on
from inspections.services.numbers import next_number
from ledger.services import record
from meetings import action_rules as rules
from meetings import chain
from meetings.action_rules import CHANGE, CLOSE, DONE, DROP, REOPEN, AlreadyHandled, require_words
from meetings.choices import ActionState
from meetings.clocks import ITEM, Named, owing_item
from meetings.models import ActionItem, AgendaItem, CarriedItem, Contact, Meeting, Paper
from meetings.queries.action_items import carried_for
from meetings.queries.minutes import owner_words
from meetings.secrecy import may_know
from meetings.services import inviting
from meetings.services.keeping import is_open_to, opened, require_keeper
from meetings.telling import is_secret
from notices.choices import Kind
from notices.services import notify
from staff import permissions

PREFIX = "DB"
MOST_ITEMS = 100
MOST_PROOFS = 20
EVENTS = [Event.ACTION_ITEM_SET]


def page_of(item: ActionItem) -> str:
    return f"/meetings/actions/{item.pk}/"


def _tell(item: ActionItem, people: Iterable, actor, title: str, body: str = "", **more) -> None:
    """The owner works it off whatever became of the project; everybody else is told who may know of its meeting."""
    told = {person.pk: person for person in people if person and person.pk != actor.pk and person.is_active}
    told = {pk: person for pk, person in told.items() if pk == item.owner_id or may_know(person, item.project)}
    notify(recipients=list(told.values()), kind=Kind.MEETING, title=f"{title}：{item}"[:200], body=body, url=page_of(item),
           is_confidential=is_secret(item.meeting), **more)  # fmt: skip


def _record(actor, act: str, item: ActionItem, data: dict) -> None:
    told = {"state": item.state, "turn": item.turn, "meeting": item.meeting.number, **data}
    record(actor=actor, action=f"action_item.{act}", subject=item, scope=item.project, data=told)


# ── Set ─────────────────────────────────────────────────────────────────────
@transaction.atomic
def create_item(*, actor, meeting: Meeting, text: str, due_on: date, owner=None, owner_contact: Contact | None = None,
                agenda_item: AgendaItem | None = None) -> ActionItem:  # fmt: skip
    """One thing to be done, from the beginning of the meeting until its minutes are issued, by organiser or recorder. Starts
    its clock, which the owner owes (for one outside the organiser). Raises PermissionDenied, AlreadyHandled of the meeting,
    ValidationError."""
    meeting = chain.touch(meeting=meeting)
    _require_underway(meeting, actor)
    if meeting.action_items.count() >= MOST_ITEMS:
        raise ValidationError(f"一次会议的待办最多 {MOST_ITEMS} 项。")
    item = ActionItem(meeting=meeting, project=meeting.project, created_by=actor, agenda_item=agenda_item, text=_line(text),
                      owner=owner, owner_contact=owner_contact, due_on=due_on)  # fmt: skip
    _check(item)
    item.number = next_number(PREFIX)
    item.save(force_insert=True)
    deadline_services.hold(scope=Named(item))
    _start_clock(item, actor)
    _record(actor, "create", item, _facts(item))
    return item


def _require_underway(meeting: Meeting, actor) -> None:
    """Raise PermissionDenied for all but organiser and recorder, AlreadyHandled when the minutes are out, ValidationError
    before the meeting begins."""
    require_keeper(meeting, actor)
    if not is_open_to(actor, meeting):
        raise chain.already_handled(meeting)
    if not rules.is_underway(meeting):
        raise ValidationError("会议尚未开始，待办事项在会议召开时登记。")


def _line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _check(item: ActionItem, owner_was=None) -> None:
    """Raise ValidationError for what the item cannot be. Whoever owns it already goes on though the project became secret."""
    if bool(item.owner_id) == bool(item.owner_contact_id):
        raise ValidationError({"owner": "请选择一位负责人：本公司人员或外单位联系人。"})
    if item.owner_id and (not item.owner.is_active or _is_set_apart(item.owner)):
        raise ValidationError({"owner": "该人员不能作为负责人。"})
    if item.owner_id and item.owner != owner_was and not may_know(item.owner, item.project):
        raise ValidationError({"owner": "秘密项目的待办只能由可查看该项目的人员负责。"})
    if item.owner_contact_id and item.owner_contact.party.project_id != item.project_id:
        raise ValidationError({"owner_contact": "该联系人不属于本项目的参建单位。"})
    if item.agenda_item_id and item.agenda_item.meeting_id != item.meeting_id:
        raise ValidationError({"agenda_item": "该议题不属于本次会议。"})
    item.clean_fields(exclude=["number", "meeting", "project", "owner", "owner_contact", "agenda_item", "created_by"])
    if item.due_on <= timezone.localdate(item.meeting.starts_at):
        raise ValidationError({"due_on": "完成期限须晚于会议当日。"})
    if (item.due_on - timezone.localdate()).days > 730:
        raise ValidationError({"due_on": "完成期限不超过两年。"})


def _is_set_apart(user) -> bool:
    return permissions.is_set_apart(role for role, _ in user.posts_today)


def _facts(item: ActionItem) -> dict:
    return {"text": item.text, "owner": item.owner_id, "owner_contact": item.owner_contact_id, "due_on": item.due_on,
            "agenda_item": item.agenda_item_id}  # fmt: skip


def _start_clock(item: ActionItem, actor) -> None:
    """From the meeting itself: minutes that are written days later take no day from anybody."""
    deadline_services.start(
        actor=actor, event=Event.ACTION_ITEM_SET, subject=item, scope=Named(item), url=page_of(item), label=str(item),
        event_at=min(timezone.now(), item.meeting.starts_at), due_on=item.due_on,
        business_line=item.project.business_line if item.project_id else "",
    )  # fmt: skip


# ── The door ────────────────────────────────────────────────────────────────
def _move(*, actor, item: ActionItem, act: str, turn: int, write: Callable[[ActionItem], dict], at: Meeting | None = None) -> ActionItem:  # fmt: skip
    """In order: place; TABLE; claim by compare-and-set on `turn` (0 rows: AlreadyHandled); `write(item)`, which checks, writes
    and returns columns under "changes" and what the ledger keeps; the ledger. `at` is the later meeting where it happens."""
    item = rules.held(item)
    tables = rules.tables_of(item)
    if at is not None and at.pk not in {each.pk for each in tables}:
        tables.append(_table(at, item))
        if not rules.is_underway(at):
            raise ValidationError("本次会议尚未开始，或纪要已签发，不能在会上办理。")
    rules.require_place(act, actor, item, tables)
    target = rules.TABLE.get((item.state, act))
    if target is None or item.turn != turn:
        raise AlreadyHandled(item)
    if not ActionItem.objects.filter(pk=item.pk, state=item.state, turn=turn).update(turn=turn + 1, state=target):
        raise AlreadyHandled(item)
    if at is not None and at.pk != item.meeting_id:
        CarriedItem.objects.get_or_create(meeting=at, action_item=item)
    deadline_services.hold(scope=Named(item))
    facts = write(item)
    ActionItem.objects.filter(pk=item.pk).update(**facts.pop("changes", {}))
    item = rules.held(item)
    if at is not None:
        facts["at"] = at.number
    _record(actor, act, item, facts)
    return item


def _table(meeting: Meeting, item: ActionItem) -> Meeting:
    """A later meeting on whose table the item may be put now. Raises ValidationError where it does not belong."""
    if not carried_for(meeting).filter(pk=item.pk).exists():
        raise ValidationError("该待办不在本次会议的结转事项中。")
    return Meeting.objects.select_related("organiser", "project", "kind").get(pk=meeting.pk)


@transaction.atomic
def change_item(*, actor, item: ActionItem, turn: int, text: str, due_on: date, owner=None, owner_contact=None,
                agenda_item=None, reason: str = "") -> ActionItem:  # fmt: skip
    """Before the minutes are issued by organiser or recorder, anything. Afterwards owner and due date alone, by the organiser
    of a meeting on whose table it lies, with the reason. The clock goes along. Raises as `_move`, and ValidationError."""

    def write(item: ActionItem) -> dict:
        before, was_owed_by = _facts(item), item.owner
        is_issued = rules.is_issued(item)
        if is_issued and (_line(text) != item.text or _pk(agenda_item) != item.agenda_item_id):
            raise ValidationError({"text": "纪要已签发，只能调整负责人和完成期限。"})
        why = require_words("reason", reason, "纪要已签发，请说明调整的理由。") if is_issued else reason.strip()
        item.text, item.due_on, item.owner, item.owner_contact = _line(text), due_on, owner, owner_contact
        item.agenda_item = agenda_item
        _check(item, was_owed_by)
        changed = {name: [before[name], value] for name, value in _facts(item).items() if value != before[name]}
        if not changed:
            raise ValidationError("没有任何改动。")
        values = {name: getattr(item, name) for name in ("text", "due_on", "owner", "owner_contact", "agenda_item")}
        ActionItem.objects.filter(pk=item.pk).update(**values)
        _move_clock(actor, item, changed, why)
        _tell(item, [was_owed_by, item.owner], actor, "会议待办有调整", _change_words(item, why))
        return {"changed": changed, "reason": why}

    return _move(actor=actor, item=item, act=CHANGE, turn=turn, write=write)


def _pk(record) -> int | None:
    return record.pk if record else None


def _move_clock(actor, item: ActionItem, changed: dict, reason: str) -> None:
    if "due_on" in changed:
        deadline_services.agree_on(actor=actor, subject=item, events=EVENTS, due_on=item.due_on,
                                   reason=reason or "会议纪要签发前调整")  # fmt: skip
    if "owner" in changed or "owner_contact" in changed:
        owing = owing_item(item)
        for clock in of_subjects(ITEM, [item.pk])[item.pk]:
            pass_on(clock, owing, actor=actor)


def _change_words(item: ActionItem, reason: str) -> str:
    return f"负责人：{owner_words(item)}；完成期限：{item.due_on:%Y-%m-%d}。" + (f"理由：{reason}" if reason else "")


@dataclass(frozen=True)
class Adjustment:
    """Owner and due date of an action item as a supplement to its minutes sets them. `item` is as its page showed it."""

    item: ActionItem
    due_on: date
    owner: object | None = None
    owner_contact: Contact | None = None


def adjust(*, actor, meeting: Meeting, adjustments: Iterable[Adjustment], number: str, reason: str) -> list[dict]:
    """By the supplement `number`, which is issued in the same act: what `change_item` does, of several items. Returns what stands
    on its paper. Raises ValidationError that names the item which is refused, or was handled by somebody else."""
    adjustments = sorted(adjustments, key=lambda each: each.item.pk)
    if any(each.item.meeting_id != meeting.pk for each in adjustments):
        raise ValidationError("所选待办不属于本次会议。")
    # All are held before the ledger is: each change leaves a row there.
    before = [rules.held(each.item) for each in adjustments]
    for item in before:
        deadline_services.hold(scope=Named(item))
    return [
        _adjust(actor, was, each, f"补充纪要 {number}：{reason}")
        for was, each in zip(before, adjustments, strict=True)
    ]


def _adjust(actor, was: ActionItem, asked: Adjustment, reason: str) -> dict:
    told = {"due_on": asked.due_on, "owner": asked.owner, "owner_contact": asked.owner_contact}
    try:
        now = change_item(actor=actor, item=was, turn=asked.item.turn, text=was.text, agenda_item=was.agenda_item,
                          reason=reason, **told)  # fmt: skip
    except AlreadyHandled as late:
        raise ValidationError(f"{was.number} {late}") from late
    except ValidationError as error:
        raise ValidationError([f"{was.number}：{words}" for words in error.messages]) from error
    return {
        "number": now.number, "text": now.text, "owner": [owner_words(was), owner_words(now)],
        "due_on": [f"{was.due_on:%Y-%m-%d}", f"{now.due_on:%Y-%m-%d}"],
    }  # fmt: skip


# ── Done, closed, sent back ─────────────────────────────────────────────────
@transaction.atomic
def report_done(*, actor, item: ActionItem, turn: int, note: str, files=()) -> ActionItem:
    """报完成, with what was done and the proofs; stops the clock. By the owner; for an owner outside by the organiser. Raises
    ValidationError that says which file is refused and why."""

    def write(item: ActionItem) -> dict:
        words = require_words("note", note, "请说明完成情况。")
        proofs = [_keep(actor, item, each) for each in files]
        now = timezone.now()
        deadline_services.stop_of(actor=actor, subject=item, note="报完成", events=EVENTS)
        organisers = [inviting.answering(each) for each in rules.tables_of(item)]
        _tell(item, organisers, actor, "会议待办已报完成，请确认", words)
        values = {"done_note": words, "done_by": actor, "done_at": now}
        return {
            "changes": values,
            "note": words,
            "proofs": [{"name": each.name, "sha256": each.sha256} for each in proofs],
        }

    return _move(actor=actor, item=item, act=DONE, turn=turn, write=write)


def _keep(actor, item: ActionItem, upload) -> Paper:
    """Look into an upload and keep it as proof."""
    found = uploads.inspect(upload)
    standing = item.proofs.filter(removed_at__isnull=True)
    if standing.filter(sha256=found.sha256).exists():
        raise ValidationError({"files": f"文件“{found.name}”已经上传过，无需重复上传。"})
    if standing.count() >= MOST_PROOFS:
        raise ValidationError({"files": f"完成证明最多 {MOST_PROOFS} 份，请合并为一份文件后上传。"})
    paper = Paper(action_item=item, name=found.name, content_type=found.content_type, size=found.size, sha256=found.sha256,
                  uploaded_by=actor, uploaded_at=timezone.now())  # fmt: skip
    paper.file.save(found.name, File(upload), save=False)
    paper.save(force_insert=True)
    return paper


@transaction.atomic
def close_item(*, actor, item: ActionItem, turn: int, note: str = "", at: Meeting | None = None) -> ActionItem:
    """关闭, by the organiser of its meeting or of a later one on whose table it lies (`at`: the meeting where it is closed, to
    which it is carried by that). What nobody reported done needs a word on how it was done."""

    def write(item: ActionItem) -> dict:
        words = note.strip()
        if item.state == ActionState.OPEN:
            words = require_words("note", note, "该待办尚未报完成，请说明关闭的依据。")
        deadline_services.stop_of(actor=actor, subject=item, note="会议待办关闭", events=EVENTS)
        _tell(item, [item.owner, item.done_by], actor, "会议待办已关闭", words)
        return {"changes": {"closed_by": actor, "closed_at": timezone.now(), "close_note": words[:300]}, "note": words}

    return _move(actor=actor, item=item, act=CLOSE, turn=turn, write=write, at=at)


@transaction.atomic
def reopen_item(*, actor, item: ActionItem, turn: int, reason: str, at: Meeting | None = None) -> ActionItem:
    """退回: what was reported done, or was closed, is not accepted. The clock runs on; the days that the report lay with others
    are not counted, so the due date moves by them."""

    def write(item: ActionItem) -> dict:
        why = require_words("reason", reason, "请说明退回的理由。")
        clocks = deadline_services.go_on(actor=actor, asked_by=_who_stopped(item), subject=item, events=EVENTS, reason="会议待办退回",
                                         basis=item.number)  # fmt: skip
        due_on = clocks[0].due_on if clocks else item.due_on
        _tell(item, [item.owner, item.done_by], actor, "会议待办退回", why, is_urgent=True)
        values = {"due_on": due_on, "closed_by": None, "closed_at": None, "close_note": ""}
        return {"changes": values, "reason": why, "due_on": [item.due_on, due_on]}

    return _move(actor=actor, item=item, act=REOPEN, turn=turn, write=write, at=at)


def _who_stopped(item: ActionItem):
    """Who handed in what is sent back: the one who reported it done, if nobody did the one who closed it."""
    stopped = [each.stopped_by for each in of_subjects(ITEM, [item.pk])[item.pk] if each.stopped_by_id]
    return stopped[0] if stopped else item.closed_by or item.done_by


@transaction.atomic
def drop_item(*, actor, item: ActionItem, turn: int, reason: str) -> ActionItem:
    """取消: it need not be done after all. The clock ends without having been owed. By the organiser; until the minutes are
    issued by the recorder too."""

    def write(item: ActionItem) -> dict:
        why = require_words("reason", reason, "请说明取消的理由。")
        deadline_services.withdraw_of(actor=actor, subject=item, reason=f"会议待办取消：{why}"[:300], events=EVENTS)
        _tell(item, [item.owner], actor, "会议待办已取消", why)
        return {"changes": {"closed_by": actor, "closed_at": timezone.now(), "close_note": why[:300]}, "reason": why}

    return _move(actor=actor, item=item, act=DROP, turn=turn, write=write)


# ── From meeting to meeting ─────────────────────────────────────────────────
@transaction.atomic
def note_progress(*, actor, meeting: Meeting, item: ActionItem, note: str) -> CarriedItem:
    """What was said about a former item at this meeting, by organiser or recorder until the minutes are issued. Carries the
    item to the meeting. Raises PermissionDenied, AlreadyHandled of the meeting, ValidationError."""
    meeting = opened(meeting, actor)
    text = _line(note)
    if len(text) > 300:
        raise ValidationError({"note": "进展最多 300 字。"})
    row = CarriedItem.objects.filter(meeting=meeting, action_item=item).first()
    if row is None:
        row = CarriedItem(meeting=_table(meeting, item), action_item=item)
    if row.pk is None or row.note != text:
        row.note = text
        row.save()
        record(actor=actor, action="action_item.progress", subject=item, scope=item.project,
               data={"at": meeting.number, "note": text})  # fmt: skip
    return row


def carry_over(*, meeting: Meeting) -> int:
    """Put every unclosed item of former meetings on the table of this one, which is being held; returns how many are new. Part
    of the caller's act and its row in the ledger."""
    known = set(meeting.carried_items.values_list("action_item", flat=True))
    new = [pk for pk in carried_for(meeting).values_list("pk", flat=True) if pk not in known]
    CarriedItem.objects.bulk_create(
        [CarriedItem(meeting=meeting, action_item_id=pk) for pk in new], ignore_conflicts=True
    )
    return len(new)
