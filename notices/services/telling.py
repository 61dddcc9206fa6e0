"""The one sender of messages: the in-app inbox, and the outbox for the channels outside."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from notices.choices import ALWAYS_HEARD, IN_APP_ONLY, NOT_FOR_GROUPS, Channel, Kind
from notices.models import Bot, Delivery, Notice, Preference
from staff.models import units_by_parent

NAMES_SHOWN = 20


@dataclass(frozen=True)
class Message:
    """One message to some people. `is_urgent` does not wait for the morning's digest; of what `is_confidential` (秘密)
    only the kind and the link leave the house."""

    recipients: Iterable
    kind: Kind
    title: str
    body: str = ""
    url: str = ""
    is_urgent: bool = False
    is_confidential: bool = False
    # An iCalendar message for the mail program of the one recipient; e-mail alone carries it, at once.
    calendar: str = ""


@dataclass(frozen=True)
class Letter:
    """One e-mail to somebody outside, who has no account. `url` is a page that needs no login."""

    name: str
    address: str
    kind: Kind
    title: str
    body: str = ""
    url: str = ""
    calendar: str = ""


def write_letters(letters: Iterable[Letter]) -> int:
    """Put e-mails to people outside into the outbox, in the caller's transaction; returns how many. None where the firm has
    no mail server: the caller tells whoever organises that nobody was written to."""
    if not settings.EMAIL_IS_CONFIGURED:
        return 0
    now = timezone.now()
    rows = [
        Delivery(
            channel=Channel.EMAIL, outsider=_one_line(letter.name)[:80], address=letter.address, kind=letter.kind,
            title=_one_line(letter.title)[:200], body=letter.body, url=letter.url, calendar=letter.calendar,
            created_at=now, next_at=now,
        )
        for letter in letters
        if letter.address
    ]  # fmt: skip
    return len(Delivery.objects.bulk_create(rows))


def notify(**message) -> None:
    """Write one message (the fields of `Message`); see `notify_all`."""
    notify_all([Message(**message)])


def notify_all(messages: Iterable[Message]) -> int:
    """Write one notice to each active recipient of each message, once each, and what goes outside into the outbox; returns
    how many notices were written.

    Runs in the caller's transaction: no act, no message. Costs the same few queries whatever the number of messages and
    recipients. A kind that a person has muted is written as read already and goes nowhere else."""
    told = [(message, people) for message in messages if (people := _active(message.recipients))]
    if not told:
        return 0
    now = timezone.now()
    everybody = {pk for _, people in told for pk in people}
    wishes = {wish.user_id: wish for wish in Preference.objects.filter(user__in=everybody)}
    rows = [_Row(message, person, wishes.get(person.pk)) for message, people in told for person in people.values()]
    notices = Notice.objects.bulk_create(row.notice(now) for row in rows)
    outside = [
        _email(row, notice, now) for row, notice in zip(rows, notices, strict=True) if row.wants_email
    ] + _for_groups(rows, now)
    Delivery.objects.bulk_create(outside)
    return len(notices)


def _active(recipients) -> dict[int, object]:
    return {person.pk: person for person in recipients if person is not None and person.is_active}


class _Row:
    """One message to one person, with what this person wishes to hear."""

    def __init__(self, message: Message, person, wish: Preference | None):
        self.message, self.person = message, person
        self.is_heard = not _is_muted(wish, message.kind)
        leaves = self.is_heard and message.kind not in IN_APP_ONLY
        is_at_once = message.is_urgent or bool(message.calendar)
        self.wants_email = leaves and _wants_email(person, wish, is_at_once)
        self.is_for_groups = leaves and message.kind not in NOT_FOR_GROUPS

    def notice(self, now: datetime) -> Notice:
        message = self.message
        return Notice(
            recipient=self.person, kind=message.kind, title=_one_line(message.title)[:200], body=message.body,
            url=message.url, is_confidential=message.is_confidential, created_at=now,
            read_at=None if self.is_heard else now,
        )  # fmt: skip


def _told_outside(message: Message) -> dict:
    """What of a message may leave the house by e-mail."""
    if message.is_confidential:
        return {"kind": message.kind, "title": discreet_title(message.kind), "body": "", "url": message.url}
    title = _one_line(message.title)[:200]
    return {"kind": message.kind, "title": title, "body": message.body, "url": message.url}


def _email(row: _Row, notice: Notice, now: datetime) -> Delivery:
    return Delivery(
        channel=Channel.EMAIL, recipient=row.person, notice=notice, created_at=now, next_at=now,
        calendar="" if row.message.is_confidential else row.message.calendar,
        **_told_outside(row.message),
    )  # fmt: skip


def mark_read(*, user, notice_ids: Iterable[int] | None = None) -> int:
    """Mark the given notices of `user` (all of them with None) as read; returns how many were unread."""
    unread = Notice.objects.filter(recipient=user).unread()
    if notice_ids is not None:
        unread = unread.filter(pk__in=notice_ids)
    return unread.update(read_at=timezone.now())


def mark_read_about(*, user, record: str) -> int:
    """Mark as read what tells `user` about the record at the address `record`; returns how many were unread."""
    return Notice.objects.filter(recipient=user, url__startswith=record).unread().update(read_at=timezone.now())


def discreet_title(kind: Kind) -> str:
    """What may be told outside of a confidential notice."""
    return f"{Kind(kind).label}：请登录系统查看"


def _one_line(text: str) -> str:
    """Titles become subjects of e-mails, where a line break would be a header of its own."""
    return " ".join(text.split())


def _is_muted(wish: Preference | None, kind: Kind) -> bool:
    return wish is not None and kind in wish.muted_kinds and kind not in ALWAYS_HEARD


def _wants_email(person, wish: Preference | None, is_urgent: bool) -> bool:
    if not settings.EMAIL_IS_CONFIGURED or not person.email:
        return False
    return wish is None or (wish.email and (is_urgent or not wish.digest))


def _for_groups(rows: list[_Row], now: datetime) -> list[Delivery]:
    """One message for each bot that carries its kind and looks after one of its people. A group is wider than its
    recipients, so it gets title, names and link; what the message says is read after logging in."""
    addressed: dict[int, list[_Row]] = {}
    for row in rows:
        if row.is_for_groups:
            addressed.setdefault(id(row.message), []).append(row)
    bots = list(Bot.objects.filter(is_active=True)) if addressed else []
    above = _units_above() if any(bot.unit_id for bot in bots) else {}
    return [
        found
        for group in addressed.values()
        for bot in bots
        if not bot.kinds or group[0].message.kind in bot.kinds
        if (found := _post(bot, group, above, now)) is not None
    ]


def _post(bot: Bot, group: list[_Row], above, now: datetime) -> Delivery | None:
    """A message for one bot; None where none of its people belong to the bot's unit."""
    people = [row.person for row in group]
    covered = [person for person in people if not bot.unit_id or bot.unit_id in _lineage(person.unit_id, above)]
    if not covered:
        return None
    phones = list(dict.fromkeys(filter(None, (_mobile(person.phone) for person in covered))))
    words = {**_told_outside(group[0].message), "body": _names(covered)}
    return Delivery(channel=bot.channel, bot=bot, mentions=phones, created_at=now, next_at=now, **words)


def _mobile(phone: str) -> str:
    """A mobile number as the services know it, eleven digits; empty for any other number."""
    digits = "".join(sign for sign in phone if sign.isascii() and sign.isdigit()).removeprefix("86")
    return digits if len(digits) == 11 and digits[0] == "1" else ""


def _units_above() -> dict[int, int | None]:
    return {child: parent for parent, children in units_by_parent().items() for child in children}


def _lineage(unit_id: int | None, above: dict[int, int | None]) -> set[int]:
    found: set[int] = set()
    while unit_id is not None and unit_id not in found:
        found.add(unit_id)
        unit_id = above.get(unit_id)
    return found


def _names(people: list) -> str:
    shown = "、".join(person.name for person in people[:NAMES_SHOWN])
    return f"请查看：{shown}" + (f" 等 {len(people)} 人" if len(people) > NAMES_SHOWN else "")
