"""The Celery app of worker and beat: `celery -A config.celery worker`. Nothing that serves pages imports it."""

import os
import tempfile

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# `migrate` has just run them, and they load every page of the site, which is nothing to the clocks.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("zaojia", include=["deadlines.tasks", "rankings.tasks", "dashboards.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")


def prepare_folder_broker(settings) -> None:
    """Folders for messages in files (no REDIS_URL), and away with what a killed process left half done."""
    if settings.REDIS_URL:
        return
    for name in ("messages", "control", "taken"):
        (settings.BROKER_DIR / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    # kombu takes a message by moving it into the temporary folder: from here that is a rename, which cannot be half done.
    tempfile.tempdir = str(settings.BROKER_DIR / "taken")
    # Killed between making and writing it, a process leaves an empty table that nobody after it could read.
    for table in (settings.BROKER_DIR / "control").glob("*.exchange"):
        if not table.stat().st_size:
            table.unlink(missing_ok=True)


@worker_ready.connect
def sweep_at_once(**signal) -> None:
    """What fell due while nothing ran is said now, not after the first interval."""
    app.send_task("deadlines.tasks.sweep")
    app.send_task("dashboards.tasks.keep_boards", expires=settings.BOARD_SECONDS)


from django.conf import settings  # noqa: E402

prepare_folder_broker(settings)
