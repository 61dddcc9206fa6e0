"""Who is at another meeting at that time, and which room is taken."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from meetings.choices import State
from meetings.guests import Guests
from meetings.models import Invitation, Meeting, Room, Series


@dataclass(frozen=True)
class Conflict:
    """Somebody, or a room, that is taken. `meeting` is None for a viewer who may not see it: then only 忙."""

    who: str
    starts_at: datetime
    ends_at: datetime
    meeting: Meeting | None

    @property
    def words(self) -> str:
        """张三：09:30–10:30 忙（HY-2026-0001 监理例会）."""
        begin, end = timezone.localtime(self.starts_at), timezone.localtime(self.ends_at)
        what = f"（{self.meeting}）" if self.meeting else ""
        return f"{self.who}：{begin:%m-%d %H:%M}–{end:%H:%M} 忙{what}"


def at_the_time(starts_at: datetime, ends_at: datetime, *, but: Meeting | Series | None = None):
    """The meetings still to come, or under way, that overlap with the time; one that begins as another ends does not. `but`: the
    meeting, or the series, that is to be put there."""
    rows = Meeting.objects.filter(state=State.PLANNED, starts_at__lt=ends_at, ends_at__gt=starts_at)
    if isinstance(but, Series):
        return rows.filter(Q(series__isnull=True) | ~Q(series=but.pk))
    return rows.exclude(pk=but.pk) if but else rows


def room_conflicts(viewer, room: Room | None, starts_at: datetime, ends_at: datetime, *, but=None) -> list[Conflict]:
    """The meetings in the room at that time."""
    if room is None:
        return []
    rows = list(at_the_time(starts_at, ends_at, but=but).filter(room=room).order_by("starts_at", "pk"))
    seen = _seen(viewer, rows)
    return [Conflict(room.name, row.starts_at, row.ends_at, row if row.pk in seen else None) for row in rows]


def people_conflicts(viewer, guests: Guests, starts_at: datetime, ends_at: datetime, *, but=None) -> list[Conflict]:
    """For each of `guests` the other meetings to which they are invited at that time; three queries. Contacts belong to
    one project each, so theirs are meetings of that project."""
    busy = at_the_time(starts_at, ends_at, but=but).order_by().values("pk")
    rows = Invitation.objects.filter(meeting__in=busy).select_related("meeting", "user", "contact")
    users, contacts = {user.pk for user in guests.users}, {each.pk for each in guests.contacts}
    rows = [row for row in rows if row.user_id in users or row.contact_id in contacts]
    seen = _seen(viewer, [row.meeting for row in rows])
    found = [
        Conflict(row.person_name, row.meeting.starts_at, row.meeting.ends_at,
                 row.meeting if row.meeting_id in seen else None)
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.starts_at, each.who))


def _seen(viewer, meetings) -> set[int]:
    """Which of `meetings` the viewer may know of."""
    ids = [meeting.pk for meeting in meetings]
    return set(Meeting.objects.visible_to(viewer).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
