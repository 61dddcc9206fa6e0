"""Issued minutes go to every participating unit and to those of us who were invited; receipts come back, or reminders go
out."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from deadlines.queries import working_calendar
from ledger.services import record
from meetings import chain, rules
from meetings.choices import Act, ActionState, LinkPurpose, ReceivedBy
from meetings.models import AccessLink, Contact, Distribution, Meeting, Minutes, Party
from meetings.queries.minutes import writer_of
from meetings.secrecy import may_know, seeing
from meetings.services import inviting, links
from meetings.telling import is_secret, tell
from notices.choices import Kind
from notices.services import Letter, write_letters
from staff.models import User

# A button that is pressed twice writes once.
JUST_NOW = timedelta(minutes=10)


# ── Out ─────────────────────────────────────────────────────────────────────
def parties_for(meeting: Meeting, ticked: Iterable[Party] = ()) -> list[Party]:
    """The units that get the minutes: those invited or present, those that the kind must invite, whoever called it or writes
    them, those that have something to do by them, and what the organiser ticked. Only the project's own."""
    if meeting.project_id is None:
        return []
    rows = Party.objects.filter(project=meeting.project_id)
    ids = set(rows.filter(contacts__invitations__meeting=meeting).values_list("pk", flat=True))
    ids |= set(meeting.invitations.filter(party__isnull=False).values_list("party", flat=True))
    owing = meeting.action_items.exclude(state=ActionState.DROPPED).filter(owner_contact__isnull=False)
    ids |= set(owing.order_by().values_list("owner_contact__party", flat=True))
    ids |= set(rows.filter(is_active=True, kind__in=meeting.kind.invited_parties).values_list("pk", flat=True))
    writer = writer_of(meeting)
    ids |= {meeting.called_by_id, writer.pk if writer else None} | {party.pk for party in ticked}
    return list(rows.filter(pk__in=ids - {None}).order_by("kind", "name", "pk"))


def _main_contacts(parties: list[Party]) -> dict[int, Contact]:
    """For each unit whom to write to: 单位联系人, or the first with an address; one query."""
    found: dict[int, Contact] = {}
    for contact in Contact.objects.filter(party__in=parties, is_active=True).order_by("-is_main", "pk"):
        kept = found.get(contact.party_id)
        if kept is None or (not kept.is_main and not kept.email and contact.email):
            found[contact.party_id] = contact
    return found


def preview(meeting: Meeting, units: list[Party]) -> list[tuple[Party, Contact | None]]:
    """Who would be written to at each unit."""
    contacts = _main_contacts(units)
    return [(unit, contacts.get(unit.pk)) for unit in units]


def distribute(*, minutes: Minutes, actor, parties: Iterable[Party] = ()) -> list[list]:
    """Send minutes out, in the act that issues them; of a secret project none to those of us who may not see it any more.
    Returns what the ledger keeps: [copy, "party" or "user", id]."""
    meeting = minutes.meeting
    units = parties_for(meeting, parties)
    people = User.objects.active().filter(invitations__meeting=meeting).order_by("pk")
    return _send(minutes, actor, units, seeing(meeting.project, people))


def distribute_again(*, minutes: Minutes, actor, also: Iterable[Party] = ()) -> list[list]:
    """Send a supplement to everybody who got what it supplements or an earlier supplement, and to the units `also`."""
    first = Distribution.objects.filter(
        Q(minutes=minutes.supplement_to) | Q(minutes__supplement_to=minutes.supplement_to)
    ).order_by("pk")
    units = Party.objects.filter(Q(pk__in=first.values("party")) | Q(pk__in=[unit.pk for unit in also]))
    units = list(units.order_by("kind", "name", "pk"))
    people = User.objects.active().filter(pk__in=first.values("user")).order_by("pk")
    return _send(minutes, actor, units, seeing(minutes.meeting.project, people))


