"""Many people at once: each in a thread with a database connection of its own, all let go at the same moment."""

from concurrent.futures import ThreadPoolExecutor
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

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
