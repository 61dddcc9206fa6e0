"""Starts web server, worker and beat, keeps them alive, and leaves none behind. `scripts/serve.sh` ends in it.

A child that dies is started again, after a growing pause if it never lives long. At TERM, INT or HUP all are asked to end; whatever
still lives ten seconds later is killed. Killed itself (kill -9), it leaves children that the kernel asks to end, and a
guard, a fork of its own, that kills those which do not. A worker that is alive and takes nothing up (celery 10302: after
a reset of Redis) is told by the age of `sweep.touch` and started again, together with beat.

HOST, PORT, WORKERS, DATA_DIR and SWEEP_SECONDS as in README.md; WITHOUT_WORKER=1 leaves worker and beat out.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

BIN = Path(sys.executable).parent
GRACE = int(os.environ.get("GRACE_SECONDS") or 10)
# One that lived so long did not die at once.
LIVED_LONG, LONGEST_PAUSE = 5, 15
SWEEP_SECONDS = int(os.environ.get("SWEEP_SECONDS") or 60)
SILENCE = int(os.environ.get("WATCHDOG_SECONDS") or max(5 * SWEEP_SECONDS, 300))
SWEEP_TOUCH_FILE = Path(os.environ.get("DATA_DIR") or Path(__file__).parent.parent / "var") / "sweep.touch"
PR_SET_PDEATHSIG = 1

# The interpreter is asked to be silent about the superuser: messages are JSON, which runs nothing.
CELERY = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-q", "-A", "config.celery"]
WEB = [
    BIN / "granian", "--interface", "wsgi", "--host", os.environ.get("HOST", "127.0.0.1"),
    "--port", os.environ.get("PORT", "8000"), "--workers", os.environ.get("WORKERS", "2"), "--blocking-threads", "4",
    "--no-ws", "--log-level", "warning", "config.wsgi:application",
]  # fmt: skip
# Three threads: one may wait for a mail server, one may verify the evidence chain, and one still sweeps.
WORKER = [*CELERY, "worker", "-P", "threads", "-c", "3", "-l", "warning", "--without-gossip", "--without-mingle",
          "--without-heartbeat"]  # fmt: skip
# Never `worker --beat`: killed, it leaves its beat alive, and the next one makes two.
BEAT = [*CELERY, "beat", "-l", "warning"]


def say(words: str) -> None:
    print(f"run_all: {words}", file=sys.stderr, flush=True)


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    name: str
    command: list
    guard: int
    process: subprocess.Popen | None = None
    started_at: float = 0
    start_at: float = 0
    pause: float = 0
    is_stopping: bool = field(default=False)

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches run_all alone, and the whole family can be killed at once.
        self.process = subprocess.Popen(self.command, start_new_session=True, preexec_fn=end_with_parent)
        self.started_at = time.monotonic()
        self._tell_guard("+")

    def _tell_guard(self, sign: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody has killed it
            os.write(self.guard, f"{sign}{self.process.pid}\n".encode())

    def look_after(self) -> None:
        """Start it when it does not run and its pause is over."""
        now = time.monotonic()
        if self.process and self.process.poll() is not None:
            self.kill()
            lived = now - self.started_at
            self.pause = 0 if lived > LIVED_LONG else min(2 * self.pause or 1, LONGEST_PAUSE)
            say(f"{self.name} ended ({self.process.returncode}), starts again in {self.pause} s")
            self.process, self.start_at = None, now + self.pause
        if not self.process and now >= self.start_at:
            self.start()

    def ask_to_end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        """The whole session: a dead web server may have left its workers."""
        if self.process:
            kill_session(self.process.pid)
            self._tell_guard("-")

    def end(self, deadline: float) -> None:
        if self.process:
            try:
                self.process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"{self.name} does not end, is killed")
            self.kill()
            self.process.wait()


def kill_session(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def start_guard() -> int:
    """Fork the guard; returns the pipe on which it is told who lives (+pid) and who does not (-pid)."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(reading)
        return writing
    os.setsid()
    os.close(writing)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    alive: set[int] = set()
    with open(reading) as told:
        for line in told:  # ends with run_all
            (alive.add if line[0] == "+" else alive.discard)(int(line[1:]))
    if alive:
        time.sleep(GRACE)
    for pid in alive:
        kill_session(pid)
    os._exit(0)


def is_silent(since: float) -> bool:
    """Whether no sweep was taken up for SILENCE seconds, counted from `since`, a moment of the monotonic clock."""
    try:
        age = time.time() - SWEEP_TOUCH_FILE.stat().st_mtime
    except FileNotFoundError:
        age = float("inf")
    return min(age, time.monotonic() - since) > SILENCE


def restart_when_silent(worker: Child, beat: Child) -> None:
    if worker.process and is_silent(worker.started_at):
        say(f"no sweep for {SILENCE} s, worker and beat start again")
        stop([worker, beat])
        worker.process = beat.process = None


def stop(children: list[Child]) -> None:
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + GRACE
    for child in children:
        child.end(deadline)


def main() -> None:
    guard = start_guard()
    children = [Child("web", WEB, guard)]
    if os.environ.get("WITHOUT_WORKER", "0") in ("", "0"):
        children += [Child("worker", WORKER, guard), Child("beat", BEAT, guard)]
    asked = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: asked.append(True))
    while not asked:
        for child in children:
            child.look_after()
        if len(children) > 1:
            restart_when_silent(*children[1:])
        time.sleep(0.25)
    stop(children)


if __name__ == "__main__":
    main()
