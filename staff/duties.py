"""What a person still has to do. The floors above know it; they register a source when the site starts.

    duties.register(function)      # function(user) → iterable of Duty

A person with open duties is not deactivated, and becomes neither administrator nor auditor, before they are handed over.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Duty:
    """One open duty: in words, and the page where it can be handed over."""

    text: str
    url: str = ""


_sources: list[Callable[..., Iterable[Duty]]] = []


def register(source: Callable[..., Iterable[Duty]]) -> None:
    """Ask `source(user)` for open duties from now on; registering twice counts once."""
    if source not in _sources:
        _sources.append(source)


def open_duties(user) -> list[Duty]:
    """All open duties of `user`."""
    return [duty for source in _sources for duty in source(user)]
