"""What the views of inspections share."""

from functools import wraps

from django.shortcuts import get_object_or_404, render

from inspections.chain import AlreadyHandled
from inspections.models import Inspection

ALONG = ("project__unit", "unit", "standard", "score_sheet", "last_actor", "opened_by", "plan", "draw", "complaint",
         "accident", "reinspection_of")  # fmt: skip


def load(request, pk: int) -> Inspection:
    """An inspection that the person may see; otherwise 404."""
    return get_object_or_404(Inspection.objects.visible_to(request.user).select_related(*ALONG), pk=pk)


def tells_lost_race(view):
    """Whoever was too late gets a page that says who was faster and when, with the way back. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except AlreadyHandled as late:
            return render(request, "inspections/already_handled.html", {"late": late.inspection}, status=409)

    return wrapped
