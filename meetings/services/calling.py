"""A single meeting: called, changed, moved, cancelled, each with notice to everybody invited (§8)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from inspections.services.numbers import next_number
from ledger.services import record
from meetings import chain
from meetings.choices import Act, ActionState
from meetings.clocks import Named
from meetings.guests import Guests
from meetings.models import Meeting, MeetingKind, Party, Room
from meetings.queries.conflicts import room_conflicts
from meetings.services import inviting
from projects.models import Project

LONGEST_MEETING_HOURS = 24
# A clock begins no earlier; whoever means a later day has mistyped the year.
EARLIEST, LATEST = timedelta(days=3 * 365), timedelta(days=2 * 366)
OTHER_TOPIC = "其他"


@dataclass(frozen=True)
class Content:
    """What a meeting is about, where, and who leads it."""

    title: str
    organiser: object
    topic: str = ""
    called_by: Party | None = None
    room: Room | None = None
    place: str = ""
    host: str = ""
    recorder: object = None
    note: str = ""


FIELDS = ("title", "topic", "called_by", "room", "place", "host", "organiser", "recorder", "note")


@transaction.atomic
def call_meeting(
    *, actor, kind: MeetingKind, project: Project | None, starts_at: datetime, ends_at: datetime, content: Content,
    guests: Guests, accepts_gaps: bool = False,
) -> Meeting:  # fmt: skip
    """Call a meeting and invite to it. Raises PermissionDenied for who may not call such a meeting here, ValidationError
    for a room that is taken, for guests who cannot be asked, and, unless `accepts_gaps`, for those whom the 制度 asks and
    who are not invited (code "gaps"). What was accepted stands in the ledger."""
    chain.require_may_call(actor, kind, project)
    if not kind.is_active:
        raise ValidationError({"kind": "该会议种类已停用。"})
    guests = inviting.with_own(guests, content.organiser, content.recorder)
    _check(kind, project, content, guests)
    check_time(starts_at, ends_at)
    take_room(actor, content.room, starts_at, ends_at)
    missing = inviting.gaps(kind, project, guests)
    if missing and not accepts_gaps:
        raise ValidationError(f"制度要求邀请：{'；'.join(missing)}。", code="gaps")
    meeting = write_meeting(
        actor=actor, kind=kind, project=project, starts_at=starts_at, ends_at=ends_at, content=content, guests=guests,
        data={"gaps": missing},
    )  # fmt: skip
    return meeting


def write_meeting(
    *, actor, kind: MeetingKind, project: Project | None, starts_at: datetime, ends_at: datetime, content: Content,
    guests: Guests, data: dict | None = None, bundle: inviting.Bundle | None = None, **more,
) -> Meeting:  # fmt: skip
    """Number, row, invitations, ledger, notices (with a `bundle` the caller sends them). In a transaction; `more` are columns (series, occurrence_on). The meeting
    comes back with `unreached`: how many contacts no letter went to."""
    meeting = Meeting(
        number=next_number("HY"), kind=kind, project=project, starts_at=starts_at, ends_at=ends_at, last_actor=actor,
        **{name: getattr(content, name) or ("" if name in TEXTS else None) for name in FIELDS}, **more,
    )  # fmt: skip
    meeting.full_clean(exclude=["last_actor"], validate_constraints=False)
    meeting.save(force_insert=True)
    come, _ = inviting.write_guests(meeting, guests)
    told = {"guests": inviting.names(come), "invited_ids": inviting.ids(come), "columns": chain.columns_of(meeting)}
    record(actor=actor, action=f"meeting.{Act.CALL}", subject=meeting, scope=project,
           data={**facts(meeting), **told, **(data or {})})  # fmt: skip
    meeting.unreached = inviting.tell(meeting, guests, word="会议召集", actor=actor, bundle=bundle)
    return meeting


TEXTS = ("title", "topic", "place", "host", "note")


def facts(meeting: Meeting) -> dict:
    """What the ledger keeps of a meeting."""
    return {
        "kind": meeting.kind.code, "title": meeting.title, "topic": meeting.topic,
        "starts_at": meeting.starts_at.isoformat(), "ends_at": meeting.ends_at.isoformat(), "place": meeting.place_words,
        "host": meeting.host, "organiser": str(meeting.organiser), "recorder": str(meeting.recorder or ""),
        "called_by": str(meeting.called_by or ""), "note": meeting.note, "sequence": meeting.sequence,
    }  # fmt: skip


@transaction.atomic
def change_meeting(
    *, actor, meeting: Meeting, turn: int, content: Content, guests: Guests, with_series: bool = False,
    bundle: inviting.Bundle | None = None,
) -> Meeting:  # fmt: skip
    """Change what a planned meeting is about, where, by whom, and who is invited; its time is moved by `move_meeting`.
    Whoever comes onto the list is invited, whoever leaves it is told that it is off, the others get the change.
    `with_series`: the change comes from its series, which goes on to look after it; with a `bundle` the caller tells it."""
    told = {}

    def write(before: Meeting) -> dict:
        asked = inviting.with_own(guests, content.organiser, content.recorder)
        _check(before.kind, before.project, content, asked, organiser_was=before.organiser)
        if content.room != before.room:
            take_room(actor, content.room, before.starts_at, before.ends_at, but=before)
        changes = {name: (getattr(content, name) or ("" if name in TEXTS else None)) for name in FIELDS}
        changes = {name: value for name, value in changes.items() if getattr(before, name) != value}
        come, gone = inviting.write_guests(before, asked, keeps_present=with_series)
        if not changes and not any((come.users, come.contacts, gone.users, gone.contacts)):
            raise ValidationError("没有改动。", code="unchanged")
        told.update(come=come, gone=gone, asked=asked, has_changes=bool(changes))
        return {
            "changes": {**changes, "sequence": before.sequence + 1, **_on_its_own(before, with_series)},
            "changed": {name: [str(getattr(before, name) or ""), str(value or "")] for name, value in changes.items()},
            "invited": inviting.names(come),
            "uninvited": inviting.names(gone),
            "invited_ids": inviting.ids(come),
            "uninvited_ids": inviting.ids(gone),
        }

    meeting = chain.move(meeting=meeting, act=Act.CHANGE, actor=actor, turn=turn, write=write)
    stayed = Guests([user for user in told["asked"].users if user not in told["come"].users],
                    [each for each in told["asked"].contacts if each not in told["come"].contacts])  # fmt: skip
    meeting.unreached = inviting.tell(meeting, told["come"], word="会议召集", actor=actor, bundle=bundle)
    inviting.tell(meeting, told["gone"], word="不再邀请您参加会议", actor=actor, is_off=True, bundle=bundle)
    if told["has_changes"]:
        meeting.unreached += inviting.tell(meeting, stayed, word="会议变更", actor=actor, bundle=bundle)
    return meeting


@transaction.atomic
def move_meeting(
    *, actor, meeting: Meeting, turn: int, reason: str, starts_at: datetime, ends_at: datetime, room: Room | None = None,
    place: str = "", with_series: bool = False, bundle: inviting.Bundle | None = None, **columns,
) -> Meeting:  # fmt: skip
    """Move a planned meeting to another time (and room), with a reason; everybody invited is told. `columns` are for the
    series (occurrence_on). Raises PermissionDenied, AlreadyHandled, ValidationError."""

    def write(before: Meeting) -> dict:
        check_time(starts_at, ends_at)
        if starts_at < timezone.now():
            raise ValidationError({"on": "不能改到已经过去的时间。"})
        if (starts_at, ends_at) == (before.starts_at, before.ends_at):
            raise ValidationError({"on": "时间没有变化。只改地点等内容，请用“修改会议”。"})
        take_room(actor, room, starts_at, ends_at, but=before)
        _owe_no_minutes(actor, before, f"会议改期：{reason.strip()}")
        return {
            "changes": {"starts_at": starts_at, "ends_at": ends_at, "room": room, "place": place,
                        "sequence": before.sequence + 1, **columns, **_on_its_own(before, with_series)},
            "from": [before.starts_at.isoformat(), before.ends_at.isoformat(), before.place_words],
            "to": [starts_at.isoformat(), ends_at.isoformat()],
            "signed_before": inviting.forget_attendance(before),
        }  # fmt: skip

    meeting = chain.move(meeting=meeting, act=Act.MOVE, actor=actor, turn=turn, reason=_reason(reason), write=write)
    meeting.unreached = inviting.tell(
        meeting, inviting.guests_of(meeting), word="会议改期", actor=actor, reason=reason, bundle=bundle
    )
    return meeting


@transaction.atomic
def cancel_meeting(
    *, actor, meeting: Meeting, turn: int, reason: str, bundle: inviting.Bundle | None = None
) -> Meeting:
    """Cancel a planned meeting, with a reason; everybody invited is told. Raises PermissionDenied, AlreadyHandled;
    ValidationError where action items were set at it already: nobody could close them, and their clocks would run on."""

    def write(before: Meeting) -> dict:
        if before.action_items.exclude(state=ActionState.DROPPED).exists():
            raise ValidationError("会上已登记待办事项，不能取消会议：请登记会议结束，或先取消这些待办。")
        _owe_no_minutes(actor, before, f"会议取消：{reason.strip()}")
        return {"changes": {"sequence": before.sequence + 1}, "starts_at": before.starts_at.isoformat()}

    meeting = chain.move(meeting=meeting, act=Act.CANCEL, actor=actor, turn=turn, reason=_reason(reason), write=write)
    meeting.unreached = inviting.tell(
        meeting,
        inviting.guests_of(meeting),
        word="会议取消",
        actor=actor,
        reason=reason,
        is_off=True,
        bundle=bundle,
    )
    return meeting


def _owe_no_minutes(actor, meeting: Meeting, reason: str) -> None:
    """It was not held at that time: the clock that began by itself (`minutes.start_due`) ends without having been owed."""
    deadline_services.hold(scope=Named(meeting))
    deadline_services.withdraw_of(actor=actor, subject=meeting, reason=reason[:300], events=[Event.MEETING_HELD])


def _reason(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": "请填写原因。"})
    return reason.strip()


def _on_its_own(meeting: Meeting, with_series: bool) -> dict:
    return {} if with_series or not meeting.series_id else {"is_on_its_own": True}


def _check(kind: MeetingKind, project: Project | None, content: Content, guests: Guests, organiser_was=None) -> None:
    """Raise ValidationError for what cannot be said of such a meeting."""
    if content.topic and content.topic not in (*kind.topics, OTHER_TOPIC):
        raise ValidationError({"topic": "该种会议没有这一议题类别。"})
    if content.called_by is not None:
        if project is None or content.called_by.project_id != project.pk or not content.called_by.is_active:
            raise ValidationError({"called_by": "组织单位须是本项目在册的参建单位。"})
        if content.called_by.kind not in kind.called_by:
            raise ValidationError({"called_by": f"“{kind.title}”不由{content.called_by.get_kind_display()}组织。"})
    if content.organiser != organiser_was and not chain.may_call(content.organiser, kind, project):
        raise ValidationError({"organiser": f"{content.organiser.name} 的岗位不能组织“{kind.title}”。"})
    inviting.check_guests(project, guests)


def check_day(day: date) -> None:
    """Raise ValidationError for a day that nobody means."""
    today = timezone.localdate()
    if not today - EARLIEST < day < today + LATEST:
        raise ValidationError("日期须在过去三年至今后两年之内，请核对年份。")


def check_time(starts_at: datetime, ends_at: datetime) -> None:
    """Raise ValidationError unless a meeting ends after it begins, on the same day or soon after."""
    check_day(timezone.localdate(starts_at))
    if ends_at <= starts_at:
        raise ValidationError({"ends": "结束时间须晚于开始时间。"})
    if (ends_at - starts_at).total_seconds() > LONGEST_MEETING_HOURS * 3600:
        raise ValidationError({"ends": f"一次会议不能超过 {LONGEST_MEETING_HOURS} 小时。"})


def take_room(actor, room: Room | None, starts_at: datetime, ends_at: datetime, *, but: Meeting | None = None) -> None:
    """Hold the room until the transaction ends; raise ValidationError where it is taken."""
    if room is None:
        return
    list(Room.objects.select_for_update(no_key=True).filter(pk=room.pk).values_list("pk"))
    taken = room_conflicts(actor, room, starts_at, ends_at, but=but)
    if taken:
        raise ValidationError({"room": f"会议室已被占用：{'；'.join(each.words for each in taken)}。"}, code="room")
