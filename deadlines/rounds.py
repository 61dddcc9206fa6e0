"""What else the clockwork does at each bell. The floors above tell it here; each act looks in the database whether there is
anything to do, and does it once.

    rounds.register("meetings", services.make_due)      # in apps.ready
"""

from collections.abc import Callable

_acts: dict[str, Callable[[], object]] = {}


def register(name: str, act: Callable[[], object]) -> None:
    """Call `act()` at each bell after the sweep; the last registration of a name counts. What it raises stands in the
    heartbeat and keeps nobody else from their round."""
    _acts[name] = act


def acts() -> dict[str, Callable[[], object]]:
    return dict(_acts)
