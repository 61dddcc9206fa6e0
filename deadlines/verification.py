"""Do the clocks say what the ledger says? Asked by `verify_ledger`: an end or a completion that was edited in the database
behind the application's back is named."""

import json
from collections.abc import Iterator

from deadlines.choices import State
from deadlines.models import Deadline
from ledger.models import Entry
from ledger.rules import canonical_json

BATCH = 500
_STATE_AFTER = {
    "deadline.stop": State.FULFILLED,
    "deadline.cancel": State.CANCELLED,
    "deadline.reopen": State.RUNNING,
}


def ended_clocks_match() -> Iterator[str]:
    """One sentence for each clock whose end or completion is not the one on record."""
    last = 0
    while rows := list(Deadline.objects.filter(pk__gt=last).select_related("rule").order_by("pk")[:BATCH]):
        last = rows[-1].pk
        told = _told({row.pk for row in rows})
        for row in rows:
            if wrong := _difference(row, told.get(row.pk)):
                yield f"时限 {row.pk}（{row.rule.title}）{wrong}"


def _told(ids: set[int]) -> dict[int, dict]:
    """What the ledger says last about each clock: end, state, instant of completion."""
    found: dict[int, dict] = {}
    entries = Entry.objects.filter(subject_type=Deadline._meta.label_lower, subject_id__in=ids).order_by("number")
    for pk, action, text in entries.values_list("subject_id", "action", "data"):
        data, known = json.loads(text), found.setdefault(pk, {"state": State.RUNNING, "due_on": None, "at": None})
        if action in _STATE_AFTER:
            known["state"], known["at"] = _STATE_AFTER[action], data.get("at")
        due = data.get("due_on")
        if due is not None and action != "deadline.escalate":
            known["due_on"] = due[-1] if isinstance(due, list) else due
    return found


def _difference(row: Deadline, told: dict | None) -> str:
    if told is None:
        return "没有起算记录"
    if told["due_on"] != f"{row.due_on}":
        return f"到期日 {row.due_on} 与证据链（{told['due_on']}）不符"
    state = State.RUNNING if row.state == State.SUSPENDED else row.state
    if told["state"] != state:
        return f"状态“{row.get_state_display()}”与证据链不符"
    if row.stopped_at and json.loads(canonical_json({"at": row.stopped_at}))["at"] != told["at"]:
        return "完成时间与证据链不符"
    return ""
