"""审计员: the evidence chain, its newest entries and its exported heads."""

from datetime import datetime

from django.utils import timezone

from dashboards.blocks.base import SHORT, Block
from ledger.checks import exported_heads
from ledger.labels import action_label
from ledger.queries import entries

# Heads are exported once a day; after two days something is wrong.
HEAD_IS_STALE_AFTER_DAYS = 2


def head_export() -> dict:
    """When the head of the chain was last exported and whether that is too long ago: {at, number, is_stale, problem}."""
    try:
        heads = exported_heads()
    except (ValueError, OSError) as error:
        return {"problem": str(error), "is_stale": True}
    if not heads:
        return {"problem": "从未导出", "is_stale": True}
    at = datetime.fromisoformat(heads[-1]["at"])
    age = (timezone.localdate() - timezone.localtime(at).date()).days
    return {"at": at, "number": heads[-1]["number"], "days": age, "is_stale": age >= HEAD_IS_STALE_AFTER_DAYS}


def evidence(user) -> Block:
    """How long the chain is, what was written last, when its head was last carried outside."""
    newest = list(entries()[:SHORT])
    for entry in newest:
        entry.action_label = action_label(entry.action)
    length = newest[0].number if newest else 0
    return Block("evidence", length, {"entries": newest, "length": length, "head": head_export()})
