"""A project became 秘密, or somebody left the team of one: whoever may not see it any more leaves the lists of its meetings to
come, and what they owed of its meetings goes to who may."""

import logging
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from deadlines.models import Deadline
from deadlines.services.clocks import pass_on
from meetings import chain
from meetings.choices import ActionState, State
from meetings.clocks import ITEM, MEETING, owing_item, owing_minutes
from meetings.guests import Guests
from meetings.models import ActionItem, Invitation, Meeting
from meetings.secrecy import may_know, seeing
from meetings.services import calling, inviting
from projects.choices import Confidentiality
from projects.models import Assignment

logger = logging.getLogger(__name__)
IS_SECRET = Q(project__confidentiality=Confidentiality.SECRET)


def withdraw_unseen() -> int:
    """A round of the clockwork; returns how many meetings and clocks changed hands or lists. It looks in the database who is
    still there and should not be, so that two at once do it once. One meeting that fails keeps no other from it."""
    found = sum(_withdraw(pk) for pk in _meetings_with_blind_people())
    return found + _pass_clocks_on()


# ── Lists ───────────────────────────────────────────────────────────────────
def _meetings_with_blind_people() -> list[int]:
    """The meetings to come of secret projects with somebody on the list who does not see the project. The team is left out by
    the database: few are left to be asked about."""
    on_team = Assignment.objects.in_force().filter(project=OuterRef("meeting__project"), user=OuterRef("user"))
    rows = Invitation.objects.filter(
        ~Exists(on_team), user__isnull=False, meeting__state=State.PLANNED, meeting__starts_at__gt=timezone.now(),
        meeting__project__confidentiality=Confidentiality.SECRET,
    )  # fmt: skip
    sees, found = {}, set()
    for row in rows.select_related("user", "meeting__project"):
        key = row.user_id, row.meeting.project_id
        if key not in sees:
            sees[key] = may_know(row.user, row.meeting.project)
        if not sees[key]:
            found.add(row.meeting_id)
    return sorted(found)


@dataclass(frozen=True)
class _Change:
    content: calling.Content
    guests: Guests


def _withdraw(pk: int) -> int:
    try:
        with transaction.atomic():
            meeting = chain.held(Meeting(pk=pk))
            if meeting.state != State.PLANNED or (change := _change_of(meeting)) is None:
                return 0
            calling.change_meeting(actor=None, meeting=meeting, turn=meeting.turn, content=change.content,
                                   guests=change.guests, with_series=True)  # fmt: skip
    except ValidationError as error:
        # Somebody signed in already, or nothing is left to change: nobody is taken off, and nobody sees more by that.
        if getattr(error, "code", "") != "unchanged":
            logger.warning("meeting %s: %s", pk, error)
        return 0
    return 1


def _change_of(meeting: Meeting) -> _Change | None:
    """The meeting without whoever may not see its project; None where nobody is left who could organise it."""
    project, guests = meeting.project, inviting.guests_of(meeting)
    told = {name: getattr(meeting, name) for name in calling.FIELDS}
    if not chain.has_organiser(meeting):
        told["organiser"] = inviting.successor(meeting.kind, project)
        if told["organiser"] is None:
            return None
    if meeting.recorder_id and not may_know(meeting.recorder, project):
        told["recorder"] = None
    contacts = [each for each in guests.contacts if each.is_active and each.party.is_active]
    return _Change(calling.Content(**told), Guests(seeing(project, guests.users), contacts))


# ── Clocks ──────────────────────────────────────────────────────────────────
def _pass_clocks_on() -> int:
    """Clocks that whoever organised a meeting of a secret project owes and may not know of any more."""
    late = Meeting.objects.filter(IS_SECRET, state__in=[State.HELD, State.CHECKING]).select_related(
        "organiser", "project"
    )
    blind = {row.pk: row for row in late if not may_know(row.organiser, row.project)}
    found = sum(_pass(MEETING, row, row.organiser_id, owing_minutes) for row in blind.values())
    items = ActionItem.objects.filter(IS_SECRET, state=ActionState.OPEN, owner__isnull=True)
    for item in items.select_related("meeting__organiser", "project").annotate(by=F("meeting__organiser")):
        if not may_know(item.meeting.organiser, item.project):
            found += _pass(ITEM, item, item.by, owing_item)
    return found


def _pass(label: str, record, blind: int, owing) -> int:
    with transaction.atomic():
        rows = Deadline.objects.open().filter(subject_type=label, subject_id=record.pk, responsible=blind)
        list(rows.select_for_update().values_list("pk"))
        return sum(pass_on(clock, owing(record), actor=None) for clock in rows.select_related("rule", "responsible"))
