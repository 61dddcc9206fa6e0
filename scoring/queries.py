"""Reads of scoring standards."""

from django.db.models import Count

from scoring.models import Standard


def published_standards():
    """Every version that was ever in force, the newest of each purpose first."""
    return (
        Standard.objects.filter(published_at__isnull=False)
        .annotate(item_count=Count("criteria__deductions"))
        .order_by("purpose", "-version")
    )


def with_criteria(standards):
    """The standards with criteria and deductions loaded."""
    return standards.prefetch_related("criteria__deductions")
