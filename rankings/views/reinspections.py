"""下年度复查名单: which projects are inspected again, whether confirmed, and where that is done."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspections.queries.units import years
from rankings.queries import reinspections as queries
from staff.choices import Action
from staff.gates import needs


@require_safe
@needs(Action.READ_INSPECTIONS)
def reinspection_list(request):
    """Of the year asked for (`?year=`, the year in which they are inspected again; the next, if none is told)."""
    this_year = timezone.localdate().year
    text = request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else this_year + 1
    rows = queries.due_in(request.user, year)
    context = {
        "rows": rows,
        "counts": queries.counts(rows),
        "year": year,
        "years": sorted({year, this_year + 1, *(each + 1 for each in years(this_year))}, reverse=True),
        "crumbs": [{"title": "年度排名", "url": reverse("rankings:ranking_list")}],
    }
    return render(request, "rankings/reinspection_list.html", context)
