"""Do the clocks say what the ledger says? Asked by `verify_ledger`: a start, an end, a completion or a person that was edited
in the database behind the application's back is named."""

import json
from collections.abc import Iterator

from deadlines.choices import Decision, RequestKind, State
from deadlines.models import Deadline
from ledger.models import Entry
from ledger.rules import canonical_json

BATCH = 500
CLOCK = Deadline._meta.label_lower
_STATE_AFTER = {
    "deadline.stop": State.FULFILLED,
    "deadline.cancel": State.CANCELLED,
    "deadline.reopen": State.RUNNING,
    "deadline.resume": State.RUNNING,
}


def ended_clocks_match() -> Iterator[str]:
    """One sentence for each clock that is not what is on record: what it is about, start, length, end, state, completion,
    responsible; and for each that is gone."""
    last = 0
    while rows := list(Deadline.objects.filter(pk__gt=last).select_related("rule").order_by("pk")[:BATCH]):
        last = rows[-1].pk
        told = _told({row.pk for row in rows})
        for row in rows:
            if wrong := _difference(row, told.get(row.pk)):
                yield f"时限 {row.pk}（{row.rule.title}）{wrong}"
    begun = Entry.objects.filter(subject_type=CLOCK, action="deadline.start").order_by("number")
    for pk, label in begun.exclude(subject_id__in=Deadline.objects.values("pk")).values_list(
        "subject_id", "subject_label"
    ):
        yield f"时限 {pk}（{label}）有起算记录，却不在数据库中"


def _told(ids: set[int]) -> dict[int, dict]:
    """What the ledger says of each clock, as its rows add up."""
    found: dict[int, dict] = {}
    for entry in Entry.objects.filter(subject_type=CLOCK, subject_id__in=ids).order_by("number"):
        known = found.setdefault(entry.subject_id, {"state": State.RUNNING, "at": None, "by": None, "extra": 0})
        _add(known, entry, json.loads(entry.data))
    return found


def _add(known: dict, entry: Entry, data: dict) -> None:
    action = entry.action
    if action == "deadline.start":
        known |= {"event_at": data["event_at"], "responsible": data["responsible"], "of": data.get("of"),
                  "scope": [entry.scope_type, entry.scope_id], "rule": [data["rule"], data["version"]],
                  "extra": data.get("extra", 0)}  # fmt: skip
    elif action == "deadline.follow":
        known["rule"] = [known["rule"][0], data.get("version")]
    elif action == "deadline.reassign":
        known["responsible"] = data["to"]
    elif action == "deadline.shorten":
        known["extra"] -= data["amount"]
    elif action == "deadline.agree":
        known["extra"] += data["amount"]
    elif action == "deadline.decide" and data["decision"] == Decision.APPROVED:
        if data["kind"] == RequestKind.EXTENSION:
            known["extra"] += data["amount"]
        else:
            known["state"] = State.SUSPENDED
    if action in _STATE_AFTER:
        ended = "at" in data
        known |= {"state": _STATE_AFTER[action], "at": data.get("at"), "by": entry.actor_id if ended else None}
    if "due_at" in data:
        due = data["due_on"]
        known |= {"due_on": due[-1] if isinstance(due, list) else due, "due_at": data["due_at"]}


def _difference(row: Deadline, told: dict | None) -> str:
    """The first thing that is not as it was told."""
    if told is None or "event_at" not in told:
        return "没有起算记录"
    instants = {"event_at": row.started_at, "due_at": row.due_at, "at": row.stopped_at}
    now = json.loads(canonical_json(instants)) | {
        "due_on": f"{row.due_on}", "extra": row.extra, "state": row.state, "responsible": row.responsible_id,
        "rule": [row.rule.code, row.rule.version], "scope": [row.scope_type, row.scope_id],
        "of": [row.subject_type, row.subject_id], "by": row.stopped_by_id,
    }  # fmt: skip
    words = {
        "event_at": "起算时间", "due_on": "到期日", "due_at": "到期时刻", "extra": "延长（缩短）", "state": "状态",
        "at": "完成时间", "by": "完成登记人", "responsible": "责任人", "rule": "规则", "scope": "项目", "of": "事项",
    }  # fmt: skip
    if wrong := next((word for name, word in words.items() if now[name] != told[name]), ""):
        return f"的{wrong}与证据链不符"
    is_silent = row.state == State.RUNNING and row.next_at is None and row.rule.repeat_every
    return "计时中，却没有下一次提醒" if is_silent else ""
