"""Reads of serious quality accidents."""

from django.db.models import Prefetch

from inspections.models import Accident, Inspection


def accident_rows(user):
    """The accidents that `user` sees, each with the 专项稽查 that it set off (`audits`); two queries."""
    audits = Inspection.objects.visible_to(user).order_by("opened_at", "pk")
    return (
        Accident.objects.visible_to(user)
        .select_related("project__unit", "registered_by")
        .prefetch_related(Prefetch("special_audits", audits, to_attr="audits"))
    )
