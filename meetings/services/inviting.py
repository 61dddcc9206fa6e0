"""Who is invited to a meeting, who must be, and what they are told: notices to insiders, letters to contacts, each with an
iCalendar message of their own."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from meetings import invitations
from meetings.choices import Attendance, PartyKind
from meetings.guests import Guests
from meetings.models import Contact, Invitation, Meeting, MeetingKind, Party
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
    for role in kind.invited_roles:
        of_role = holders(role, project)
        if not of_role:
            found.append(f"{Role(role).label}：尚无任职人员")
        elif not any(user in guests.users for user in of_role):
            found.append(f"{Role(role).label}：未邀请")
    return found


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
        blind = [user.name for user in guests.users if not Project.objects.visible_to(user).filter(pk=project.pk)]
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


# ── What they are told ──────────────────────────────────────────────────────
def when_words(meeting: Meeting) -> str:
    """2026-11-30 周一 09:30–10:30."""
    begin, end = timezone.localtime(meeting.starts_at), timezone.localtime(meeting.ends_at)
    until = f"{end:%H:%M}" if end.date() == begin.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{begin:%Y-%m-%d} 周{WEEKDAYS[begin.weekday()]} {begin:%H:%M}–{until}"


def tell(meeting: Meeting, guests: Guests, *, word: str, actor=None, reason: str = "", is_off: bool = False) -> int:
    """Tell `guests` in the caller's transaction: “会议召集：…”. The one who acts knows. Returns how many contacts could
    not be written to: they have no address, or the firm has no mail server. Nothing is sent for what is past, nor to a
    contact who is on the list of the project no more."""
    if meeting.ends_at <= timezone.now() and not is_off:
        return 0
    notify_all(_notice(meeting, user, word, reason, is_off) for user in guests.users if user != actor)
    contacts = [contact for contact in guests.contacts if contact.is_active and contact.party.is_active]
    letters = [_letter(meeting, contact, word, reason, is_off) for contact in contacts if contact.email]
    return len(contacts) - write_letters(letters)


def _body(meeting: Meeting, reason: str) -> str:
    lines = [f"时间：{when_words(meeting)}", f"地点：{meeting.place_words or '另行通知'}"]
    lines += [f"原因：{reason}"] if reason else []
    return "\n".join([*lines, *invitations.lines_of(meeting)])


def _notice(meeting: Meeting, user, word: str, reason: str, is_off: bool) -> Message:
    recipient = invitations.Recipient(user.name, user.email, is_insider=True)
    return Message(
        recipients=[user], kind=Kind.MEETING, title=f"{word}：{invitations.summary_of(meeting)}",
        body=_body(meeting, reason), url=invitations.page_of(meeting).removeprefix(settings.SITE_URL),
        is_urgent=is_off, is_confidential=invitations.is_secret(meeting),
        calendar=invitations.message(meeting, recipient, is_off=is_off),
    )  # fmt: skip


def _letter(meeting: Meeting, contact: Contact, word: str, reason: str, is_off: bool) -> Letter:
    """Of a secret project: that there is a meeting, and whom to ask."""
    recipient = invitations.Recipient(contact.name, contact.email)
    is_secret = invitations.is_secret(meeting)
    title = word if is_secret else f"{word}：{invitations.summary_of(meeting)}"
    asked = meeting.organiser
    body = (
        f"详情请与组织者 {asked.name} 联系。"
        if is_secret
        else f"{_body(meeting, reason)}\n联系电话：{asked.phone or '—'}"
    )
    return Letter(
        name=f"{contact.name}（{contact.party.name}）", address=contact.email, kind=Kind.MEETING, title=title,
        body=f"{contact.name}：\n{body}", calendar=invitations.message(meeting, recipient, is_off=is_off),
    )  # fmt: skip
