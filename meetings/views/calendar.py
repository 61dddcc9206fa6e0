"""The month's calendar of meetings."""

from datetime import date

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deadlines.year import FIRST_YEAR, LAST_YEAR
from meetings.queries.calendar import month_of
from meetings.queries.meetings import may_call_any


@require_safe
def calendar(request):
    """?month=2026-11; nonsense shows this month. ?mine=1 leaves out what does not concern the person."""
    only_mine = request.GET.get("mine") == "1"
    context = {
        "month": month_of(request.user, _asked(request.GET.get("month", "")), only_mine=only_mine),
        "only_mine": only_mine,
        "today": timezone.localdate(),
        "may_call": may_call_any(request.user),
    }
    return render(request, "meetings/calendar_month.html", context)


def _asked(text: str) -> date:
    year, _, month = text.partition("-")
    is_month = year.isdecimal() and month.isdecimal() and len(text) <= 7
    if is_month and FIRST_YEAR < int(year) < LAST_YEAR and 1 <= int(month) <= 12:
        return date(int(year), int(month), 1)
    return timezone.localdate().replace(day=1)
