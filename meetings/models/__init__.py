"""Participating units, kinds and series of meetings, meetings, minutes with their receipts, action items (§8)."""

from meetings.models.actions import ActionItem, CarriedItem
from meetings.models.meetings import Invitation, Meeting, MeetingKind, Room, Series, SeriesGuest
from meetings.models.minutes import AccessLink, AgendaItem, Distribution, Minutes, Objection, Paper
from meetings.models.parties import Contact, Party

__all__ = [
    "AccessLink", "ActionItem", "AgendaItem", "CarriedItem", "Contact", "Distribution", "Invitation", "Meeting", "MeetingKind",
    "Minutes", "Objection", "Paper", "Party", "Room", "Series", "SeriesGuest",
]  # fmt: skip
