"""The one sender of messages: the in-app inbox, and the outbox for the channels outside."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from notices.choices import ALWAYS_HEARD, IN_APP_ONLY, NOT_FOR_GROUPS, Channel, Kind
from notices.models import Bot, Delivery, Notice, Preference
from staff.models import units_by_parent

NAMES_SHOWN = 20


def notify(
    *,
    recipients: Iterable,
    kind: Kind,
    title: str,
    body: str = "",
    url: str = "",
    is_urgent: bool = False,
    is_confidential: bool = False,
) -> None:
    """Write one notice to each active recipient, once each, and what goes outside into the outbox.

    Runs in the caller's transaction: no act, no message. Costs the same few queries whatever the number of recipients.
    A kind that a person has muted is written as read already and goes nowhere else. `is_urgent` does not wait for the
    morning's digest; of what `is_confidential` (秘密) only the kind and the link leave the house."""
    people = {person.pk: person for person in recipients if person is not None and person.is_active}
    if not people:
        return
    title, now = _one_line(title)[:200], timezone.now()
    wishes = {wish.user_id: wish for wish in Preference.objects.filter(user__in=people)}
    heard = {pk: person for pk, person in people.items() if not _is_muted(wishes.get(pk), kind)}
    notices = Notice.objects.bulk_create(
        Notice(
            recipient=person,
            kind=kind,
            title=title,
            body=body,
            url=url,
            is_confidential=is_confidential,
            created_at=now,
            read_at=None if pk in heard else now,
        )
        for pk, person in people.items()
    )
    if kind in IN_APP_ONLY or not heard:
        return
    if is_confidential:
        title, body = discreet_title(kind), ""
    by_email = [
        Delivery(channel=Channel.EMAIL, recipient_id=notice.recipient_id, notice=notice, kind=kind, title=title,
                 body=body, url=url, created_at=now, next_at=now)
        for notice in notices
        if notice.recipient_id in heard
        and _wants_email(people[notice.recipient_id], wishes.get(notice.recipient_id), is_urgent)
    ]  # fmt: skip
    Delivery.objects.bulk_create(by_email + _for_groups(heard.values(), kind, title, url, now))


def mark_read(*, user, notice_ids: Iterable[int] | None = None) -> int:
    """Mark the given notices of `user` (all of them with None) as read; returns how many were unread."""
    unread = Notice.objects.filter(recipient=user).unread()
    if notice_ids is not None:
        unread = unread.filter(pk__in=notice_ids)
    return unread.update(read_at=timezone.now())


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


def _for_groups(people, kind: Kind, title: str, url: str, now: datetime) -> list[Delivery]:
    """One message for each bot that carries this kind and looks after one of `people`. A group is wider than its
    recipients, so it gets title, names and link; what the message says is read after logging in."""
    if kind in NOT_FOR_GROUPS:
        return []
    bots = [bot for bot in Bot.objects.filter(is_active=True) if not bot.kinds or kind in bot.kinds]
    above = _units_above() if any(bot.unit_id for bot in bots) else {}
    found = []
    for bot in bots:
        covered = [person for person in people if not bot.unit_id or bot.unit_id in _lineage(person.unit_id, above)]
        if covered:
            phones = list(dict.fromkeys(filter(None, (_mobile(person.phone) for person in covered))))
            found.append(
                Delivery(channel=bot.channel, bot=bot, kind=kind, title=title, body=_names(covered), url=url,
                         mentions=phones, created_at=now, next_at=now)
            )  # fmt: skip
    return found


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
