"""Reads of the evidence chain for the auditor's pages and for timelines."""

import json
from datetime import date, datetime, time, timedelta

from django.apps import apps
from django.utils import timezone

from ledger.models import Entry


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def entries(
    *,
    number: int | None = None,
    since: date | None = None,
    until: date | None = None,
    actor: str = "",
    action: str = "",
    subject: str = "",
):
    """Entries that meet all given conditions, newest first; `since` and `until` are days of the firm, both included."""
    found = Entry.objects.order_by("-number")
    if number is not None:
        found = found.filter(number=number)
    if since:
        found = found.filter(at__gte=_midnight(since))
    if until:
        found = found.filter(at__lt=_midnight(until + timedelta(days=1)))
    if actor:
        found = found.filter(actor_name__icontains=actor)
    if action:
        found = found.filter(action=action)
    if subject:
        found = found.filter(subject_label__icontains=subject)
    return found


def window(found, *, before: int | None, after: int | None, size: int) -> tuple[list[Entry], bool, bool]:
    """(entries, has newer, has older) of one page of `found`, by number: as fast at the end of the chain as at its head."""
    if after is not None:
        rows = list(found.filter(number__gt=after).order_by("number")[: size + 1])
        has_newer = len(rows) > size
        return rows[:size][::-1], has_newer, True
    if before is not None:
        found = found.filter(number__lt=before)
    rows = list(found[: size + 1])
    return rows[:size], before is not None, len(rows) > size


def subject_kind(entry: Entry) -> str:
    """What kind of thing the entry is about, in Chinese."""
    try:
        return str(apps.get_model(entry.subject_type)._meta.verbose_name)
    except LookupError:
        return entry.subject_type


def readable_data(entry: Entry) -> str:
    """The entry's data, laid out for reading. What was hashed is `entry.data` itself."""
    try:
        return json.dumps(json.loads(entry.data), ensure_ascii=False, indent=2)
    except ValueError:
        return entry.data
