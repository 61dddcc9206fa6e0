"""Those invited to a meeting."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Guests:
    """Insiders (users) and people of the participating units (contacts, with their `party` loaded)."""

    users: list = field(default_factory=list)
    contacts: list = field(default_factory=list)
