"""Reads of a person's notices."""

from notices.models import Notice


def notices_of(user, *, state: str = ""):
    """The notices of `user`, newest first; `state` is unread, read or empty for all."""
    found = Notice.objects.filter(recipient=user)
    if state == "unread":
        return found.unread()
    return found.filter(read_at__isnull=False) if state == "read" else found


def unread_count(user) -> int:
    """How many notices `user` has not read."""
    return Notice.objects.filter(recipient=user).unread().count()
