"""Reads of a person's notices, of the outbox, and of who hears of what."""

from django.db.models import Min

from notices.models import Delivery, Notice
from staff.choices import Action, Role
from staff.models import Post, User
from staff.permissions import allows


def notices_of(user, *, state: str = "", kind: str = ""):
    """The notices of `user`, newest first; `state` is unread, read or empty for all, `kind` one kind or empty for all."""
    found = Notice.objects.filter(recipient=user)
    if kind:
        found = found.filter(kind=kind)
    if state == "unread":
        return found.unread()
    return found.filter(read_at__isnull=False) if state == "read" else found


def unread_count(user) -> int:
    """How many notices `user` has not read."""
    return Notice.objects.filter(recipient=user).unread().count()


def queue_state() -> dict:
    """The outbox in figures: pending (being sent included), failed, and since when the oldest pending one waits."""
    waiting = Delivery.objects.open()
    return {
        "pending": waiting.count(),
        "failed": Delivery.objects.failed().count(),
        "oldest_at": waiting.aggregate(oldest=Min("created_at"))["oldest"],
    }


def failed_deliveries():
    """What could not be delivered, newest first, with its address."""
    return Delivery.objects.failed().select_related("recipient", "bot")


def unreachable_people():
    """Who is told by nothing but the in-app inbox: active, and neither phone nor e-mail on file."""
    return User.objects.active().filter(phone="", email="").select_related("unit")


def administrators():
    """The active people who keep the configuration today."""
    roles = [role for role in Role if allows(Action.CONFIGURE, [role])]
    return User.objects.active().filter(pk__in=Post.objects.in_force().filter(role__in=roles).values("user"))
