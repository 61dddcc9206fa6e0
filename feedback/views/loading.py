"""What the views of the handlers share."""

from functools import wraps

from django.shortcuts import get_object_or_404, render

from feedback import queries
from feedback.chain import AlreadyHandled
from feedback.models import Complaint


def load(request, pk: int) -> Complaint:
    """A complaint that the person may see; otherwise 404."""
    rows = queries.complaint_rows(request.user).select_related("registered_by", "last_actor")
    return get_object_or_404(rows, pk=pk)


def tells_lost_race(view):
    """Whoever was too late gets a page that says who was faster and when, with the way back. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except AlreadyHandled as late:
            return render(request, "feedback/already_handled.html", {"late": late.complaint}, status=409)

    return wrapped
