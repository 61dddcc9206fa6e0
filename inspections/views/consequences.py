"""What follows from the opinions: re-inspections and what is reported upward, and the decision about each."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from inspections.choices import ConsequenceKind
from inspections.filters import ConsequenceFilter
from inspections.forms.concluding import DecideForm
from inspections.models import Inspection
from inspections.queries import concluding as queries
from inspections.queries import inspections as inspection_queries
from inspections.services import consequences as services
from inspections.views.acting import back_to, page
from inspections.views.concluding import PAGE
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, page_of


@require_safe
@needs(Action.READ_INSPECTIONS)
def consequence_list(request):
    """Undecided first; from here a re-inspection is opened."""
    rows = queries.consequence_rows(request.user)
    filterset = ConsequenceFilter(request.GET, queryset=rows, request=request)
    found = page_of(request, filterset.qs)
    to_open = set(inspection_queries.to_inspect_again(request.user).order_by().values_list("pk", flat=True))
    again = queries.reinspections_of([row.inspection_id for row in found])
    partial = queries.partial_of(request.user, [row.inspection for row in found])
    for row in found:
        is_free = row.decision is None and row.inspection_id not in partial
        row.may_decide = is_free and services.grants(request.user, row)
        # Whoever may decide about it does so first.
        may_open = row.kind == ConsequenceKind.REINSPECTION and row.inspection_id in to_open
        row.may_open = may_open and not row.may_decide
        row.again = again.get(row.inspection_id)
    context = {
        "filter": filterset,
        "page": found,
        "undecided": rows.undecided().order_by().count(),
        "can_plan": request.user.may(Action.PLAN_INSPECTIONS),
        "crumbs": [{"title": "检查", "url": reverse("inspections:list")}],
    }
    return render(request, "inspections/consequence_list.html", context)


@PAGE
def consequence_decide(request, pk):
    """Confirm it, or not, with the reason; of what is reported upward with the disposition."""
    rows = queries.consequence_rows(request.user).select_related("inspection__last_actor")
    consequence = get_object_or_404(rows, pk=pk)
    inspection: Inspection = consequence.inspection
    services.require_may_decide(request.user, consequence)
    form = DecideForm(request.POST or None, consequence=consequence)
    try:
        if consequence.decision is not None:
            raise services.AlreadyDecided(consequence)
        if request.method == "POST" and accepted(
            form, lambda: services.decide(actor=request.user, consequence=consequence, **form.cleaned_data)
        ):
            messages.success(request, f"{consequence.get_kind_display()}已处理。")
            return back_to(inspection, "#consequences")
    except services.AlreadyDecided as late:
        return page(request, "consequence_decided", inspection, status=409, consequence=late.consequence)
    return page(request, "decide_form", inspection, form=form, consequence=consequence, sheet=inspection.score_sheet)
