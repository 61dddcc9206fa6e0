"""What else a person's calendar feed carries. The floors above tell it here.

feed_sources.register("meetings", invitations.feed_events)      # in apps.ready
"""

from collections.abc import Callable, Iterable

from icalendar import Event

_sources: dict[str, Callable[..., Iterable[Event]]] = {}


def register(name: str, events: Callable[..., Iterable[Event]]) -> None:
    """Let `events(user)` → the VEVENTs of one person stand in the feed; the last registration of a name counts."""
    _sources[name] = events


def events_of(user) -> list[Event]:
    """What all sources have for `user`, in a constant number of queries each."""
    return [event for events in _sources.values() for event in events(user)]
