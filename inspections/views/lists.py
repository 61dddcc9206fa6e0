"""The list of inspections and its Excel export."""

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from inspections.choices import State
from inspections.exports import inspections_response
from inspections.filters import InspectionFilter
from inspections.queries import inspections as queries
from staff.choices import Action
from staff.lists import filter_words, page_of, sort_order

SORTS = {
    "number": "number",
    "subject": "project__number",
    "unit": "unit__code",
    "planned": "planned_on",
    "score": "score_sheet__total",
}


def _asked(request):
    """What the URL asks for; where it says nothing of the state, what is not closed. So page 2 shows what page 1 shows."""
    asked = request.GET.copy()
    asked.setdefault("state", "live")
    return asked


def _filtered(request):
    """(all that the person sees, the filters, the rows that pass them in the order asked for, the key of the usual order):
    what is under way by its day, the nearest first; of what is over the latest first."""
    rows, asked = queries.inspection_rows(request.user), _asked(request)
    filterset = InspectionFilter(asked, queryset=rows, request=request)
    usual = "-planned" if asked["state"] in ("", State.CLOSED, State.CANCELLED) else "planned"
    order = sort_order(request, SORTS, usual, may_be_empty={"subject", "score"})
    return rows, filterset, filterset.qs.order_by(*order), usual


@require_safe
def inspection_list(request):
    """Whoever sees an inspection finds it here; the figures count what the person sees."""
    rows, filterset, found, usual = _filtered(request)
    page = page_of(request, found)
    page.object_list = queries.tell_clocks(page.object_list)
    context = {
        "filter": filterset,
        "page": page,
        "sort": usual,
        "counts": queries.counts(rows),
        "base": reverse("inspections:list"),
        "export_query": request.GET.urlencode(),
        "may_read": request.user.may(Action.READ_INSPECTIONS),
        "can_plan": request.user.may(Action.PLAN_INSPECTIONS),
    }
    return render(request, "inspections/inspection_list.html", context)


@require_safe
def export(request):
    """The same rows as a workbook."""
    _, filterset, found, _ = _filtered(request)
    return inspections_response(queries.tell_clocks(found), filter_words(filterset.form))
