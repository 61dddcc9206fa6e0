"""The worker's part of the year's end (Celery). Rings a service; what is still to be done, the database knows."""

from celery import shared_task

from rankings.services import award_notices


@shared_task
def issue_award_notices() -> None:
    """Each SWEEP_SECONDS, by beat: the notices of approved settlements that are still to be issued."""
    award_notices.issue_unfinished()
