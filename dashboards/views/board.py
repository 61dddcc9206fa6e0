"""The managers' dashboard (管理看板), the Excel export of each of its charts, and its paper (月报 / 年报)."""

from dataclasses import replace
from urllib.parse import quote, urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboards.board import SECTIONS, dashboard
from dashboards.exports import chart_response, kpis_response
from dashboards.forms import ManagementFilter, ReportMonth
from dashboards.printouts.report import management_report, name_of
from inspections.queries.units import years
from staff.choices import Action
from staff.gates import needs

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
        "kpis_key": KPIS, "months": ReportMonth.choices_of(filters.year, timezone.localdate()),
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


@require_safe
@needs(Action.READ_MANAGEMENT)
def report(request):
    """The dashboard on paper, with the filters of the page: of the year, or of the month that is told."""
    _, filters = asked(request)
    filters = replace(filters, month=ReportMonth(request.GET).chosen)
    content = management_report(filters, request.user, at=timezone.now())
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name_of(filters))}.pdf"
    return response
