"""The product's settings; only the queue has a name of its own, where a drill must share a Redis."""

import os

from config.settings import *  # noqa: F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["DRILL_QUEUE"]
