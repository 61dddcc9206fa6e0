"""Reads of action items: lists, what is carried into a meeting, and the course of one from meeting to meeting."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from deadlines.queries import of_subjects
from ledger.labels import action_label
from ledger.models import Entry
from meetings.choices import ActionState, Group, State
from meetings.clocks import ITEM
from meetings.models import ActionItem, CarriedItem, Meeting, Paper
from meetings.secrecy import UNNAMED_MEETING, UNNAMED_PROJECT
from projects.models import Project
from staff.duties import Duty

ALONG = ("project", "meeting__kind", "meeting__project", "meeting__organiser", "agenda_item", "owner__unit", "owner_contact__party", "created_by",
         "done_by", "closed_by")  # fmt: skip


def item_rows(user):
    """The action items that `user` sees, as a list shows them."""
    return ActionItem.objects.visible_to(user).select_related(*ALONG)


def tell(rows: Iterable[ActionItem], user=None) -> list[ActionItem]:
    """Each with `clock` (None where no rule is in force) and `is_late`; one query. For a `user` who owns an item of a project that
    is secret by now, without the names of project and meeting: with `is_veiled`; one query more."""
    rows, today = list(rows), timezone.localdate()
    clocks = of_subjects(ITEM, [row.pk for row in rows])
    for row in rows:
        row.clock = next(iter(clocks.get(row.pk, [])), None)
        row.is_late = row.state == ActionState.OPEN and row.due_on < today
    return _veiled(rows, user) if user else rows


def _veiled(rows: list[ActionItem], user) -> list[ActionItem]:
    """What a page shows of them to `user`; never to be saved."""
    secret = {row.project_id for row in rows if row.project_id and row.project.is_secret}
    seen = set(Project.objects.visible_to(user).filter(pk__in=secret).values_list("pk", flat=True))
    for row in rows:
        row.is_veiled = row.project_id in secret - seen
        if row.is_veiled:
            row.project.name, row.project.number = UNNAMED_PROJECT, ""
            row.meeting.title, row.agenda_item = UNNAMED_MEETING, None
    return rows


def owed_by(user) -> Q:
    """What `user` has to do: as the owner, or as the organiser for an owner outside."""
    return Q(owner=user) | Q(owner__isnull=True, meeting__organiser=user)


def to_confirm(user) -> Q:
    """Reported done, and `user` organised a meeting on whose table it lies."""
    carried = CarriedItem.objects.filter(action_item=OuterRef("pk"), meeting__organiser=user)
    return Q(state=ActionState.DONE) & (Q(meeting__organiser=user) | Exists(carried))


def overdue(today=None) -> Q:
    return Q(state=ActionState.OPEN, due_on__lt=today or timezone.localdate())


def counts(rows, user) -> dict[str, int]:
    """How many of `rows` are open, overdue, wait to be confirmed, and are owed by `user`; one query."""
    return rows.order_by().aggregate(
        open=Count("pk", filter=Q(state=ActionState.OPEN)),
        overdue=Count("pk", filter=overdue()),
        done=Count("pk", filter=Q(state=ActionState.DONE)),
        mine=Count("pk", filter=owed_by(user) & Q(state=ActionState.OPEN)),
    )


# ── Carried from meeting to meeting ─────────────────────────────────────────
def carried_for(meeting: Meeting):
    """The unclosed items of earlier meetings that lie on the table of `meeting`: of a 工作例会 those of the project, of a meeting
    about one matter (专题, 外部) or of the firm's own those of the same kind. Its paper goes to every unit that takes part."""
    rows = ActionItem.objects.unclosed().filter(project=meeting.project_id, meeting__starts_at__lt=meeting.starts_at)
    if meeting.kind.group != Group.REGULAR:
        rows = rows.filter(meeting__kind=meeting.kind_id)
    return rows.exclude(meeting=meeting.pk).exclude(meeting__state=State.CANCELLED).order_by("due_on", "pk")


def on_table(meeting: Meeting):
    """The former items that were carried to `meeting`, and until its minutes are issued whatever is unclosed."""
    wanted = Q(pk__in=meeting.carried_items.order_by().values("action_item"))
    if meeting.state not in (State.ISSUED, State.CANCELLED):
        wanted |= Q(pk__in=carried_for(meeting).order_by().values("pk"))
    return ActionItem.objects.filter(wanted)


def carried_rows(meeting: Meeting) -> list[ActionItem]:
    """The former items on the table of `meeting`, each with `progress`, its note there. Three queries."""
    notes = dict(meeting.carried_items.values_list("action_item", "note"))
    rows = tell(on_table(meeting).select_related(*ALONG).order_by("due_on", "pk"))
    for row in rows:
        row.progress = notes.get(row.pk, "")
    return rows


def own_rows(meeting: Meeting) -> list[ActionItem]:
    """The items that this meeting has set. Two queries."""
    return tell(meeting.action_items.select_related(*ALONG).order_by("due_on", "pk"))


@dataclass(frozen=True)
class Stop:
    """A meeting on the way of an item, and what was said about it there."""

    meeting: Meeting
    note: str
    is_first: bool = False


def course_of(item: ActionItem) -> list[Stop]:
    """From meeting to meeting; one query. Of a veiled item nothing: what was said there is not for its owner."""
    if getattr(item, "is_veiled", False):
        return []
    rows = item.carried.select_related("meeting__kind").order_by("meeting__starts_at", "pk")
    return [Stop(item.meeting, "", True), *(Stop(row.meeting, row.note) for row in rows)]


def timeline_of(item: ActionItem) -> list[dict]:
    """What the ledger tells of it, in order; one query."""
    kinds = {"action_item.close": "signed", "action_item.reopen": "returned"}
    rows = Entry.objects.about(item).select_related("actor").order_by("number")
    if getattr(item, "is_veiled", False):
        rows = rows.exclude(action="action_item.progress")
    return [
        {"time": row.at, "actor": row.actor.name if row.actor else "系统", "action": action_label(row.action).removeprefix("会议待办："),
         "detail": _detail(row), "kind": kinds.get(row.action, "")}
        for row in rows
    ]  # fmt: skip


def _detail(entry: Entry) -> str:
    data = json.loads(entry.data)
    words = data.get("reason") or data.get("note") or ""
    changed = data.get("changed") or {}
    due = changed.get("due_on") or data.get("due_on")
    if isinstance(due, list) and due[0] != due[1]:
        words = f"完成期限 {due[0]} → {due[1]}。{words}"
    if {"owner", "owner_contact"} & set(changed):
        words = f"调整负责人。{words}"
    return f"（{data['at']}）{words}" if data.get("at") else words


def proofs_of(item: ActionItem) -> list[Paper]:
    return list(item.proofs.filter(removed_at__isnull=True).select_related("uploaded_by").order_by("pk"))


def visible_proofs(user):
    """The proofs of items that `user` sees."""
    return Paper.objects.filter(
        action_item__in=ActionItem.objects.visible_to(user).order_by().values("pk"), removed_at=None
    )


# ── Before leaving ──────────────────────────────────────────────────────────
def duties_before_leaving(user) -> Iterable[Duty]:
    """The meetings that `user` has called and whose minutes are not out, and the items that `user` owns and are not closed; two
    queries."""
    meetings = Meeting.objects.live().filter(organiser=user).order_by("starts_at", "pk")
    yield from (Duty(f"{row} 会议组织者", f"/meetings/{row.pk}/") for row in meetings)
    items = ActionItem.objects.unclosed().filter(owner=user).order_by("due_on", "pk")
    yield from (Duty(f"{row} 待办负责人", reverse("meetings:action", args=[row.pk])) for row in items)
