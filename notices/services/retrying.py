"""Putting failed messages back into the outbox, after the administrator has set right what was wrong."""

from django.db import transaction
from django.utils import timezone

from notices.choices import DeliveryState
from notices.models import Delivery
from staff.choices import Action
from staff.hooks import announce
from staff.permissions import require_post


@transaction.atomic
def retry(*, actor, delivery: Delivery) -> bool:
    """Send a failed message anew, from where it stopped; False where it has not failed (any more)."""
    require_post(actor, Action.CONFIGURE)
    if not _reopen(Delivery.objects.filter(pk=delivery.pk)):
        return False
    announce(actor=actor, action="delivery.retry", subject=delivery, data={"kind": delivery.kind, "count": 1})
    return True


@transaction.atomic
def retry_all(*, actor) -> int:
    """Send all failed messages anew; returns how many."""
    require_post(actor, Action.CONFIGURE)
    count = _reopen(Delivery.objects.all())
    if count:
        announce(actor=actor, action="delivery.retry", subject=actor, data={"count": count})
    return count


def _reopen(deliveries) -> int:
    return deliveries.failed().update(state=DeliveryState.PENDING, attempts=0, next_at=timezone.now())
