"""The main pages beside the bare views, through granian over loopback, at both sizes."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from bench.figures import Figure, Samples, taken_in_turn, times_the_floor

LIST, DETAIL, GROWTH = 2.5, 4.0, 1.5


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(env: dict, log: Path):
    """The site as `make run` serves it, on a port of its own; yields the port."""
    port = _free_port()
    granian = Path(sys.executable).with_name("granian")
    command = [granian, "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
               "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "bench.wsgi:application"]  # fmt: skip
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=os.environ | env, stdout=output, stderr=output)
    try:
        _wait_for(server, port, log)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait_for(server: subprocess.Popen, port: int, log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"granian did not start:\n{log.read_text()}")


class Reader:
    """A person's browser on one kept connection."""

    def __init__(self, port: int, session: str):
        self.connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Cookie": f"sessionid={session}"}

    def get(self, path: str) -> bytes:
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status}")
        return body


def _ways(readers: dict[str, Reader], path: str, mark: bytes, rows: int) -> dict:
    """The page and its floor at each size; each must show the rows before it counts."""
    ways = {}
    for size, reader in readers.items():
        for kind, address in (("product", path), ("bare", f"/bare{path}")):
            found = reader.get(address).count(mark)
            if found < rows:
                raise RuntimeError(f"{address} at {size} shows {found} rows instead of {rows}")
            ways[f"{kind} {size}"] = lambda reader=reader, address=address: bool(reader.get(address))
    return ways


def _figures(name: str, limit: float, taken: dict[str, Samples], sizes: list[str]) -> list[Figure]:
    beside = [
        times_the_floor(f"{name}, {size} / bare view", taken[f"product {size}"], taken[f"bare {size}"], limit)
        for size in sizes
    ]
    small, large = (taken[f"product {size}"] for size in sizes)
    return [*beside, times_the_floor(f"{name}, {sizes[1]} / {sizes[0]}", large, small, GROWTH)]


def measure(readers: dict[str, Reader], detail: int, rounds: int) -> list[Figure]:
    """`readers` by size, the smaller first; `detail` the deliverable with 20 remarks."""
    pages = [
        ("inbox", "/inbox/", b'href="/deliverables/', 25, LIST),
        ("list of 25", "/deliverables/", b'href="/deliverables/', 25, LIST),
        ("detail", f"/deliverables/{detail}/", b"<h1>", 1, DETAIL),
        ("detail, 20 remarks", f"/deliverables/{detail}/remarks/", "意见 ".encode(), 20, DETAIL),
    ]
    figures = []
    for name, path, mark, rows, limit in pages:
        taken = taken_in_turn(_ways(readers, path, mark, rows), rounds, warm_up=10)
        figures += _figures(name, limit, taken, list(readers))
    return figures
