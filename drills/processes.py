"""A running installation as `make run` starts it, and its processes, to be looked at and killed."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN_ALL = ROOT / "scripts" / "run_all.py"


def end_with_parent() -> None:
    """In a child, before its program: a drill that is killed leaves nothing running."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_so: Callable[[], object], seconds: float, what: str, step: float = 0.05):
    """The first true answer of `is_so`; RuntimeError with `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := is_so()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds:g} s: {what}")
        time.sleep(step)
    return answer


def is_alive(pid: int) -> bool:
    """A zombie is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


# How a part is told by its command line.
MARKS = {"web": "wsgi", "worker": "worker", "beat": "beat"}


class Site:
    """One `scripts/run_all.py` with its family, on a free port."""

    def __init__(self, env: dict, log: Path):
        self.port = free_port()
        self.env = os.environ | {"HOST": "127.0.0.1", "PORT": str(self.port), "WORKERS": "1"} | env
        self.log = log
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Site":
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, RUN_ALL], env=self.env, cwd=ROOT, stdout=output, stderr=output,
                preexec_fn=end_with_parent,
            )  # fmt: skip
        return self

    def __exit__(self, *error) -> None:
        family = self.family()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for pid in filter(is_alive, family):
            os.kill(pid, signal.SIGKILL)

    def part(self, name: str) -> int | None:
        """The process id of “web”, “worker” or “beat”; None while it does not run."""
        found = [pid for pid in children_of(self.process.pid) if MARKS[name] in command_of(pid)]
        return found[0] if found and is_alive(found[0]) else None

    def wait_for_part(self, name: str, other_than: int | None = None, seconds: float = 40) -> int:
        """The process id of a part that runs, and is not the one that ran before."""

        def found():
            pid = self.part(name)
            return pid if pid != other_than else None

        return wait_until(found, seconds, f"{name} runs")

    def kill(self, name: str) -> int:
        """kill -9; returns the process id that was killed."""
        pid = self.wait_for_part(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def family(self) -> list[int]:
        """All processes below run_all, grandchildren too."""
        found = children_of(self.process.pid)
        return found + [pid for child in found for pid in children_of(child)]

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
