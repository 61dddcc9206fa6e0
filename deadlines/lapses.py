"""What happens of itself when a clock has run out (逾期视为…). The floors above tell it here; the clockwork calls it.

lapses.register(Event.LIABILITY_SERVED, services.lapse)      # in apps.ready
"""

from collections.abc import Callable

from deadlines.choices import Event

_acts: dict[str, Callable] = {}


def register(event: Event, act: Callable) -> None:
    """Call `act(deadline)` for each clock that `event` started once its time is over; the last registration counts.

    `act` holds what it changes, looks again, ends the clock, and does nothing where somebody was faster."""
    _acts[event] = act


def events() -> list[str]:
    """The events whose clocks end in something that happens of itself."""
    return list(_acts)


def act_of(event: str) -> Callable:
    return _acts[event]
