"""What the inspections of a year conclude for each unit, and the inspections behind it."""

from urllib.parse import urlencode

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspections import exports, rules
from inspections.forms.units import UnitsForm
from inspections.queries import units as queries
from staff.choices import Action
from staff.gates import needs
from staff.lists import filter_words
from staff.models import Unit


def _asked(request):
    """(form, year, plan or None, the query string that says the same)."""
    form = UnitsForm(request.GET, years=queries.years(timezone.localdate().year))
    form.full_clean()
    plan = form.cleaned_data.get("plan")
    query = {"year": form.chosen_year} | ({"plan": plan.pk} if plan else {})
    return form, form.chosen_year, plan, urlencode(query)


@require_safe
@needs(Action.READ_INSPECTIONS)
def unit_conclusions(request):
    form, year, plan, query = _asked(request)
    rows = queries.unit_rows(year, plan)
    context = {
        "form": form,
        "year": year,
        "query": query,
        "rows": rows,
        "rule": rules.UNIT_RULE,
        "inspected": sum(row.conclusion is not None for row in rows),
    }
    return render(request, "inspections/unit_conclusions.html", context)


@require_safe
@needs(Action.READ_INSPECTIONS)
def unit_export(request):
    form, year, plan, _ = _asked(request)
    return exports.units_response(queries.unit_rows(year, plan), filter_words(form))


@require_safe
@needs(Action.READ_INSPECTIONS)
def unit_conclusion(request, pk):
    """The inspections that a unit's conclusion rests on, the lowest first."""
    form, year, plan, query = _asked(request)
    unit = get_object_or_404(Unit, pk=pk)
    (row,) = queries.unit_rows(year, plan, unit)
    back = f"{reverse('inspections:unit_conclusions')}?{query}"
    context = {
        "form": form, "year": year, "plan": plan, "row": row, "rule": rules.UNIT_RULE,
        "crumbs": [{"title": "单位检查结论", "url": back}],
    }  # fmt: skip
    return render(request, "inspections/unit_conclusion.html", context)
