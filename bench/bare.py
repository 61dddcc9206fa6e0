"""The floors: session, user, the rows of the product's page by one query, a plain template. No permissions, no counts."""

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpResponse
from django.template.loader import render_to_string

from reviews.models import Remark, RemarkEvent, Round, Waiting

SIZE = 25


def _page(request, template: str, rows) -> HttpResponse:
    if not request.user.is_authenticated:
        raise PermissionDenied
    # Without the request, so without context processors.
    return HttpResponse(render_to_string(f"bench/{template}", {"rows": list(rows), "user": request.user}))


def inbox(request):
    rows = Waiting.objects.filter(user=request.user.pk).select_related(
        "user", "round__deliverable__project", "round__deliverable__preparer", "round__level"
    )
    return _page(request, "inbox.html", rows.order_by("round__deliverable__due_on")[:SIZE])


def deliverables(request):
    rows = Round.objects.current().select_related(
        "level", "deliverable__project__unit", "deliverable__discipline", "deliverable__preparer"
    )
    rows = rows.annotate(holder=F("waitings__user__name")).order_by("-deliverable__created_at", "-deliverable_id")
    return _page(request, "deliverables.html", rows[:SIZE])


def deliverable(request, pk):
    """The facts of a deliverable and its 20 remarks."""
    rows = Remark.objects.filter(deliverable=pk).select_related(
        "level", "raised_by", "deliverable__project__unit", "deliverable__discipline", "deliverable__preparer"
    )
    return _page(request, "deliverable.html", rows.order_by("number"))


def remarks(request, pk):
    """The 20 remarks of a deliverable with all that was answered: a row for each answer and re-check."""
    rows = RemarkEvent.objects.filter(remark__deliverable=pk).select_related(
        "by", "remark__level", "remark__raised_by", "remark__deliverable__project"
    )
    return _page(request, "remarks.html", rows.order_by("remark__number", "at", "pk"))
