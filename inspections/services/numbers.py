"""The numbers of inspections (JC), opinions (JCYJ), accidents (SG) and accountability: series by year, without gaps."""

from django.db.models import F
from django.utils import timezone

from inspections.models import Counter


def next_number(prefix: str) -> str:
    """SG-2026-0001. Called inside the act's transaction: the counter's row is taken by an UPDATE, so what fails gives its
    number back, and two never get one."""
    series = f"{prefix}-{timezone.localdate().year}"
    Counter.objects.get_or_create(series=series)
    Counter.objects.filter(series=series).update(last=F("last") + 1)
    return f"{series}-{Counter.objects.get(series=series).last:04}"
