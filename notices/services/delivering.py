"""Sending what waits in the outbox: claim, send, mark. At least once, and never two senders with one message at a time."""

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from notices.channels import CHANNELS
from notices.channels.base import SENT, Message, Outcome, Verdict, later, limited
from notices.choices import DeliveryState, Kind
from notices.models import Bot, Delivery, Notice
from notices.queries import administrators
from notices.services.telling import notify

log = logging.getLogger(__name__)

# How long a sender may be at one part before another takes the message over.
LEASE = timedelta(minutes=2)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
MOST_ATTEMPTS = len(BACK_OFF) + 1
# Limits by the second are waited for, longer ones postpone.
_SHORT_WAIT = timedelta(seconds=1)


def deliver_due(*, limit: int = 500) -> dict[str, int]:
    """Send what is due, at most `limit` messages, oldest first; returns how many were sent, postponed and failed.

    Runs outside any transaction: a message is claimed by a conditional update with a lease, sent, and marked by another.
    A sender that dies in between leaves a lease that lapses, and the message goes again. A bot that does not answer or
    must be silent, or a mail server that is away, is left alone for the rest of the run: the others do not wait for it."""
    tally = {"sent": 0, "postponed": 0, "failed": 0}
    closed_bots: set[int] = set()
    closed_channels: set[str] = set()
    for _ in range(limit):
        delivery = _next_due(closed_bots, closed_channels)
        if delivery is None:
            break
        if not _claim(delivery):
            continue
        if reason := _pointless(delivery):
            _mark(delivery, state=DeliveryState.CANCELLED, last_error=reason)
            continue
        if delivery.attempts > MOST_ATTEMPTS:
            # Each sender that took it died before it could tell why.
            tally["failed"] += bool(_give_up(delivery, "发送时程序多次中断"))
            continue
        outcome = _send(delivery)
        word = _conclude(delivery, outcome)
        if word:
            tally[word] += 1
        if outcome.is_down or outcome.quiet:
            if delivery.bot_id:
                closed_bots.add(delivery.bot_id)
            else:
                closed_channels.add(delivery.channel)
    return tally


def send_test(*, bot: Bot) -> Outcome:
    """Post a line to the group of `bot` at once, outside the queue; for the page that keeps the bots."""
    message = Message(title="测试消息：机器人已接通。", link=settings.SITE_URL)
    return _post_part(bot, bot.channel, CHANNELS[bot.channel].parts(message)[0], message, bot)


def _next_due(closed_bots: set[int], closed_channels: set[str]) -> Delivery | None:
    now = timezone.now()
    return (
        Delivery.objects.due(now)
        .exclude(bot__quiet_until__gt=now)
        .exclude(bot__in=closed_bots)
        .exclude(channel__in=closed_channels)
        .select_related("bot", "recipient")
        .order_by("next_at", "pk")
        .first()
    )


def _claim(delivery: Delivery) -> bool:
    """Take the row unless somebody was faster. `next_at` is from now on when the claim lapses, and the sender's mark."""
    lapses_at = timezone.now() + LEASE
    taken = Delivery.objects.filter(pk=delivery.pk, state=delivery.state, next_at=delivery.next_at).update(
        state=DeliveryState.SENDING, next_at=lapses_at, attempts=F("attempts") + 1
    )
    delivery.was_due_at = delivery.next_at
    delivery.state, delivery.next_at, delivery.attempts = DeliveryState.SENDING, lapses_at, delivery.attempts + 1
    return bool(taken)


