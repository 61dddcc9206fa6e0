"""The drills. Each runs in a process of its own, with Django on a fresh database. Returns its figures."""

import os
import time
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings
from django.db import connection

from drills.clocks import Clocks, found
from drills.processes import Site
from drills.servers import Cluster, Redis

CLOCKS = int(os.environ.get("DRILL_CLOCKS", "10000"))
WORKER_KILLS = int(os.environ.get("DRILL_KILLS", "10"))
BEAT_KILLS = min(3, WORKER_KILLS)
# So long nothing is done before a drill is given up.
PATIENCE = 240
# Some sweeps more, to see that nothing is said again.
AFTERWARDS = 3


def _site(name: str = "site", **env) -> Site:
    return Site({"SWEEP_SECONDS": "1", "WATCHDOG_SECONDS": "60"} | env, Path(settings.DATA_DIR) / f"{name}.log")


def _wait_for(clocks: Clocks, share: float = 1) -> None:
    """Until this share of all clocks has spoken; as long as it goes on."""
    last, since = -1, time.monotonic()
    while (waiting := clocks.waiting()) > (1 - share) * clocks.speaking:
        if waiting != last:
            last, since = waiting, time.monotonic()
        if time.monotonic() - since > PATIENCE:
            raise RuntimeError(f"{waiting} of {clocks.speaking} clocks wait, and no fewer for {PATIENCE} s")
        time.sleep(0.02)


def _rest(clocks: Clocks, begun: float) -> dict:
    _wait_for(clocks)
    seconds = time.monotonic() - begun
    time.sleep(AFTERWARDS)
    return {"seconds": round(seconds, 1)}


def _due_today(count: int = CLOCKS) -> Clocks:
    clocks = Clocks(found())
    clocks.add_due_today(count)
    return clocks


def kills() -> dict:
    """kill -9 of worker and beat while they are at it."""
    clocks = _due_today()
    plan = [(number / (WORKER_KILLS + 1), "worker") for number in range(1, WORKER_KILLS + 1)]
    plan += [(number / (BEAT_KILLS + 1), "beat") for number in range(1, BEAT_KILLS + 1)]
    in_mid_work = 0
    with _site() as site:
        begun = time.monotonic()
        for share, part in sorted(plan):
            _wait_for(clocks, share)
            site.kill(part)
            in_mid_work += part == "worker" and clocks.waiting() > 0
        figures = _rest(clocks, begun)
    note = f"worker killed {WORKER_KILLS} ×, {in_mid_work} × in mid-sweep; beat {BEAT_KILLS} ×"
    return clocks.verdict() | figures | {"note": note}


def pairs() -> dict:
    """Two of each at once."""
    clocks = _due_today()
    with ExitStack() as stack:
        for name in ("first", "second"):
            site = stack.enter_context(_site(name))
            for part in ("worker", "beat"):
                site.wait_for_part(part)
        figures = _rest(clocks, time.monotonic())
    return clocks.verdict() | figures | {"note": "two workers, two beats"}


def outage() -> dict:
    """Nothing ran for a day (for four days); then one start."""
    clocks = Clocks(found())
    clocks.add_after_outage(CLOCKS)
    begun = time.monotonic()
    with _site():
        figures = _rest(clocks, begun)
    note = f"{clocks.speaking} of {clocks.count} clocks had something to say"
    return clocks.verdict() | figures | {"note": note}


def redis() -> dict:
    """The broker dies in mid-sweep and comes back empty; the worker must go on taking up sweeps (celery 10302)."""
    server = Redis(Path(settings.DATA_DIR))
    clocks = _due_today()
    server.start()
    try:
        with _site(REDIS_URL=server.url) as site:
            begun = time.monotonic()
            _wait_for(clocks, 0.5)
            server.kill()
            time.sleep(2)
            server.start()
            figures = _rest(clocks, begun)
            waited = _second_wave(clocks)
            log = site.log.read_text()
    finally:
        server.kill()
    by_watchdog = "with the watchdog's help" if "no sweep for" in log else "by itself"
    return clocks.verdict() | figures | {"note": f"swept again {waited:.1f} s after the next fell due, {by_watchdog}"}


def _second_wave(clocks: Clocks) -> float:
    """Seconds until what falls due afterwards is said."""
    clocks.add_due_today(max(CLOCKS // 10, 1))
    begun = time.monotonic()
    _wait_for(clocks)
    return time.monotonic() - begun


def database(cluster: Cluster | None) -> dict:
    """The database crashes in mid-sweep, and is restarted in order another time; without a cluster of our own all
    connections are cut instead."""
    clocks = _due_today()
    with _site():
        begun = time.monotonic()
        for share, mode in ((1 / 3, "immediate"), (2 / 3, "fast")):
            _wait_for(clocks, share)
            connection.close()
            if cluster:
                cluster.restart(mode)
            else:
                _cut_connections()
        figures = _rest(clocks, begun)
        waited = _second_wave(clocks)
    how = "crashed once, restarted once" if cluster else "all connections cut twice (no server of our own to restart)"
    return clocks.verdict() | figures | {"note": f"{how}; swept again after {waited:.1f} s"}


def _cut_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
