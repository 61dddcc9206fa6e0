"""The minutes (会议纪要): written item by item, handed in, checked, issued, corrected by supplements. What was issued is never
changed."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from deadlines.models import Deadline
from deadlines.queries import rules_in_force, working_calendar
from deadlines.services.clocks import pass_on
from inspections.services.numbers import next_number
from ledger.rules import canonical_json
from ledger.services import head, record
from meetings import chain, rules
from meetings.choices import Act, Attendance, State
from meetings.clocks import MEETING, Named, owing_minutes
from meetings.models import AgendaItem, Meeting, Minutes
from meetings.models.parties import LONGEST
from meetings.queries import minutes as minutes_content
from meetings.services import distributing, inviting
from meetings.services.action_items import Adjustment, adjust, carry_over
from meetings.services.keeping import opened
from meetings.telling import page_of, tell
from printing.papers import keep_paper
from staff.confirmation import Confirmation, require_confirmation

PREFIX = "JY"
# A meeting that lies further back was entered for the record.
OLDEST = timedelta(days=90)
# Of the reason for what a supplement changes of action items.
MOST_REASON = 200


class ItemConflict(Exception):
    """Somebody else saved this item after the page was drawn. `item` is what is stored."""

    status_code = 409

    def __init__(self, item: AgendaItem):
        self.item = item
        if item.saved_by is None:  # a turn that never was
            super().__init__(f"“{item.title}”的页面已失效，请刷新后重试。")
            return
        at = timezone.localtime(item.saved_at)
        day = "" if at.date() == timezone.localdate() else f"{at:%Y-%m-%d} "
        super().__init__(
            f"“{item.title}”已由（{item.saved_by.name}）于 {day}{at:%H:%M} 保存。请比对两份内容，选择保留哪一份。"
        )


def _cleaned(name: str, text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > LONGEST:
        raise ValidationError({name: f"最多 {LONGEST} 字。"})
    return text


@transaction.atomic
def save_item(*, actor, item: AgendaItem, turn: int, record: str, decision: str) -> AgendaItem:
    """What was said and decided under one item. By compare-and-set on the item's `turn`: what was saved in between raises
    ItemConflict, unless it is exactly what is sent, for then a request whose answer was lost comes a second time.

    Raises PermissionDenied for all but organiser and recorder, AlreadyHandled once it is handed in. No row of the ledger:
    it is saved while it is typed and binds nobody; what binds is what is issued."""
    opened(item.meeting, actor)
    item = _stored(item)
    record, decision = _cleaned("record", record), _cleaned("decision", decision)
    if (item.record, item.decision) == (record, decision):
        return item
    if item.turn != turn:
        raise ItemConflict(item)
    AgendaItem.objects.filter(pk=item.pk, turn=turn).update(
        turn=turn + 1, record=record, decision=decision, saved_by=actor, saved_at=timezone.now()
    )
    return _stored(item)


def _stored(item: AgendaItem) -> AgendaItem:
    return AgendaItem.objects.select_related("saved_by", "meeting").get(pk=item.pk)


# ── The course ──────────────────────────────────────────────────────────────
@transaction.atomic
def hold(*, actor, meeting: Meeting, turn: int) -> Meeting:
    """会议结束: the clock of the minutes begins, owed by the organiser. Not before it began: ValidationError."""

    def write(meeting: Meeting) -> dict:
        now = timezone.now()
        if now < meeting.starts_at:
            raise ValidationError("会议尚未开始，不能登记结束；改期或取消请在会议页办理。")
        carry_over(meeting=meeting)
        start_clock(actor, meeting, min(now, meeting.ends_at))
        distributing.ask_writer(meeting)
        if meeting.recorder_id and meeting.recorder_id != actor.pk:
            tell(meeting, [meeting.recorder], title=f"请编写会议纪要：{meeting}")
        return {"changes": {"held_at": now}}

    return chain.move(meeting=meeting, act=Act.HOLD, actor=actor, turn=turn, write=write)


def start_due() -> int:
    """At each bell: a meeting that is over, and that nobody has registered as held, moved or cancelled, owes its minutes all the
    same (§8: a meeting held without issued minutes is itself a reminder). Their clock begins with its end, once nobody can sign
    in any more; once for each time it was called for, so that who ends that clock by hand ends it. Returns how many began. One
    transaction for each meeting."""
    if not rules_in_force(Event.MEETING_HELD):
        return 0
    now = timezone.now()
    since = Deadline.objects.filter(subject_type=MEETING, subject_id=OuterRef("pk"), started_at=OuterRef("ends_at"))
    over = Meeting.objects.filter(
        ~Exists(since), state=State.PLANNED, ends_at__lt=now - rules.SIGN_IN_AFTER, ends_at__gt=now - OLDEST
    )
    return sum(_start_due(pk) for pk in over.order_by("ends_at", "pk").values_list("pk", flat=True))


@transaction.atomic
def _start_due(pk: int) -> int:
    meeting = chain.touch(meeting=Meeting(pk=pk))
    if meeting.state != State.PLANNED or meeting.ends_at >= timezone.now() - rules.SIGN_IN_AFTER:
        return 0
    return len(start_clock(None, meeting, meeting.ends_at))


def scope_of(meeting: Meeting):
    """What the clock of the minutes belongs to: the meeting, for its organiser owes it, whoever manages the project."""
    return Named(meeting)


def start_clock(actor, meeting: Meeting, at) -> list[Deadline]:
    """会议纪要 within the rule's days; what runs already goes on. It is the organiser's, whatever role the rule names."""
    scope, project = scope_of(meeting), meeting.project
    deadline_services.hold(scope=scope)
    started = deadline_services.start(
        actor=actor, event=Event.MEETING_HELD, subject=meeting, scope=scope, url=page_of(meeting), event_at=at,
        label=str(meeting), business_line=project.business_line if project else "",
    )  # fmt: skip
    for each in started:
        pass_on(each, owing_minutes(meeting), actor=actor)
    return started


@transaction.atomic
def submit(*, actor, meeting: Meeting, turn: int) -> Meeting:
    """提交纪要核定. Raises ValidationError while nothing is written."""

    def write(meeting: Meeting) -> None:
        require_written(meeting)
        tell(meeting, [inviting.answering(meeting)], but=actor, title=f"请核定会议纪要：{meeting}")

    return chain.move(meeting=meeting, act=Act.SUBMIT, actor=actor, turn=turn, write=write)


def require_written(meeting: Meeting) -> None:
    if gaps := minutes_content.gaps(meeting):
        raise ValidationError(gaps)


@transaction.atomic
def send_back(*, actor, meeting: Meeting, turn: int, reason: str) -> Meeting:
    """退回修改纪要, with the reason."""
    reason = _cleaned("reason", reason)
    if not reason:
        raise ValidationError({"reason": "请说明退回的理由。"})

    def write(meeting: Meeting) -> None:
        tell(meeting, [meeting.recorder], but=actor, title=f"会议纪要退回修改：{meeting}", body=reason)

    return chain.move(meeting=meeting, act=Act.RETURN, actor=actor, turn=turn, data={"why": reason}, write=write)


@transaction.atomic
def issue(*, actor, meeting: Meeting, turn: int, confirmation: Confirmation, parties=(), seen: str = "") -> Minutes:
    """签发会议纪要, signed: numbered, on paper, distributed to the participating units (`parties`: those that the organiser adds
    of the project's) and to us. Who did not sign in was absent. `seen` is the fingerprint of the content that the page
    showed. Raises PermissionDenied, AlreadyHandled, ValidationError for gaps and for what changed since."""
    require_confirmation(confirmation, actor)
    made = []

    def write(meeting: Meeting) -> dict:
        require_written(meeting)
        if seen and seen != minutes_content.seen(meeting):
            raise ValidationError("纪要内容在您打开本页后有变动，请核对后再签发。")
        meeting.invitations.filter(attendance=Attendance.EXPECTED).update(attendance=Attendance.ABSENT)
        number = next_number(PREFIX)
        deadline_services.hold(scope=scope_of(meeting))
        deadline_services.stop_of(actor=actor, subject=meeting, note="已签发会议纪要", events=[Event.MEETING_HELD])
        content = minutes_content.build(meeting)
        minutes, chain_head = _put_on_paper(meeting, actor, number, content)
        made.append(minutes)
        copies = distributing.distribute(minutes=minutes, actor=actor, parties=parties)
        return facts_of(minutes, chain_head) | {"to": copies}

    chain.move(meeting=meeting, act=Act.ISSUE, actor=actor, turn=turn, write=write)
    return made[0]


@transaction.atomic
def supplement(*, actor, minutes: Minutes, text: str, confirmation: Confirmation, objections=(), answer: str = "",
               adjustments: Iterable[Adjustment] = (), reason: str = "") -> Minutes:  # fmt: skip
    """签发补充纪要, signed: what is corrected, under a number of its own, to all who got the minutes. `objections` are those
    that it accepts, with the words of `answer`; `adjustments` the action items that get another owner or day by it, for
    `reason`. The issued text stays as it is. Raises PermissionDenied, ValidationError."""
    from meetings.services import objections as objection_services

    require_confirmation(confirmation, actor)
    meeting = chain.touch(meeting=minutes.meeting)
    chain.require_place(meeting, Act.ISSUE, actor)
    text = _cleaned("text", text)
    if not text:
        raise ValidationError({"text": "请填写补充（更正）内容。"})
    if any(each.distribution.minutes.meeting_id != meeting.pk for each in objections):
        raise ValidationError({"objections": "所选异议不属于本次会议的纪要。"})
    root = minutes.supplement_to or minutes
    number = rules.supplement_number(root.number, root.supplements.count() + 1)
    told = [[each.who, each.text] for each in objections]
    adjustments, reason = list(adjustments), " ".join(reason.split())
    if adjustments and not 0 < len(reason) <= MOST_REASON:
        raise ValidationError({"reason": f"请说明调整待办的理由，最多 {MOST_REASON} 字。"})
    adjusted = adjust(actor=actor, meeting=meeting, adjustments=adjustments, number=number, reason=reason)
    content = minutes_content.supplement(root, text, told, adjusted, reason if adjusted else "")
    row, chain_head = _put_on_paper(meeting, actor, number, content, supplement_to=root)
    owners = [each.owner_contact.party for each in adjustments if each.owner_contact]
    copies = distributing.distribute_again(minutes=row, actor=actor, also=owners)
    record(actor=actor, action="minutes.supplement", subject=meeting, scope=meeting.project,
           data=facts_of(row, chain_head) | {"supplement_to": root.number, "to": copies})  # fmt: skip
    for each in objections:
        objection_services.accept(actor=actor, objection=each, supplement=row, answer=answer)
    return row


def _put_on_paper(meeting: Meeting, actor, number: str, content: dict, **more) -> tuple[Minutes, str]:
    """The row with its signed paper, and the head of the chain that the signature binds."""
    from meetings.printouts.minutes import minutes_paper

    now, chain_head = timezone.now(), head()[1]
    until = rules.working_day_after(timezone.localdate(now), rules.OBJECTION_DAYS, working_calendar())
    minutes = Minutes(
        meeting=meeting, number=number, content=content, text=minutes_content.text_of(content), issued_by=actor,
        issued_at=now, objections_until=until, **more,
    )  # fmt: skip
    minutes.digest = digest_of(minutes, chain_head)
    minutes.pdf, minutes.pdf_sha256 = keep_paper("meetings", minutes_paper(minutes, chain_head=chain_head))
    minutes.save(force_insert=True)
    return minutes, chain_head


def digest_of(minutes: Minutes, chain_head: str) -> str:
    """What the signature under minutes binds: content, full text, signer, time, the window for objections, the chain."""
    facts = {
        "minutes": minutes.number, "meeting": minutes.meeting_id, "content": minutes.content, "text": minutes.text,
        "signer": minutes.issued_by_id, "at": minutes.issued_at, "objections_until": minutes.objections_until,
        "head": chain_head,
    }  # fmt: skip
    return hashlib.sha256(canonical_json(facts).encode()).hexdigest()


def facts_of(minutes: Minutes, chain_head: str) -> dict:
    """What the ledger keeps of minutes."""
    return {
        "minutes": minutes.number, "digest": minutes.digest, "head": chain_head, "at": minutes.issued_at,
        "pdf_sha256": minutes.pdf_sha256, "objections_until": minutes.objections_until,
    }  # fmt: skip
