"""How the floors above hear of changes to people, units and posts.

`staff` stands on the ground floor and may not import the ledger, yet every change of a person's rights leaves a row there
(§11). So `staff.services` announces each change, and whoever stands above listens: `ledger.apps` registers
`ledger.services.record` when the site starts. A listener runs inside the transaction of the change: if it fails, the
change is undone.
"""

from collections.abc import Callable

_listeners: list[Callable] = []


def on_change(listener: Callable) -> None:
    """Call `listener(actor=, action=, subject=, data=)` at each change from now on; registering twice counts once."""
    if listener not in _listeners:
        _listeners.append(listener)


def announce(*, actor, action: str, subject, data: dict | None = None) -> None:
    """Tell all listeners of a change. `actor` is None where the system itself acts, from the shell."""
    for listener in _listeners:
        listener(actor=actor, action=action, subject=subject, data=data)
