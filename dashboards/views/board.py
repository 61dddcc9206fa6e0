"""The managers' dashboard (管理看板) and the Excel export of each of its charts."""

from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboards.board import dashboard
from dashboards.exports import chart_response, kpis_response
from dashboards.forms import ManagementFilter
from inspections.queries.units import years
from staff.choices import Action
from staff.gates import needs

# The cards of the page, section by section; a chart that is not told (complaints) leaves its place empty.
SECTIONS = (
    ("年度排名", ("ranking_projects", "ranking_units", "grades_by_unit")),
    ("监管检查", ("grades_by_month", "grades_by_year", "open_rectifications", "error_rates")),
    ("三级复核", ("first_pass", "catch_rate", "days_per_level", "habits")),
    ("时限与投诉", ("overdue_by_rule", "complaints")),
)
KPIS = "kpis"


def asked(request):
    """(the form, the filters that it says)."""
    form = ManagementFilter(request.GET, years=years(timezone.localdate().year))
    return form, form.filters()


@require_safe
@needs(Action.READ_MANAGEMENT)
def management(request):
    form, filters = asked(request)
    found = dashboard(filters, request.user)
    by_key = {chart.key: chart for chart in found.charts}
    sections = [(title, [by_key[key] for key in keys if key in by_key]) for title, keys in SECTIONS]
    context = {
        "form": form, "filters": filters, "dashboard": found, "sections": sections, "query": urlencode(filters.query),
        "kpis_key": KPIS,
    }  # fmt: skip
    return render(request, "dashboards/management.html", context)


@require_safe
@needs(Action.READ_MANAGEMENT)
def export(request, key):
    """One chart's table, or the measures, with the filters of the page in the head."""
    _, filters = asked(request)
    found = dashboard(filters, request.user)
    if key == KPIS:
        return kpis_response(found)
    chart = next((each for each in found.charts if each.key == key), None)
    if chart is None:
        raise Http404
    return chart_response(found, chart)
