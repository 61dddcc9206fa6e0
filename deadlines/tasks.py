"""The clockwork's tasks (Celery). Each rings a service; what is due, and whether it was done already, the database knows."""

from celery import shared_task
from django.conf import settings

from deadlines.services import chores


@shared_task
def sweep() -> None:
    """Each SWEEP_SECONDS, by beat: say what is due, then ring for the second step, whatever became of the first."""
    settings.SWEEP_TOUCH_FILE.touch()
    try:
        chores.sweep()
    finally:
        deliver.apply_async(expires=settings.SWEEP_SECONDS)
        if chores.is_ledger_due():
            look_after_ledger.delay()


@shared_task
def deliver() -> None:
    """Digests into the outbox, and the outbox out of the house."""
    chores.deliver()


@shared_task
def look_after_ledger() -> None:
    """Once a day: verify the evidence chain and export its head."""
    chores.look_after_ledger()
