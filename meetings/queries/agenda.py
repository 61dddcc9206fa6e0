"""The agenda as pages show it, and what the system proposes for it."""

from dataclasses import dataclass

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone

from deadlines.choices import Event, State
from deadlines.models import Deadline
from meetings.choices import ItemSource
from meetings.models import AgendaItem, Meeting, Paper
from meetings.queries.action_items import carried_for
from projects.models import Project
from reviews.choices import RemarkState
from reviews.models import Remark

# Of each kind: an agenda of more is none.
MOST = 30


@dataclass(frozen=True)
class Proposal:
    """What may become an item by one click. `key` is unique on one agenda."""

    source: ItemSource
    key: str
    title: str
    url: str
    note: str
    owner: object = None
    owner_contact: object = None


def standing_papers():
    return Paper.objects.filter(removed_at__isnull=True).select_related("uploaded_by").order_by("pk")


def agenda_of(meeting: Meeting) -> list[AgendaItem]:
    """The items in order, each with `standing_papers`; two queries."""
    papers = Prefetch("papers", standing_papers(), to_attr="standing_papers")
    rows = meeting.agenda.select_related("owner", "owner_contact__party", "saved_by").prefetch_related(papers)
    return list(rows.order_by("order", "pk"))


def papers_of(meeting: Meeting) -> list[Paper]:
    """The papers of the meeting as a whole."""
    return list(standing_papers().filter(meeting=meeting, agenda_item__isnull=True))


def proposals(meeting: Meeting, user) -> list[Proposal]:
    """What is open and not on the agenda yet, as far as `user` may see it. The same few queries whatever the number."""
    taken = set(meeting.agenda.exclude(source_key="").values_list("source_key", flat=True))
    found = _action_items(meeting)
    if meeting.project_id and Project.objects.visible_to(user).filter(pk=meeting.project_id).exists():
        found += [*_clocks(meeting.project), *_remarks(meeting.project)]
    return [each for each in found if each.key not in taken]


def proposal(meeting: Meeting, user, key: str) -> Proposal | None:
    return next((each for each in proposals(meeting, user) if each.key == key), None)


def _action_items(meeting: Meeting) -> list[Proposal]:
    """The unclosed items of earlier meetings: of the project, or for the firm's own those of the same kind."""
    rows = carried_for(meeting).select_related("owner", "owner_contact__party", "meeting")
    today = timezone.localdate()
    return [
        Proposal(
            ItemSource.ACTION_ITEM, f"meetings.actionitem:{row.pk}", f"待办 {row.number}：{row.text}"[:200],
            reverse("meetings:action", args=[row.pk]),
            f"{row.meeting.number} · {row.due_on:%Y-%m-%d} 到期{'，已逾期' if row.due_on < today else ''}",
            row.owner, row.owner_contact,
        )
        for row in rows[:MOST]
    ]  # fmt: skip


def _clocks(project: Project) -> list[Proposal]:
    """Overdue clocks; and of inspections no more than that a rectification runs, which the project's page of clocks says
    to everybody who sees the project."""
    now = timezone.now()
    rows = Deadline.objects.within(project).filter(state__in=[State.RUNNING, State.SUSPENDED])
    rows = rows.exclude(rule__event__in=[Event.ACTION_ITEM_SET, Event.MEETING_HELD])
    found = []
    for row in rows.select_related("rule", "responsible").order_by("due_at", "pk"):
        rectifies = row.rule.event == Event.OPINION_RECEIVED
        is_late = row.state == State.RUNNING and row.due_at <= now
        if not (rectifies or is_late) or len(found) >= MOST:
            continue
        title = "质量检查整改" if rectifies else f"{row.rule.title}：{row.subject_label}"
        found.append(
            Proposal(
                ItemSource.RECTIFICATION if rectifies else ItemSource.CLOCK, f"deadlines.deadline:{row.pk}", title[:200],
                f"/deadlines/{row.pk}/", f"{row.due_on:%Y-%m-%d} 到期{'，已逾期' if is_late else ''}", row.responsible,
            )
        )  # fmt: skip
    return found


def _remarks(project: Project) -> list[Proposal]:
    rows = Remark.objects.filter(deliverable__project=project, state=RemarkState.OPEN)
    rows = rows.select_related("deliverable__preparer", "level").order_by("raised_at", "pk")
    return [
        Proposal(
            ItemSource.REMARK, f"reviews.remark:{row.pk}", f"{row.deliverable.title}{row}：{row.problem}"[:200],
            reverse("reviews:remarks", args=[row.deliverable_id]),
            f"{row.level.title} · {timezone.localtime(row.raised_at):%Y-%m-%d} 提出", row.deliverable.preparer,
        )
        for row in rows[:MOST]
    ]  # fmt: skip
