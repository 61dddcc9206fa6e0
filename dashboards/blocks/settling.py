"""The year's settlement on the first screens: one's own awards while an appeal is in time; for 管理层 what it has to decide and to
approve."""

from dashboards.blocks.base import SHORT, Block
from rankings.queries import settlements as queries


def my_awards(user) -> Block:
    """The settlements with a line about `user` that may still be appealed, and until when."""
    rows = queries.open_windows(user)
    return Block("my_awards", len(rows), {"rows": rows})


def settling(user) -> Block:
    """Appeals to decide, the oldest first, and settlements that may be approved; empty for whoever does neither."""
    appeals, settlements = queries.to_decide(user), queries.to_approve(user)
    total = len(appeals) + len(settlements)
    return Block("settling", total, {"appeals": appeals[:SHORT], "settlements": settlements})
