"""What a person has to do with meetings, for the first screen: the first few of each kind, in six queries at most."""

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from deadlines.queries import of_subjects
from meetings.choices import ActionState, State
from meetings.clocks import MEETING
from meetings.models import ActionItem, Distribution, Invitation, Meeting, Objection
from meetings.queries.action_items import ALONG, overdue, owed_by, tell, to_confirm

DAYS = 7


def meetings_of(user, most: int) -> dict[str, list[Meeting]]:
    """ "meetings": those of the next seven days that `user` organises, records or is invited to; one that is over until it is
    registered as held, for its organiser. "minutes": those whose minutes `user` has to write, or to check and issue, each with
    its `clock`."""
    now = timezone.now()
    invited = Invitation.objects.filter(user=user).order_by().values("meeting")
    mine = Q(organiser=user) | Q(recorder=user) | Q(pk__in=invited)
    coming = (
        mine
        & Q(state=State.PLANNED, starts_at__lt=now + timedelta(days=DAYS))
        & (Q(ends_at__gte=now) | Q(organiser=user))
    )
    keeps = Q(recorder=user) | Q(organiser=user, recorder=None) | Q(organiser=user, recorder=F("organiser"))
    owed = Q(state=State.HELD) & keeps | Q(state=State.CHECKING, organiser=user)
    rows = Meeting.objects.visible_to(user).filter(coming | owed).select_related("project", "kind", "room")
    found = list(rows.order_by("starts_at", "pk")[: 2 * most])
    clocks = of_subjects(MEETING, [row.pk for row in found if row.state != State.PLANNED])
    for row in found:
        row.has_begun, row.is_over = row.starts_at <= now, row.ends_at <= now
        row.clock = next(iter(clocks.get(row.pk, [])), None)
    return {
        "meetings": [row for row in found if row.state == State.PLANNED][:most],
        "minutes": [row for row in found if row.state != State.PLANNED][:most],
    }


def _seen(user):
    return Meeting.objects.visible_to(user).order_by().values("pk")


def copies_to_receive(user, most: int) -> list[Distribution]:
    rows = Distribution.objects.filter(user=user, received_at=None, minutes__meeting__in=_seen(user))
    return list(rows.select_related("minutes__meeting__project").order_by("sent_at", "pk")[:most])


def objections_to_answer(user, most: int) -> list[Objection]:
    """To minutes of the meetings that `user` organises."""
    rows = Objection.objects.filter(answered_at=None, distribution__minutes__meeting__organiser=user)
    rows = rows.filter(distribution__minutes__meeting__in=_seen(user))
    along = ("distribution__minutes__meeting__project", "distribution__party")
    return list(rows.select_related(*along).order_by("made_at", "pk")[:most])


def items_of(user, managed, most: int) -> dict[str, list[ActionItem]]:
    """ "items": what `user` owes, and what waits for `user` to confirm. "late": the overdue ones of `managed` (ids of projects)
    that others owe. The nearest day first."""
    mine = owed_by(user) & Q(state=ActionState.OPEN) | to_confirm(user)
    rows = ActionItem.objects.visible_to(user).filter(mine | overdue() & Q(project__in=managed))
    found = tell(rows.select_related(*ALONG).order_by("due_on", "pk")[: 2 * most], user)

    def is_mine(row: ActionItem) -> bool:
        owes = row.owner_id == user.pk or (row.owner_id is None and row.meeting.organiser_id == user.pk)
        return owes or row.state == ActionState.DONE

    return {
        "items": [row for row in found if is_mine(row)][:most],
        "late": [row for row in found if not is_mine(row)][:most],
    }
