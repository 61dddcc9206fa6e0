"""A person's calendar feed: who holds the address reads the time limits, so only its hash is kept (§6 reminders)."""

import hashlib
import secrets
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from deadlines.models import Feed
from ledger.services import record
from staff.permissions import is_set_apart

SECRET_BYTES = 32
READ_NOTED_EVERY = timedelta(hours=1)


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def may_have_feed(user) -> bool:
    """Whoever does business; the administrator and the auditor owe nothing (三员分立)."""
    return user.is_active and not is_set_apart(role for role, _ in user.posts_today)


@transaction.atomic
def create_feed(*, actor) -> str:
    """Make the address of one's own feed and return its secret, which nobody can read again later. An earlier address
    ends at once. Raises PermissionDenied for the administrator and the auditor."""
    if not may_have_feed(actor):
        raise PermissionDenied("日历订阅供业务人员使用。")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    values = {"secret_sha256": hash_of(secret), "created_at": timezone.now(), "read_at": None}
    feed, is_new = Feed.objects.update_or_create(user=actor, defaults=values)
    record(actor=actor, action="feed.create", subject=feed, data={"replaces_earlier": not is_new})
    return secret


@transaction.atomic
def revoke_feed(*, actor) -> bool:
    """End one's own feed; False if there was none. Whoever has one may end it, whatever the roles are today."""
    feed = Feed.objects.select_for_update().filter(user=actor).first()
    if feed is None:
        return False
    record(actor=actor, action="feed.revoke", subject=feed, data={})
    feed.delete()
    return True


def note_read(feed: Feed) -> None:
    """Keep when a feed was last read, to the hour: calendars ask every few minutes."""
    before = timezone.now() - READ_NOTED_EVERY
    if feed.read_at is None or feed.read_at < before:
        stale = Q(read_at__isnull=True) | Q(read_at__lt=before)
        Feed.objects.filter(stale, pk=feed.pk).update(read_at=timezone.now())
