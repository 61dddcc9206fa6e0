"""`python -m drills [name …]`: runs the drills on DATABASE_URL and REDIS_URL (on databases and brokers of their own there;
without them on SQLite and files), prints the figures, and exits with 1 when anything was lost or doubled.

DRILL_CLOCKS (10,000) and DRILL_KILLS (10) change the sizes for a quick look. Names: kills pairs outage redis database.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, nullcontext
from pathlib import Path

from bench.databases import Postgres
from drills import servers
from drills.processes import ROOT

NAMES = ("kills", "pairs", "outage", "redis", "database")
COLUMNS = ("steps", "messages", "lost", "doubled", "ledger problems", "seconds")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _python(*arguments: str, env: dict) -> None:
    subprocess.run([sys.executable, *arguments], env=os.environ | env, cwd=ROOT, check=True)


def _why_not(name: str, server, redis_url: str) -> str:
    """Why a drill cannot be held here; empty when it can."""
    if name == "database" and not isinstance(server, Postgres):
        return "SQLite has no server that could be restarted"
    if name == "redis" and not redis_url:
        return "no REDIS_URL: messages are files"
    if name == "redis" and not servers.Redis.is_installed():
        return "no redis-server here, and one that others use is not restarted"
    return ""


class Drills:
    """Where the drills are held: a database and a data folder for each."""

    def __init__(self, folder: Path, server, redis_url: str):
        self.folder, self.server, self.redis_url = folder, server, redis_url
        self.template = f"zaojia_drill_{os.getpid()}"

    def _env(self, url: str, data: Path) -> dict:
        data.mkdir(exist_ok=True)
        return {"DATABASE_URL": url, "REDIS_URL": self.redis_url, "DATA_DIR": str(data), "EMAIL_URL": "", "DEMO": "0",
                "DJANGO_SETTINGS_MODULE": "drills.settings", "DRILL_QUEUE": f"{self.template}_{data.name}"}  # fmt: skip

    def migrate(self, server, name: str) -> None:
        server.create(name)
        _python("manage.py", "migrate", "-v0", env=self._env(server.url_of(name), self.folder / "template"))

    def hold(self, name: str) -> dict:
        """The figures of one drill."""
        database, data = f"{self.template}_{name}", self.folder / name
        with servers.own_cluster(self.folder) if name == "database" else nullcontext() as cluster:
            if cluster:
                server = Postgres(cluster.url, "")
                self.migrate(server, database)
            else:
                server = self.server
                server.create(database, like=self.template)
            env = self._env(server.url_of(database), data)
            if cluster:
                env |= {"DRILL_CLUSTER": f"{cluster.binaries} {cluster.folder} {cluster.port}"}
            try:
                _python("-m", "drills", "--hold", name, env=env)
            except subprocess.CalledProcessError:
                for log in data.glob("*.log"):
                    _say(f"── {log.name}\n{log.read_text()[-4000:]}")
                raise
            finally:
                server.drop(database)
        return json.loads((data / "figures.json").read_text())


def _hold_here(name: str) -> None:
    """In the drill's own process."""
    import django

    django.setup()
    from drills import acts

    given = [servers.cluster_at(os.environ.get("DRILL_CLUSTER", ""))] if name == "database" else []
    figures = getattr(acts, name)(*given)
    (Path(os.environ["DATA_DIR"]) / "figures.json").write_text(json.dumps(figures))


def _print(name: str, figures: dict) -> bool:
    cells = "".join(f"{figures[column]:>16}" for column in COLUMNS)
    print(f"{name:<10}{cells}  {figures['note']}", flush=True)
    return not (figures["lost"] or figures["doubled"] or figures["ledger problems"])


def main(names: list[str]) -> None:
    # Told to stop, it still drops its databases.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drills-", ignore_cleanup_errors=True)))
        server = servers.database_server(folder)
        redis_url = stack.enter_context(servers.broker(folder))
        drills = Drills(folder, server, redis_url)
        stack.callback(server.drop, drills.template)
        drills.migrate(server, drills.template)
        print(f"{server.words}, {'Redis' if redis_url else 'messages in files'}\n")
        print(f"{'':<10}" + "".join(f"{column:>16}" for column in COLUMNS), flush=True)
        passed = True
        for name in names or NAMES:
            if reason := _why_not(name, server, redis_url):
                print(f"{name:<10}  not held: {reason}", flush=True)
            else:
                passed &= _print(name, drills.hold(name))
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--hold"]:
        _hold_here(sys.argv[2])
    else:
        main(sys.argv[1:])
