from dataclasses import dataclass, field

from dashboards.queries import chain

# Rows of a block; the rest is one click away.
SHORT = 8


@dataclass
class Block:
    """A part of the first screen: drawn by templates/dashboards/blocks/<name>.html, which reads `block.data`."""

    name: str
    total: int = 0
    data: dict = field(default_factory=dict)

    @property
    def template(self) -> str:
        return f"dashboards/blocks/{self.name}.html"


def list_block(name: str, rounds, user, order: list, *columns: str) -> Block:
    """A block that lists the first of `rounds` with `columns` besides the usual ones: one query to count, two or three
    to fetch."""
    rows = chain.tell(chain.as_rows(rounds, *columns).order_by(*order)[:SHORT], user)
    return Block(name, rounds.count(), {"rows": rows})