def _mark(delivery: Delivery, **values) -> bool:
    """Write `values` while the claim is still ours."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING, next_at=delivery.next_at)
    return bool(mine.update(**values))


def _pointless(delivery: Delivery) -> str:
    """Why nobody should hear of this any more; empty for the most."""
    if delivery.bot:
        return "" if delivery.bot.is_active else "机器人已停用"
    if not settings.EMAIL_IS_CONFIGURED:
        return "未配置邮件服务"
    if delivery.address:
        return ""
    if not delivery.recipient.is_active:
        return "收件人已停用"
    return "" if delivery.recipient.email else "收件人没有邮箱"


def _send(delivery: Delivery) -> Outcome:
    message = Message(
        title=delivery.title,
        body=delivery.body,
        link=f"{settings.SITE_URL}{delivery.url}" if delivery.url.startswith("/") else "",
        mentions=tuple(delivery.mentions),
        key=f"delivery-{delivery.pk}-{delivery.created_at:%Y%m%d%H%M%S}",
        calendar=delivery.calendar,
        is_to_outsider=bool(delivery.address),
    )
    address = delivery.bot or delivery.address or delivery.recipient.email
    try:
        parts = CHANNELS[delivery.channel].parts(message)
        for number in range(delivery.parts_sent, len(parts)):
            outcome = _post_part(address, delivery.channel, parts[number], message, delivery.bot)
            if outcome is not SENT:
                return outcome
            if number + 1 < len(parts) and not _remember_part(delivery):
                return later("已由另一进程接手")
    except Exception as error:
        # One message that nobody foresaw must not stop all others. Its words may hold an address: only its name is kept.
        log.error("delivery %s: %s", delivery.pk, type(error).__name__)
        return later(f"程序内部错误（{type(error).__name__}）")
    return SENT


def _remember_part(delivery: Delivery) -> bool:
    lapses_at = timezone.now() + LEASE
    is_ours = _mark(delivery, parts_sent=F("parts_sent") + 1, next_at=lapses_at)
    delivery.next_at = lapses_at
    return is_ours


def _post_part(address, channel: str, part: str, message: Message, bot: Bot | None) -> Outcome:
    module = CHANNELS[channel]
    if bot and (wait := _wait_for_slot(bot, module.WINDOWS)):
        return limited("已达到机器人的发送频率上限，稍后自动发送", wait)
    return module.post(address, part, message)


def _wait_for_slot(bot: Bot, windows) -> timedelta | None:
    """None once the bot may post, which is counted then; otherwise how long it must be silent."""
    wait = _take_slot(bot, windows)
    for _ in range(3):
        if wait is None or wait > _SHORT_WAIT:
            break
        time.sleep(wait.total_seconds())
        wait = _take_slot(bot, windows)
    return wait


@transaction.atomic
def _take_slot(bot: Bot, windows) -> timedelta | None:
    """Count a post of `bot`, or tell how long until one is free. The row is locked: all senders share one count."""
    posts = Bot.objects.select_for_update().values_list("recent_posts", flat=True).get(pk=bot.pk)
    now, longest = timezone.now(), timedelta(seconds=max(seconds for seconds, _ in windows))
    moments = [moment for moment in map(datetime.fromisoformat, posts) if now - moment < longest]
    for seconds, most in windows:
        within = [moment for moment in moments if now - moment < timedelta(seconds=seconds)]
        if len(within) >= most:
            return within[-most] + timedelta(seconds=seconds) - now
    Bot.objects.filter(pk=bot.pk).update(recent_posts=[moment.isoformat() for moment in [*moments, now]])
    return None


def _conclude(delivery: Delivery, outcome: Outcome) -> str:
    """Mark what became of a claimed message; returns the word for the tally, empty where the claim was no longer ours."""
    now = timezone.now()
    if outcome is SENT:
        is_ours = _mark(delivery, state=DeliveryState.SENT, sent_at=now, last_error="", parts_sent=F("parts_sent") + 1)
        return "sent" if is_ours else ""
    if outcome.quiet:
        # Too often is no failure: the attempt does not count, and the message keeps its place in the queue.
        Bot.objects.filter(pk=delivery.bot_id).update(quiet_until=now + outcome.quiet)
        return _postpone(delivery, outcome, delivery.was_due_at, attempts=F("attempts") - 1)
    if outcome.verdict is Verdict.REFUSED or delivery.attempts >= MOST_ATTEMPTS:
        return _give_up(delivery, outcome.reason)
    return _postpone(delivery, outcome, now + BACK_OFF[delivery.attempts - 1])


def _postpone(delivery: Delivery, outcome: Outcome, until: datetime, **more) -> str:
    is_ours = _mark(delivery, state=DeliveryState.PENDING, next_at=until, last_error=outcome.reason[:300], **more)
    return "postponed" if is_ours else ""


@transaction.atomic
def _give_up(delivery: Delivery, reason: str) -> str:
    if not _mark(delivery, state=DeliveryState.FAILED, last_error=reason[:300]):
        return ""
    log.warning("delivery %s failed: %s", delivery.pk, reason)
    _tell_administrators(delivery, reason)
    return "failed"


def _tell_administrators(delivery: Delivery, reason: str) -> None:
    """Once a day for each bot and each person, however many messages fail."""
    title = f"消息未送达：{delivery.get_channel_display()} → {delivery.address_name}"
    morning = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    if Notice.objects.filter(kind=Kind.UNDELIVERABLE, title=title, created_at__gte=morning).exists():
        return
    notify(
        recipients=administrators(),
        kind=Kind.UNDELIVERABLE,
        title=title,
        body=f"{reason}。请处理后重新发送。",
        url="/notices/undeliverable/",
    )