def _send(minutes: Minutes, actor, units: list[Party], people: list) -> list[list]:
    contacts, now = _main_contacts(units), timezone.now()
    rows = [Distribution(minutes=minutes, party=unit, contact=contacts.get(unit.pk), sent_at=now) for unit in units]
    # Who signs it has it.
    rows += [Distribution(minutes=minutes, user=person, sent_at=now) for person in people if person.pk != actor.pk]
    rows = Distribution.objects.bulk_create(rows)
    for row in rows:
        if row.party_id:
            _write(row, actor, f"请签收会议纪要 {minutes.number}")
    tell(minutes.meeting, [row.user for row in rows if row.user_id], part="receipts",
         title=f"会议纪要 {minutes.number} 已签发，请签收", body=str(minutes.meeting.title))  # fmt: skip
    return [[row.pk, "party" if row.party_id else "user", row.party_id or row.user_id] for row in rows]


def addressees(rows: Iterable[Distribution]) -> dict[int, Contact]:
    """Copy → whom a letter about it goes to by itself: the contact it was sent to; once that one is on the list no more,
    the unit's main contact of now. One query at most."""
    if not settings.EMAIL_IS_CONFIGURED:
        return {}
    return {pk: contact for pk, contact in _in_charge(rows).items() if contact and contact.email}


def _in_charge(rows: Iterable[Distribution]) -> dict[int, Contact | None]:
    """Copy → the contact who answers for it at its unit, with an address or without."""
    rows = [row for row in rows if row.party_id and row.party.is_active]
    stale = [row.party for row in rows if row.contact_id is None or not row.contact.is_active]
    now = _main_contacts(stale) if stale else {}
    return {row.pk: row.contact if row.contact_id and row.contact.is_active else now.get(row.party_id) for row in rows}


COPY_ALONG = ("minutes__meeting__project", "minutes__meeting__organiser", "minutes__meeting__kind", "party", "contact")


def copies_of(contact: Contact) -> list[Distribution]:
    """The copies that are written to `contact` as things are."""
    rows = list(Distribution.objects.filter(party=contact.party_id).select_related(*COPY_ALONG).order_by("pk"))
    found = _in_charge(rows)
    return [row for row in rows if found.get(row.pk) == contact]


def readdress(*, actor, copies: Iterable[Distribution], was_known: bool) -> dict[str, list[int]]:
    """The address to which these copies were sent was wrong: no link that went there opens anything any more (`was_known`: there
    was an address), and a new one goes to the new address where a receipt is owed, or an objection may still be made. Where
    nobody can be written to, the organiser is told. Part of the act that corrects the address, which has permitted it and holds
    the meetings. Returns the links that were revoked and the copies that were sent again, for the ledger."""
    copies = list(
        Distribution.objects.filter(pk__in=[row.pk for row in copies]).select_related(*COPY_ALONG).order_by("pk")
    )
    live = links.live_of(copies)
    if was_known:
        links.revoke_of(actor=actor, distributions=Q(distribution__in=copies))
    today, sent = timezone.localdate(), []
    for row in copies:
        is_owed = row.received_at is None
        may_object = row.pk in live and rules.may_object(row.minutes.objections_until, today)
        if not (is_owed or may_object) or (row.pk in live and not was_known):
            continue  # who has a link from somebody's hand keeps it
        title = f"请签收会议纪要 {row.minutes.number}" if is_owed else f"会议纪要 {row.minutes.number} 的新链接"
        if _write(row, actor, title):
            sent.append(row.pk)
        elif row.pk in live:
            tell(row.minutes.meeting, [inviting.answering(row.minutes.meeting)], part="receipts",
                 title=f"联系人邮箱已更改，原链接已撤销：{row.minutes.number}",
                 body=f"{row.party.name}没有可用的邮箱，请生成签收链接或登记签收。")  # fmt: skip
    return {"revoked": sorted(live.values()) if was_known else [], "sent": sent}


def tell_answered(*, row: Distribution, actor) -> bool:
    """The unit's objection was answered: it reads the answer by a new link. Part of the act that answers it. False where nobody
    can be written to."""
    return _write(row, actor, f"会议纪要 {row.minutes.number} 的异议已答复")


