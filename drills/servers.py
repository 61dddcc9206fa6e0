"""Databases and brokers of the drills' own: nothing that somebody else uses is restarted."""

import os
import pwd
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from bench.databases import Postgres, Sqlite
from drills.processes import end_with_parent, free_port, wait_until


def database_server(folder: Path) -> Postgres | Sqlite:
    """Next to the database that DATABASE_URL names, else SQLite files."""
    url = os.environ.get("DATABASE_URL", "")
    return Postgres(url, "PostgreSQL") if url.startswith("postgres") else Sqlite(folder)


class Redis:
    """A redis-server on a port of its own that keeps nothing on disk: a restart forgets all messages."""

    def __init__(self, folder: Path):
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen | None = None

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("redis-server") is not None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                   "--dir", str(self.folder)]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
        wait_until(self._answers, 10, "redis-server answers")

    def _answers(self) -> bool:
        command = ["redis-cli", "-p", str(self.port), "ping"]
        return b"PONG" in subprocess.run(command, capture_output=True, check=False).stdout

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def broker(folder: Path):
    """REDIS_URL of the drills: of a server of our own where REDIS_URL is set and one can be started; the given one where it
    cannot; none where none is given."""
    given = os.environ.get("REDIS_URL", "")
    if not given or not Redis.is_installed():
        yield given
        return
    server = Redis(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.kill()


class Cluster:
    """A PostgreSQL of our own, run by the user postgres where we are root (it refuses to be run by root)."""

    def __init__(self, binaries: Path, folder: Path, port: int):
        self.port, self.folder, self.binaries = port, folder, binaries
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self.as_postgres = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([self.binaries / program, "-D", self.folder, *arguments], check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.as_postgres)  # fmt: skip

    def start(self) -> None:
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def restart(self, mode: str) -> None:
        """`immediate` is a crash, `fast` an orderly restart that cuts all connections."""
        self._run("pg_ctl", "-w", "-m", mode, "-l", str(self.folder / "log"), "restart")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")


def cluster_binaries() -> Path | None:
    """Where initdb is; None where there is none, or nobody to run it."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = [place for place in places if (place / "initdb").exists()]
    if not places or (os.geteuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}):
        return None
    return places[0]


def cluster_at(words: str) -> Cluster | None:
    """The cluster that another process has started: “binaries folder port”."""
    if not words:
        return None
    binaries, folder, port = words.split()
    return Cluster(Path(binaries), Path(folder), int(port))


@contextmanager
def own_cluster(folder: Path):
    """A cluster that may be restarted; None where there is no PostgreSQL on this machine."""
    binaries = cluster_binaries()
    if binaries is None:
        yield None
        return
    home = folder / "cluster"
    home.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(home, "postgres", "postgres")
        folder.chmod(0o711)
    cluster = Cluster(binaries, home, free_port())
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
