"""Entries of the evidence chain as lines of a project's history (templates/components/timeline.html)."""

import json
from collections.abc import Collection, Iterable

from django.urls import reverse

from inspections import course
from inspections.queries.history import ACCIDENT, CLOCK, COMPLAINT, DELIVERABLE, INSPECTION
from ledger.labels import action_label
from ledger.models import Entry
from projects.models import Project
from projects.timeline import told
from reviews.timeline import timeline_entries

# The page of each subject that has one of its own; the rest stands on a page of the project.
PAGES = {
    DELIVERABLE: "reviews:deliverable", CLOCK: "deadlines:detail", INSPECTION: "inspections:detail",
    ACCIDENT: "inspections:accident", COMPLAINT: "feedback:detail",
}  # fmt: skip
PAGES_OF_PROJECT = {
    "projects.risk": "projects:risks", "projects.inquiry": "projects:inquiries",
    "projects.urgentrequest": "projects:inquiries", "projects.assignment": "projects:team",
    "projects.handover": "projects:handovers", "projects.handoveritem": "projects:handovers",
}  # fmt: skip


def lines(entries: Iterable[Entry], project: Project, handovers: Collection[int]) -> list[dict]:
    """{time, actor, action, detail, kind, url} of each entry. `handovers` are the ids of the project's sets of materials:
    one that was removed has no page any more."""
    return [_line(entry) | {"url": _url(entry, project, handovers)} for entry in entries]


def _line(entry: Entry) -> dict:
    if entry.subject_type == INSPECTION:
        # Which rows there are was decided by the query.
        (line,) = course.timeline([entry], is_office=True, sees_upward=True)
        return line | {"action": action_label(entry.action), "detail": _joined(_number(entry), line["detail"])}
    if entry.action.startswith("review."):
        (line,) = timeline_entries([entry])
        return line | {"detail": _joined(entry.subject_label, line["detail"])}
    line = told(entry) | {"actor": entry.actor.name if entry.actor else entry.actor_name}
    if entry.subject_type == CLOCK:
        kind = "overdue" if entry.action == "deadline.escalate" else ""
        return line | {"detail": "，".join(filter(None, (line["detail"], _due(entry)))), "kind": kind}
    return line


def _joined(subject: str, detail: str) -> str:
    return "：".join(filter(None, (subject, detail)))


def _number(entry: Entry) -> str:
    """Of an inspection its number: the project's name stands in the head of the page already."""
    return entry.subject_label.split(" ", 1)[0]


def _due(entry: Entry) -> str:
    """When a clock that starts, or is moved, ends."""
    due = json.loads(entry.data).get("due_on")
    if isinstance(due, list):
        before, after = due
        return f"到期日 {before} 改为 {after}" if before != after else ""
    return f"{due} 到期" if due and entry.action == "deadline.start" else ""


def _url(entry: Entry, project: Project, handovers: Collection[int]) -> str:
    if entry.subject_type in PAGES:
        return reverse(PAGES[entry.subject_type], args=[entry.subject_id])
    if entry.subject_type == "projects.handover" and entry.subject_id in handovers:
        return reverse("projects:handover", args=[project.pk, entry.subject_id])
    name = PAGES_OF_PROJECT.get(entry.subject_type)
    return reverse(name, args=[project.pk]) if name else ""
