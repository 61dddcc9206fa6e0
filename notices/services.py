"""The one sender of messages."""

from collections.abc import Iterable

from django.utils import timezone

from notices.choices import Kind
from notices.models import Notice


def notify(*, recipients: Iterable, kind: Kind, title: str, body: str = "", url: str = "") -> None:
    """Write one notice to each active recipient, once each. Runs in the caller's transaction: no act, no message."""
    people = {person.pk: person for person in recipients if person is not None and person.is_active}
    Notice.objects.bulk_create(
        Notice(recipient=person, kind=kind, title=title[:200], body=body, url=url) for person in people.values()
    )


def mark_read(*, user, notice_ids: Iterable[int] | None = None) -> int:
    """Mark the given notices of `user` (all of them with None) as read; returns how many were unread."""
    unread = Notice.objects.filter(recipient=user).unread()
    if notice_ids is not None:
        unread = unread.filter(pk__in=notice_ids)
    return unread.update(read_at=timezone.now())
