"""The morning's e-mail with everything unread, for those who want one instead of many."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from notices.choices import Channel, Kind
from notices.models import Delivery, Notice, Preference
from notices.services.telling import discreet_title

MOST_LINES = 100


def write_digests() -> int:
    """Write the digests that are due this morning into the outbox; returns how many.

    A person's day is claimed by a conditional update together with the e-mail: run twice or by two workers, each gets
    one. After days of standstill it is still one, of all that time. With nothing unread there is none."""
    now = timezone.localtime()
    if not settings.EMAIL_IS_CONFIGURED or now.time() < settings.DIGEST_AT:
        return 0
    today = now.date()
    waiting = Preference.objects.filter(_not_yet(today), digest=True, email=True, user__is_active=True)
    return sum(_write(wish, today, now) for wish in waiting.exclude(user__email="").select_related("user"))


def last_digest_day(now: datetime) -> date:
    """The day of the latest moment at which digests were due, seen from the local time `now`."""
    return now.date() if now.time() >= settings.DIGEST_AT else now.date() - timedelta(days=1)


def _not_yet(today: date) -> Q:
    return Q(last_digest_on__isnull=True) | Q(last_digest_on__lt=today)


@transaction.atomic
def _write(wish: Preference, today: date, now: datetime) -> bool:
    if not Preference.objects.filter(_not_yet(today), pk=wish.pk, digest=True).update(last_digest_on=today):
        return False
    since_day = wish.last_digest_on or today - timedelta(days=1)
    since = timezone.make_aware(datetime.combine(since_day, settings.DIGEST_AT))
    unread = Notice.objects.filter(recipient=wish.user, created_at__gte=since, created_at__lte=now).unread()
    count = unread.count()
    if not count:
        return False
    Delivery.objects.create(
        channel=Channel.EMAIL,
        recipient=wish.user,
        kind=Kind.DIGEST,
        title=f"每日摘要：{count} 条未读消息（{today:%Y-%m-%d}）",
        body=_lines(unread.order_by("created_at", "pk")[:MOST_LINES], count),
        url="/notices/?state=unread",
        created_at=now,
        next_at=now,
    )
    return True


def _lines(notices, count: int) -> str:
    lines = [
        f"{timezone.localtime(notice.created_at):%m-%d %H:%M}　"
        + (discreet_title(notice.kind) if notice.is_confidential else f"{notice.get_kind_display()}　{notice.title}")
        for notice in notices
    ]
    if count > MOST_LINES:
        lines.append(f"另有 {count - MOST_LINES} 条，请登录系统查看。")
    return "\n".join(lines)
