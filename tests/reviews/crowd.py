"""Many people at once: each in a thread with a database connection of its own, all let go at the same moment."""

import fcntl
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

from django.db import connections

PATIENCE = 60  # seconds; a crowd that is not together by then has failed


def at_once(calls) -> list:
    """Run all `calls` at the same time; returns what each returned or raised, in their order."""
    calls = list(calls)
    barrier = Barrier(len(calls))

    def run(call):
        try:
            connections["default"].ensure_connection()
            barrier.wait(PATIENCE)
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with _one_crowd(), ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@contextmanager
def _one_crowd():
    """One crowd on the machine at a time: PostgreSQL lets 100 in, and the suite runs in several processes."""
    with (Path(tempfile.gettempdir()) / f"crowd-of-tests-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
