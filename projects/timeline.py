"""Ledger entries of a project as lines of its history, in Chinese words."""

import json

from ledger.labels import action_label
from ledger.models import Entry
from projects.models import Project

# Of an entry's data, what a reader wants to know beside the subject: free words that somebody wrote.
WORDS = ("reason", "opinion", "text", "problem", "answer", "resolution")
MAX_WORDS = 160


def told(entry: Entry) -> dict:
    """An entry as a line of the timeline (components/timeline.html)."""
    return {
        "time": entry.at,
        "actor": entry.actor_name,
        "action": action_label(entry.action),
        "detail": _detail(entry, json.loads(entry.data)),
    }


def _detail(entry: Entry, data: dict) -> str:
    if entry.action == "project.update":
        return "、".join(str(Project._meta.get_field(name).verbose_name) for name in data)
    if entry.action.startswith("attachment."):
        return f"{entry.subject_label}，第 {data['version']} 版：{data['name']}"
    if entry.action in ("handover.return", "handover.keep"):
        return f"{entry.subject_label}：{'、'.join(data['names'])}"[:MAX_WORDS]
    if entry.action == "handover.complete":
        return f"{entry.subject_label}，{data['completed_on']} 齐全"
    # The project's own name stands in the head of the page already.
    subject = "" if entry.subject_type == Project._meta.label_lower else entry.subject_label
    words = next((str(data[key]) for key in WORDS if data.get(key)), "")
    words = words if len(words) <= MAX_WORDS else f"{words[:MAX_WORDS]}…"
    return "：".join(part for part in (subject, words) if part)
