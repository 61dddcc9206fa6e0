"""Risks on the first screens: those that wait for oneself, before the preliminary deliverable may be issued."""

from dashboards.blocks.base import SHORT, Block
from projects import queries


def my_risks(user) -> Block:
    """The open risks that `user` has to deal with, the heaviest first."""
    rows = list(queries.open_risks_of(user))
    return Block("my_risks", len(rows), {"rows": rows[:SHORT]})
