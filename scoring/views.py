from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from scoring import queries
from scoring.models import Standard
from staff.choices import Action


@require_GET
def standard_list(request):
    standards = list(queries.published_standards())
    in_force = set()
    for standard in standards:
        standard.is_in_force = standard.purpose not in in_force
        in_force.add(standard.purpose)
    context = {"standards": standards, "may_configure": request.user.may(Action.CONFIGURE)}
    return render(request, "scoring/standard_list.html", context)


@require_GET
def standard_detail(request, pk):
    """Everybody may read what they are scored by; a draft is nobody's yet and only the administrator sees it."""
    visible = Standard.objects.all()
    if not request.user.may(Action.CONFIGURE):
        visible = visible.filter(published_at__isnull=False)
    standard = get_object_or_404(queries.with_criteria(visible), pk=pk)
    current = Standard.objects.current(standard.purpose)
    context = {"standard": standard, "is_in_force": current is not None and current.pk == standard.pk}
    return render(request, "scoring/standard_detail.html", context)
