"""The clocks of one project. What may be done to a clock stands on its own page, on the floor below."""

from django.views.decorators.http import require_safe

from deadlines import pages
from deadlines.models import Deadline
from projects import queries
from projects.views.parts import project_or_404, project_page
from staff.lists import page_of


@require_safe
def deadlines(request, pk):
    project = project_or_404(request, pk)
    rows = Deadline.objects.within(project).select_related("rule", "responsible")
    page = page_of(request, rows.order_by(*queries.DEADLINE_ORDER))
    closed = pages.closed_to(request.user, page)
    return project_page(request, "projects/deadlines.html", project, "projects:deadlines", page=page, closed=closed)
