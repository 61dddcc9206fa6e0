"""Who is invited to a meeting, who must be, and what they are told: notices to insiders, letters to contacts, each with an
iCalendar message of their own."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from meetings import chain, invitations
from meetings.choices import Attendance, PartyKind
from meetings.guests import Guests
from meetings.models import Contact, Invitation, Meeting, MeetingKind, Party
from meetings.secrecy import may_know
from notices.choices import Kind
from notices.services import Letter, Message, notify_all, write_letters
from projects.models import Project
from projects.queries import holders_of, people_for_teams
from staff.choices import Role
from staff.models import Post, User

WEEKDAYS = "一二三四五六日"


# ── Who must be invited ─────────────────────────────────────────────────────
def holders(kind_role: str, project: Project | None) -> list:
    """Who holds a role on the project; for a meeting of the firm by whatever post."""
    if project is not None:
        return holders_of(project, kind_role)
    posts = Post.objects.in_force().filter(role=kind_role).values("user")
    return list(User.objects.active().filter(pk__in=posts).order_by("employee_number"))


def successor(kind: MeetingKind, project: Project | None):
    """The first in line of those who call such meetings, for an organiser who has left or may not know of it any more; None
    where there is nobody."""
    found = (user for role in kind.caller_roles for user in holders(role, project))
    return next((user for user in found if chain.may_call(user, kind, project) and may_know(user, project)), None)


def answering(meeting: Meeting):
    """Who hears what is for the organiser: the organiser, or who is first in line to stand in."""
    if chain.has_organiser(meeting):
        return meeting.organiser
    return successor(meeting.kind, meeting.project) or meeting.organiser


def asked_for(kind: MeetingKind, project: Project | None) -> Guests:
    """Whom the 制度 asks to such a meeting, as far as they are known: the holders of the roles (on a project the first
    one of each), the main contact of each participating unit."""
    users = []
    for role in kind.invited_roles:
        found = holders(role, project)
        users += [user for user in (found[:1] if project else found) if user not in users]
    contacts = []
    for party in _parties(kind, project):
        contacts += [contact for contact in party.contacts.all() if contact.is_active][:1]
    return Guests(users, contacts)


def gaps(kind: MeetingKind, project: Project | None, guests: Guests) -> list[str]:
    """Whom the 制度 asks to such a meeting and who is not invited, in words: “监理单位：本项目未登记”."""
    found, parties = [], _parties(kind, project)
    invited = {contact.party_id for contact in guests.contacts}
    for wanted in kind.invited_parties:
        of_kind = [party for party in parties if party.kind == wanted]
        word = PartyKind(wanted).label
        if not of_kind:
            found.append(f"{word}：本项目未登记")
        elif not any(party.pk in invited for party in of_kind):
            found.append(f"{word}：未邀请")
    if writer := _missing_writer(kind, project):
        found.append(f"{writer}（编写纪要）：本项目未登记")
    for role in kind.invited_roles:
        of_role = holders(role, project)
        if not of_role:
            found.append(f"{Role(role).label}：尚无任职人员")
        elif not any(user in guests.users for user in of_role):
            found.append(f"{Role(role).label}：未邀请")
    return found


def _missing_writer(kind: MeetingKind, project: Project | None) -> str:
    """The unit that would have to write the minutes, if the project has none; it is told once."""
    wanted = kind.minutes_by
    if project is None or wanted in ("", PartyKind.OWN, *kind.invited_parties):
        return ""
    has_one = Party.objects.filter(project=project, kind=wanted, is_active=True).exists()
    return "" if has_one else PartyKind(wanted).label


def _parties(kind: MeetingKind, project: Project | None) -> list[Party]:
    if project is None:
        return []
    rows = Party.objects.filter(project=project, is_active=True, kind__in=kind.invited_parties)
    return list(rows.prefetch_related("contacts"))


# ── The list ────────────────────────────────────────────────────────────────
def check_guests(project: Project | None, guests: Guests) -> None:
    """Raise ValidationError for whoever may not be invited: set apart (三员分立), gone, of another project, or, for a
    secret project, not in the know."""
    fit = set(people_for_teams().filter(pk__in=[user.pk for user in guests.users]).values_list("pk", flat=True))
    unfit = [user.name for user in guests.users if user.pk not in fit]
    if unfit:
        raise ValidationError({"users": f"不能邀请：{'、'.join(unfit)}（已停用，或为系统管理员、审计员）。"})
    if project is not None and project.is_secret:
        blind = [user.name for user in guests.users if not may_know(user, project)]
        if blind:
            raise ValidationError({"users": f"秘密项目的会议只能邀请可查看该项目的人员：{'、'.join(blind)}。"})
    strangers = [each.name for each in guests.contacts if project is None or each.party.project_id != project.pk]
    strangers += [each.name for each in guests.contacts if not (each.is_active and each.party.is_active)]
    if strangers:
        raise ValidationError({"contacts": f"不是本项目在册的参建单位联系人：{'、'.join(strangers)}。"})


def with_own(guests: Guests, *people) -> Guests:
    """Organiser and recorder are always among those invited."""
    users = [*dict.fromkeys([*(person for person in people if person is not None), *guests.users])]
    return Guests(users, [*dict.fromkeys(guests.contacts)])


def guests_of(meeting: Meeting) -> Guests:
    """Who is invited now."""
    rows = list(meeting.invitations.select_related("user", "contact__party"))
    return Guests([row.user for row in rows if row.user_id], [row.contact for row in rows if row.contact_id])


def write_guests(meeting: Meeting, guests: Guests, *, keeps_present: bool = False) -> tuple[Guests, Guests]:
    """Make the list of a meeting that is still to come what `guests` says; returns who came onto it and who left it. Nobody
    who has signed in is taken off: ValidationError, or with `keeps_present` they stay."""
    before, present = guests_of(meeting), _present(meeting)
    left = [each.name for each in present.users if each not in guests.users]
    left += [each.name for each in present.contacts if each not in guests.contacts]
    if left and not keeps_present:
        raise ValidationError({"users": f"已签到，不能移出名单：{'、'.join(left)}。"})
    guests = Guests([*dict.fromkeys([*guests.users, *present.users])],
                    [*dict.fromkeys([*guests.contacts, *present.contacts])])  # fmt: skip
    come = Guests([user for user in guests.users if user not in before.users],
                  [each for each in guests.contacts if each not in before.contacts])  # fmt: skip
    gone = Guests([user for user in before.users if user not in guests.users],
                  [each for each in before.contacts if each not in guests.contacts])  # fmt: skip
    meeting.invitations.filter(user__in=gone.users).delete()
    meeting.invitations.filter(contact__in=gone.contacts).delete()
    Invitation.objects.bulk_create(
        [Invitation(meeting=meeting, user=user) for user in come.users]
        + [Invitation(meeting=meeting, contact=each, party=each.party) for each in come.contacts]
    )
    return come, gone


def _present(meeting: Meeting) -> Guests:
    rows = meeting.invitations.filter(attendance=Attendance.PRESENT).select_related("user", "contact__party")
    return Guests([row.user for row in rows if row.user_id], [row.contact for row in rows if row.contact_id])


def forget_attendance(meeting: Meeting) -> list[str]:
    """The meeting moves to another time: who had signed in for the former one was not at this; who came along is not
    invited. Returns their names, for the ledger. In the act that moves it."""
    rows = meeting.invitations.filter(signed_at__isnull=False).select_related("user", "contact")
    told = [row.person_name for row in rows]
    rows.filter(user=None, contact=None).delete()
    rows.update(attendance=Attendance.EXPECTED, signed_by="", signed_at=None)
    return told


def names(guests: Guests) -> list[str]:
    """For the ledger: people by name and number, contacts by name and unit."""
    insiders = [f"{user.name}（{user.employee_number}）" for user in guests.users]
    return insiders + [f"{each.name}（{each.party.name}）" for each in guests.contacts]


def ids(guests: Guests) -> dict[str, list[int]]:
    """For verification, whatever they are called later."""
    return {"users": [user.pk for user in guests.users], "contacts": [each.pk for each in guests.contacts]}


# ── What they are told ──────────────────────────────────────────────────────
def when_words(meeting: Meeting) -> str:
    """2026-11-30 周一 09:30–10:30."""
    begin, end = timezone.localtime(meeting.starts_at), timezone.localtime(meeting.ends_at)
    until = f"{end:%H:%M}" if end.date() == begin.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{begin:%Y-%m-%d} 周{WEEKDAYS[begin.weekday()]} {begin:%H:%M}–{until}"


def tell(
    meeting: Meeting, guests: Guests, *, word: str, actor=None, reason: str = "", is_off: bool = False,
    bundle: "Bundle | None" = None,
) -> int:  # fmt: skip
    """Tell `guests` in the caller's transaction: “会议召集：…”; with a `bundle` later, together with other meetings. The one who
    acts knows. Returns how many contacts could not be written to: they have no address, or the firm has no mail server. Nothing is sent for what is past, nor to a
    contact who is on the list of the project no more. To whom the project became secret it is told that it is off, and nothing else."""
    if meeting.ends_at <= timezone.now() and not is_off:
        return 0
    told = Told(meeting, word, reason, is_off)
    gathered = bundle or Bundle()
    gathered.add(told, [user for user in guests.users if user != actor],
                 [contact for contact in guests.contacts if contact.is_active and contact.party.is_active])  # fmt: skip
    return 0 if bundle else gathered.send()


CALLED = "会议召集"
# The words for one meeting, and for several of a series.
FOR_MANY = {
    CALLED: "例会召集",
    "会议变更": "例会变更",
    "会议改期": "例会改期",
    "会议取消": "例会取消",
    "不再邀请您参加会议": "不再邀请您参加例会",
}


@dataclass(frozen=True)
class Told:
    """What is said about one meeting: that it is called, changed, moved; `is_off` for the recipient."""

    meeting: Meeting
    word: str
    reason: str = ""
    is_off: bool = False


class Bundle:
    """What meetings of one series have to say, gathered while they are called, changed, moved or cancelled one by one: nobody
    gets more than one message about it, and of each meeting the last word."""

    def __init__(self):
        self._of_users: dict[object, dict[int, Told]] = {}
        self._of_contacts: dict[Contact, dict[int, Told]] = {}

    def add(self, told: Told, users: Iterable, contacts: Iterable[Contact]) -> None:
        for of, people in ((self._of_users, users), (self._of_contacts, contacts)):
            for person in people:
                _put(of.setdefault(person, {}), told)

    def send(self) -> int:
        """Write one message to each; returns how many contacts could not be written to."""
        messages = [_message(user, _in_order(told)) for user, told in self._of_users.items() if told]
        notify_all(message for message in messages if message)
        asked = {contact: _in_order(told) for contact, told in self._of_contacts.items() if told}
        return len(asked) - write_letters(
            _letter(contact, told[0]) if len(told) == 1 else _letter_of_series(contact, told)
            for contact, told in asked.items()
            if contact.email
        )


def _put(known: dict[int, Told], told: Told) -> None:
    """The last word about a meeting counts; whom nobody has told yet that it is called hears that it is called as it is now,
    or nothing."""
    before = known.pop(told.meeting.pk, None)
    if before and before.word == CALLED:
        if told.is_off:
            return
        told = replace(told, word=CALLED, reason="")
    known[told.meeting.pk] = told


def _in_order(told: dict[int, Told]) -> list[Told]:
    return sorted(told.values(), key=lambda each: (each.meeting.starts_at, each.meeting.pk))


def _message(user, told: list[Told]) -> Message | None:
    project = told[0].meeting.project
    if not may_know(user, project):
        return _farewell(user, [each for each in told if each.is_off])
    return _notice(user, told[0]) if len(told) == 1 else _notice_of_series(user, told)


def _body(told: Told) -> str:
    meeting, reason = told.meeting, told.reason
    lines = [f"时间：{when_words(meeting)}", f"地点：{meeting.place_words or '另行通知'}"]
    lines += [f"原因：{reason}"] if reason else []
    return "\n".join([*lines, *invitations.lines_of(meeting)])


def _notice(user, told: Told) -> Message:
    recipient, meeting = invitations.Recipient(user.name, user.email, is_insider=True), told.meeting
    return Message(
        recipients=[user], kind=Kind.MEETING, title=f"{told.word}：{invitations.summary_of(meeting)}",
        body=_body(told), url=_page_of(meeting), is_urgent=told.is_off, is_confidential=invitations.is_secret(meeting),
        calendar=invitations.message(meeting, recipient, is_off=told.is_off),
    )  # fmt: skip


def _page_of(meeting: Meeting) -> str:
    return invitations.page_of(meeting).removeprefix(settings.SITE_URL)


def _farewell(user, told: list[Told]) -> Message | None:
    """To whom the project became secret: the times that are free again, and no more. They may leave the house, as they do for
    people outside."""
    if not told:
        return None
    return Message(
        recipients=[user], kind=Kind.MEETING, title="不再邀请您参加会议", is_urgent=True,
        body="\n".join(f"时间：{when_words(each.meeting)}" for each in told),
        calendar=invitations.publication([(each.meeting, True) for each in told], is_insider=False) if len(told) > 1
        else invitations.message(told[0].meeting, invitations.Recipient(user.name, user.email), is_off=True),
    )  # fmt: skip


def _letter(contact: Contact, told: Told) -> Letter:
    """Of a secret project: that there is a meeting, and whom to ask."""
    meeting = told.meeting
    recipient = invitations.Recipient(contact.name, contact.email)
    is_secret = invitations.is_secret(meeting)
    title = told.word if is_secret else f"{told.word}：{invitations.summary_of(meeting)}"
    asked = meeting.organiser
    body = f"详情请与组织者 {asked.name} 联系。" if is_secret else f"{_body(told)}\n联系电话：{asked.phone or '—'}"
    return Letter(
        name=f"{contact.name}（{contact.party.name}）", address=contact.email, kind=Kind.MEETING, title=title,
        body=f"{contact.name}：\n{body}", calendar=invitations.message(meeting, recipient, is_off=told.is_off),
    )  # fmt: skip


# ── Several meetings in one message ─────────────────────────────────────────
def _word_of(told: list[Told]) -> str:
    words = {each.word for each in told}
    return FOR_MANY[words.pop()] if len(words) == 1 else FOR_MANY["会议变更"]


def _title_of_series(told: list[Told]) -> str:
    """例会召集：滨江花园二期：监理周例会（9 次）."""
    return f"{_word_of(told)}：{invitations.summary_of(told[-1].meeting)}（{len(told)} 次）"


def _body_of_series(told: list[Told]) -> str:
    """The dates, one a line; what they have in common once, at the top."""
    meetings = [each.meeting for each in told]
    places, reasons = {each.place_words for each in meetings}, {each.reason for each in told}
    has_words = len({each.word for each in told}) > 1
    lines = [meetings[-1].series.rule_words] if meetings[-1].series_id else []
    lines += [f"地点：{places.copy().pop() or '另行通知'}"] if len(places) == 1 else []
    lines += [f"原因：{reasons.copy().pop()}"] if len(reasons) == 1 and any(reasons) else []
    for each in told:
        place = f"，{each.meeting.place_words or '地点另行通知'}" if len(places) > 1 else ""
        more = [each.word.removeprefix("会议")] if has_words else []
        more += [each.reason] if each.reason and len(reasons) > 1 else []
        lines.append(f"{when_words(each.meeting)}{place}" + (f"（{'，'.join(more)}）" if more else ""))
    last = meetings[-1]
    lines.append(f"组织者：{last.organiser.name}" + (f"；主持人：{last.host}" if last.host else ""))
    return "\n".join(lines)


def _events_of(told: list[Told], *, is_insider: bool) -> str:
    return invitations.publication([(each.meeting, each.is_off) for each in told], is_insider=is_insider)


def _notice_of_series(user, told: list[Told]) -> Message:
    first = next((each.meeting for each in told if not each.is_off), told[0].meeting)
    return Message(
        recipients=[user], kind=Kind.MEETING, title=_title_of_series(told), body=_body_of_series(told), url=_page_of(first),
        is_urgent=any(each.is_off for each in told), is_confidential=invitations.is_secret(first),
        calendar=_events_of(told, is_insider=True),
    )  # fmt: skip


def _letter_of_series(contact: Contact, told: list[Told]) -> Letter:
    asked, is_secret = told[-1].meeting.organiser, invitations.is_secret(told[-1].meeting)
    body = (
        f"详情请与组织者 {asked.name} 联系。"
        if is_secret
        else f"{_body_of_series(told)}\n联系电话：{asked.phone or '—'}\n附件为各次会议的日历，打开即可全部加入。"
    )
    return Letter(
        name=f"{contact.name}（{contact.party.name}）", address=contact.email, kind=Kind.MEETING,
        title=_word_of(told) if is_secret else _title_of_series(told), body=f"{contact.name}：\n{body}",
        calendar=_events_of(told, is_insider=False),
    )  # fmt: skip
