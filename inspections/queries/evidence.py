"""Who may open which proof (证据)."""

from django.db.models import Q

from inspections.models import Accident, Evidence, Inspection
from inspections.queries.liability import seen_evidence


def visible_evidence(user):
    """The standing proofs of the inspections, accidents and liability cases that `user` may see. What was taken back is
    opened to nobody any more; that it was there stands in the ledger."""
    if not user.is_active:
        return Evidence.objects.none()
    return Evidence.objects.standing().filter(
        Q(inspection__in=Inspection.objects.visible_to(user).order_by())
        | Q(accident__in=Accident.objects.visible_to(user).order_by())
        | seen_evidence(user)
    )
