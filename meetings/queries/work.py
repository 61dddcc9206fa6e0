"""What a person has to do with meetings, for the first screen: each the first few, at most two queries."""

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from deadlines.queries import of_subjects
from meetings.choices import ActionState, State
from meetings.clocks import MEETING
from meetings.models import ActionItem, Distribution, Invitation, Meeting
from meetings.queries.action_items import ALONG, overdue, owed_by, tell, to_confirm

DAYS = 7


def coming_meetings(user, most: int) -> list[Meeting]:
    """Those of the next seven days that `user` organises, records or is invited to; one that has begun until it is held."""
    now = timezone.now()
    invited = Invitation.objects.filter(user=user).order_by().values("meeting")
    rows = Meeting.objects.filter(Q(organiser=user) | Q(recorder=user) | Q(pk__in=invited), state=State.PLANNED)
    rows = rows.filter(starts_at__lt=now + timedelta(days=DAYS)).filter(Q(ends_at__gte=now) | Q(organiser=user))
    found = list(rows.select_related("project", "kind", "room").order_by("starts_at", "pk")[:most])
    for row in found:
        row.has_begun = row.starts_at <= now
    return found


def minutes_owed(user, most: int) -> list[Meeting]:
    """Minutes that `user` has to write, or to check and issue, each with its `clock`."""
    writes = Q(state=State.HELD) & (
        Q(recorder=user) | Q(organiser=user, recorder=None) | Q(organiser=user, recorder=F("organiser"))
    )
    rows = Meeting.objects.filter(writes | Q(state=State.CHECKING, organiser=user)).select_related("project", "kind")
    found = list(rows.order_by("starts_at", "pk")[:most])
    clocks = of_subjects(MEETING, [row.pk for row in found])
    for row in found:
        row.clock = next(iter(clocks.get(row.pk, [])), None)
    return found


def copies_to_receive(user, most: int) -> list[Distribution]:
    rows = Distribution.objects.filter(user=user, received_at=None).select_related("minutes__meeting__project")
    return list(rows.order_by("sent_at", "pk")[:most])


def items_of(user, most: int) -> list[ActionItem]:
    """What `user` owes, and what waits for `user` to confirm; the nearest day first."""
    rows = ActionItem.objects.filter(owed_by(user) & Q(state=ActionState.OPEN) | to_confirm(user))
    return tell(rows.select_related(*ALONG).order_by("due_on", "pk")[:most])


def overdue_in(projects, user, most: int) -> list[ActionItem]:
    """The overdue items of `projects` (ids) that others owe; the longest overdue first."""
    rows = ActionItem.objects.filter(overdue(), project__in=projects).exclude(owed_by(user))
    return tell(rows.select_related(*ALONG).order_by("due_on", "pk")[:most])
