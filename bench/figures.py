"""Two ways of doing the same, taken in turn, as medians and their ratio."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass
class Samples:
    """Times of one way, in seconds."""

    times: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    def summary(self) -> dict:
        low, middle, high = statistics.quantiles(self.times, n=4)
        return {"median_ms": middle * 1000, "quartiles_ms": [low * 1000, high * 1000], "samples": len(self.times)}


def taken_in_turn(ways: dict[str, Callable[[], object]], rounds: int, warm_up: int = 3) -> dict[str, Samples]:
    """Each way once per round, beginning with another one each time, so that no way always follows the same."""
    names = list(ways)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            took = _timed(ways[name])
            if number >= 0:
                times[name].append(took)
    return {name: Samples(values) for name, values in times.items()}


def _timed(act: Callable[[], object]) -> float:
    """Seconds that `act` took; what it returns when it measures itself (a part of its work is preparation)."""
    begun = time.perf_counter()
    own = act()
    return own if isinstance(own, float) else time.perf_counter() - begun


@dataclass
class Figure:
    """A ratio with what it was made of. `limit` is what issue 2 expects: at most, or at least where `is_floor`."""

    name: str
    ratio: float
    measured: Samples
    beside: Samples
    limit: float | None = None
    is_floor: bool = False
    per_second: int = 0  # units of work in one sample, where the figure is told as a rate

    @property
    def holds(self) -> bool | None:
        if self.limit is None:
            return None
        return self.ratio >= self.limit if self.is_floor else self.ratio <= self.limit

    def _words(self, samples: Samples) -> str:
        if self.per_second:
            return f"{self.per_second / samples.median:8.0f} /s"
        return f"{samples.median * 1000:7.1f} ms"

    def line(self) -> str:
        expected = "" if self.limit is None else f"{'≥' if self.is_floor else '≤'} {self.limit:.2f}"
        verdict = {None: "", True: "✓", False: "✗ short"}[self.holds]
        return (
            f"{self.name:<44}{self._words(self.measured):>12}{self._words(self.beside):>12}"
            f"{self.ratio:8.2f}  {expected:<7} {verdict}"
        )

    def as_json(self) -> dict:
        told = asdict(self) | {"measured": self.measured.summary(), "beside": self.beside.summary()}
        return told | {"holds": self.holds}


HEAD = f"{'':<44}{'product':>12}{'beside':>12}{'ratio':>8}  expected"


def times_the_floor(name: str, measured: Samples, beside: Samples, limit: float | None = None) -> Figure:
    """How many times as long as the floor it takes."""
    return Figure(name, measured.median / beside.median, measured, beside, limit)


def share_of_the_floor(name: str, measured: Samples, beside: Samples, limit: float | None, units: int) -> Figure:
    """What part of the floor's rate is reached."""
    return Figure(name, beside.median / measured.median, measured, beside, limit, is_floor=True, per_second=units)


def machine() -> dict:
    return {"cores": os.cpu_count(), "load": [round(value, 2) for value in os.getloadavg()]}
