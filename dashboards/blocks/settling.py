"""The year's settlement on the first screens: one's own awards while an appeal is in time; for 管理层 what it has to decide, to
approve and to publish."""

from dashboards.blocks.base import SHORT, Block
from rankings.queries import policies
from rankings.queries import settlements as queries


def my_awards(user) -> Block:
    """The settlements with a line about `user` that may still be appealed, and until when."""
    rows = queries.open_windows(user)
    return Block("my_awards", len(rows), {"rows": rows})


def settling(user) -> Block:
    """Appeals to decide, the oldest first, settlements that may be approved, the draft of the policy that may be published;
    empty for whoever does none of it."""
    appeals, settlements, draft = queries.to_decide(user), queries.to_approve(user), policies.waiting(user)
    total = len(appeals) + len(settlements) + (draft is not None)
    return Block("settling", total, {"appeals": appeals[:SHORT], "settlements": settlements, "draft": draft})
