"""Who was there: registered by name, signed in by oneself, or by phone."""

from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from ledger.services import record
from meetings import chain, rules
from meetings.choices import Attendance, LinkPurpose, SignedBy, State
from meetings.models import AccessLink, Invitation, Meeting, Party
from meetings.services import links
from meetings.services.keeping import opened

# Nobody fills the list of a meeting from outside.
MOST_WALK_INS = 100
# Under these the minutes list our own people.
OUR_NAMES = {"本公司", "我公司"}


@transaction.atomic
def register(*, actor, meeting: Meeting, rows: Mapping[int, tuple[str | None, str]]) -> int:
    """Write down who was there: invitation id → (Attendance or None for as it is, note). Returns how many changed; what stays as it is keeps its
    way of signing. Raises PermissionDenied, AlreadyHandled, ValidationError for what is none."""
    meeting = opened(meeting, actor)
    told = []
    for each in meeting.invitations.filter(pk__in=rows).select_related("contact__party", "party"):
        attendance, note = rows[each.pk]
        attendance = each.attendance if attendance is None else attendance
        note = note if each.unit_name else each.note  # a stranger's is the unit
        if attendance not in Attendance.values or len(note) > 120:
            raise ValidationError("出席情况不正确，请刷新页面后重试。")
        if (each.attendance, each.note) == (attendance, note.strip()):
            continue
        if attendance == each.attendance:
            each.note = note.strip()
            each.save(update_fields=["note"])
        else:
            _set(each, attendance, SignedBy.ORGANISER, note=note.strip())
        told.append(_facts(each))
    if told:
        _record(actor, meeting, told)
    return len(told)


@transaction.atomic
def add_walk_in(*, actor, meeting: Meeting, name: str, party: Party | None = None, unit: str = "") -> Invitation:
    """Somebody came who was not invited. Raises ValidationError without a name."""
    meeting = opened(meeting, actor)
    row = _walk_in(meeting, name, party, unit, SignedBy.ORGANISER)
    _record(actor, meeting, [_facts(row)])
    return row


@transaction.atomic
def sign_in(*, actor, meeting: Meeting) -> Invitation:
    """本人签到, by one of us who is invited. Raises PermissionDenied for who is not; ValidationError outside the time."""
    meeting = chain.touch(meeting=meeting)
    row = meeting.invitations.filter(user=actor).first()
    if row is None or not actor.is_active:
        raise PermissionDenied("您不在本次会议的参会人员中。")
    require_time(meeting)
    if row.attendance == Attendance.PRESENT:
        return row
    _set(row, Attendance.PRESENT, SignedBy.SELF, note=row.note)
    _record(actor, meeting, [_facts(row)])
    return row


def require_time(meeting: Meeting) -> None:
    """Raise ValidationError outside the time for signing in."""
    now = timezone.now()
    if now < rules.sign_in_opens(meeting.starts_at):
        at = timezone.localtime(rules.sign_in_opens(meeting.starts_at))
        raise ValidationError(f"签到自 {at:%Y-%m-%d %H:%M} 开始（会前 1 小时）。")
    if meeting.state not in (State.PLANNED, State.HELD) or now >= rules.sign_in_ends(meeting.ends_at):
        raise ValidationError("签到已结束，请联系会议组织者登记。")


@transaction.atomic
def sign_in_by_phone(*, link: AccessLink, invitation: int | None = None, name: str = "", party: int | None = None,
                     unit: str = "") -> Invitation:  # fmt: skip
    """扫码签到: one of the invited people from outside, or somebody who came along, with name and unit. A second time is
    the same. Raises AccessLink.DoesNotExist for a link that is not good any more, ValidationError for what is missing."""
    link = links.held(link, LinkPurpose.SIGN_IN)
    meeting = link.meeting
    require_time(meeting)
    if invitation is not None:
        row = meeting.invitations.filter(pk=invitation, contact__isnull=False).select_related("contact__party").first()
        if row is None:
            raise ValidationError({"who": "请选择您的姓名。"})
        if row.attendance == Attendance.PRESENT:
            return row
        _set(row, Attendance.PRESENT, SignedBy.PHONE, note=row.note)
    else:
        found = party_of(meeting, party)
        if not found and "".join(unit.split()) in OUR_NAMES | {"".join(settings.FIRM_NAME.split())}:
            raise ValidationError({"unit": "本公司人员请登录系统签到，或由会议组织者登记。"})
        row = _walk_in(meeting, name, found, unit, SignedBy.PHONE)
    _record(None, meeting, [_facts(row) | {"link": link.pk}])
    return row


def parties_at(meeting: Meeting):
    """The units whose people are invited: no others are told to whoever holds the link."""
    return Party.objects.filter(contacts__invitations__meeting=meeting).distinct().order_by("kind", "name")


def party_of(meeting: Meeting, pk: int | None) -> Party | None:
    return parties_at(meeting).filter(pk=pk).first() if pk else None


def _walk_in(meeting: Meeting, name: str, party: Party | None, unit: str, by: SignedBy) -> Invitation:
    name, unit = " ".join(name.split()), "" if party else " ".join(unit.split())
    if not name:
        raise ValidationError({"name": "请填写姓名。"})
    if not party and not unit:
        raise ValidationError({"unit": "请选择或填写单位。"})
    if len(name) > 40 or len(unit) > 100:
        raise ValidationError({"name": "姓名最多 40 字，单位最多 100 字。"})
    walk_ins = meeting.invitations.filter(user=None, contact=None)
    same = walk_ins.filter(name=name, party=party, note=unit).first()
    if same:
        _set(same, Attendance.PRESENT, same.signed_by or by, note=same.note)
        return same
    if walk_ins.count() >= MOST_WALK_INS:
        raise ValidationError("现场登记人数已达上限，请联系会议组织者登记。")
    return Invitation.objects.create(
        meeting=meeting, name=name, party=party, note=unit, attendance=Attendance.PRESENT, signed_by=by,
        signed_at=timezone.now(),
    )  # fmt: skip


def _set(row: Invitation, attendance: str, by: str, *, note: str) -> None:
    signs = attendance != Attendance.EXPECTED
    row.attendance, row.note = attendance, note
    row.signed_by, row.signed_at = (by, timezone.now()) if signs else ("", None)
    row.save(update_fields=["attendance", "note", "signed_by", "signed_at"])


def _facts(row: Invitation) -> dict:
    return {"invitation": row.pk, "attendance": row.attendance, "by": row.signed_by, "note": row.note}


def _record(actor, meeting: Meeting, told: list[dict]) -> None:
    record(actor=actor, action="meeting.attendance", subject=meeting, scope=meeting.project, data={"people": told})