def _write(row: Distribution, actor, title: str) -> bool:
    """Write to the unit with a new link; False where nobody can be written to: the organiser hands over a link."""
    contact, meeting = addressees([row]).get(row.pk), row.minutes.meeting
    if contact is None:
        return False
    _, secret = links.renew(actor=actor, meeting=meeting, distribution=row)
    about = "" if is_secret(meeting) else f"会议：{meeting.title}。"
    last = row.minutes.objections_until
    until = (
        f"如有异议，请于 {last:%Y-%m-%d} 前在同一页面提出。" if rules.may_object(last, timezone.localdate()) else ""
    )
    body = (
        f"{contact.name}您好：{about}会议纪要 {row.minutes.number} 已由{settings.FIRM_NAME}签发，"
        f"请打开链接查看{'' if row.received_at else '并签收'}。{until}链接仅供贵单位使用，30 天内有效。"
    )
    write_letters([Letter(name=contact.name, address=contact.email, kind=Kind.MEETING, title=title, body=body,
                          url=links.address_of(secret))])  # fmt: skip
    return True


def ask_writer(meeting: Meeting) -> None:
    """The meeting is over, and a unit outside writes the minutes by the 制度: its contact is asked for them. Whoever organises it in
    the system enters and issues them, and owes their clock. In the act that ends it; nothing where nobody can be written to."""
    writer = writer_of(meeting)
    contact = _main_contacts([writer]).get(writer.pk) if writer and writer.is_active else None
    if contact is None or not contact.email:
        return
    asked, about = meeting.organiser, "会议" if is_secret(meeting) else f"会议“{meeting.title}”（{meeting.number}）"
    body = (
        f"{contact.name}您好：{about}已召开，按制度由贵单位编写会议纪要，请尽快送{settings.FIRM_NAME} {asked.name}"
        f"（电话：{asked.phone or '—'}），由其签发并分发各参加单位。"
    )
    title = "请编写会议纪要" if is_secret(meeting) else f"请编写会议纪要：{meeting.title}"
    write_letters([Letter(name=f"{contact.name}（{writer.name}）", address=contact.email, kind=Kind.MEETING, title=title,
                          body=body)])  # fmt: skip


# ── Receipts ────────────────────────────────────────────────────────────────
def _receive(row: Distribution, *, actor, how: ReceivedBy, name: str, note: str = "", link=None) -> Distribution:
    """Write down a receipt, once; a second time it stays as it is."""
    name, note = " ".join(name.split()), note.strip()
    if not name:
        raise ValidationError({"name": "请填写签收人姓名。"})
    if len(name) > 40 or len(note) > 200:
        raise ValidationError({"name": "姓名最多 40 字，说明最多 200 字。"})
    now = timezone.now()
    taken = Distribution.objects.filter(pk=row.pk, received_at__isnull=True).update(
        received_at=now, received_by=how, receiver_name=name, receipt_note=note
    )
    row = Distribution.objects.select_related("minutes__meeting__project", "party", "user").get(pk=row.pk)
    if taken:
        data = {"distribution": row.pk, "how": how, "name": name, "note": note, "at": now}
        record(actor=actor, action="minutes.receive", subject=row.minutes.meeting, scope=row.minutes.meeting.project,
               data=data | ({"link": link.pk} if link else {}))  # fmt: skip
    return row


@transaction.atomic
def receive(*, actor, distribution: Distribution) -> Distribution:
    """签收 by whom of us it went to. Raises PermissionDenied for anybody else."""
    if distribution.user_id != actor.pk or not actor.is_active:
        raise PermissionDenied("只有收件人本人可以签收。")
    chain.touch(meeting=distribution.minutes.meeting)
    return _receive(distribution, actor=actor, how=ReceivedBy.CLICK, name=actor.name)


@transaction.atomic
def receive_by_link(*, link: AccessLink, name: str) -> Distribution:
    """签收 by a participating unit. Raises AccessLink.DoesNotExist for a link that is not good, or is for something else."""
    link = links.held(link, LinkPurpose.RECEIPT)
    row = _receive(link.distribution, actor=None, how=ReceivedBy.LINK, name=name, link=link)
    meeting = row.minutes.meeting
    if not link.distribution.received_at:
        tell(meeting, [inviting.answering(meeting)], part="receipts",
             title=f"{row.party.name}已签收会议纪要 {row.minutes.number}", body=f"签收人：{row.receiver_name}")  # fmt: skip
    return row


