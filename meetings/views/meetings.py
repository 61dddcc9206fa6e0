"""One meeting and the list of them."""

from django.views.decorators.http import require_safe

from meetings.views.parts import load, meeting_page


@require_safe
def meeting_detail(request, pk):
    meeting = load(request, pk)
    return meeting_page(request, "meeting_detail", meeting, "meetings:detail")
