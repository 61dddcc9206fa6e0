"""The worker's part of the dashboard (Celery)."""

from celery import shared_task

from dashboards import board


@shared_task
def keep_boards() -> None:
    """Each BOARD_SECONDS, by beat: the boards that take long to reckon are reckoned before somebody waits for them."""
    board.keep_boards()