@transaction.atomic
def register_receipt(*, actor, distribution: Distribution, name: str, note: str) -> Distribution:
    """The organiser registers that a unit received on paper or otherwise, with a note of how. Raises PermissionDenied;
    ValidationError for a copy of one of us, who receives in person, without a note, and once it is received."""
    meeting = chain.touch(meeting=distribution.minutes.meeting)
    chain.require_place(meeting, Act.ISSUE, actor)
    if distribution.party_id is None:
        raise ValidationError("公司内部人员须本人在系统中签收。")
    if not note.strip():
        raise ValidationError({"note": "请说明签收方式和凭据，如“纸质签收，见签收簿第 12 页”。"})
    distribution.refresh_from_db()
    if distribution.received_at:
        raise ValidationError("该单位已经签收。")
    return _receive(distribution, actor=actor, how=ReceivedBy.ORGANISER, name=name, note=note)


# ── Reminders ───────────────────────────────────────────────────────────────
def _missing(*conditions: Q, **which) -> list[Distribution]:
    """The copies that were not received, but those of people to whom the project became secret: they cannot open them."""
    along = (
        "minutes__meeting__project",
        "minutes__meeting__organiser",
        "minutes__meeting__kind",
        "party",
        "contact",
        "user",
    )
    rows = (
        Distribution.objects.filter(*conditions, received_at__isnull=True, **which)
        .select_related(*along)
        .order_by("pk")
    )
    return [row for row in rows if row.user_id is None or may_know(row.user, row.minutes.meeting.project)]


def _not_reminded_since(moment) -> Q:
    return Q(reminded_at__isnull=True) | Q(reminded_at__lt=moment)


@transaction.atomic
def remind(*, actor, meeting: Meeting, distributions: Iterable[int] | None = None) -> tuple[int, int]:
    """催收 by hand: all who have not received, or those named, but whom one reminded just now. Returns (reminded, those to whom nobody can write: the
    organiser hands them a link). Raises PermissionDenied."""
    meeting = chain.touch(meeting=meeting)
    chain.require_place(meeting, Act.ISSUE, actor)
    named = {} if distributions is None else {"pk__in": distributions}
    rows = _missing(_not_reminded_since(timezone.now() - JUST_NOW), minutes__meeting=meeting, **named)
    silent = [row for row in rows if not _remind(row, actor)]
    return len(rows) - len(silent), len(silent)


def _remind(row: Distribution, actor) -> bool:
    """Remind one recipient; False where a unit cannot be written to."""
    title = f"催收：请签收会议纪要 {row.minutes.number}"
    if row.user_id:
        tell(row.minutes.meeting, [row.user], part="receipts", title=title)
    elif not _write(row, actor, title):
        return False
    _count(row)
    return True


def _count(row: Distribution) -> None:
    Distribution.objects.filter(pk=row.pk).update(reminders=row.reminders + 1, reminded_at=timezone.now())


def remind_due() -> int:
    """At each bell: whoever has not received three working days after the minutes or the last reminder is reminded, five
    times at most; the organiser is told of units to whom nobody can write. Returns how many. One transaction for each
    meeting, so that one failure keeps nobody else waiting."""
    # Working days are days: who heard of it since then cannot be due, and most bells end here.
    before = timezone.now() - timedelta(days=rules.REMIND_EVERY - 1)
    rows = _missing(_not_reminded_since(before), sent_at__lt=before, reminders__lt=rules.MOST_REMINDERS)
    if not rows:
        return 0
    today, calendar = timezone.localdate(), working_calendar()
    due = {row.minutes.meeting_id for row in rows if _is_due(row, today, calendar)}
    return sum(_remind_meeting(pk, today, calendar) for pk in sorted(due))


def _is_due(row: Distribution, today, calendar) -> bool:
    last = timezone.localtime(row.reminded_at or row.sent_at)
    return rules.is_reminder_due(last, row.reminders, today, calendar)


@transaction.atomic
def _remind_meeting(pk: int, today, calendar) -> int:
    meeting = chain.touch(meeting=Meeting(pk=pk))
    rows = [row for row in _missing(minutes__meeting=pk) if _is_due(row, today, calendar)]
    silent = [row for row in rows if not _remind(row, None)]
    for row in silent:
        _count(row)
    if silent:
        names = "、".join(dict.fromkeys(row.party.name for row in silent))
        tell(meeting, [inviting.answering(meeting)], part="receipts", title=f"会议纪要尚未签收，请催收：{meeting}",
             body=f"下列单位没有可用的邮箱，请生成签收链接或登记签收：{names}。")  # fmt: skip
    return len(rows)
