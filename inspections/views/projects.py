"""Two tabs of a project that need what stands on this floor: its inspections, and its history (历程)."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from inspections.choices import HistoryKind
from inspections.history import lines
from inspections.queries import inspections as queries
from inspections.queries.history import history
from projects.clocks import of_projects
from projects.queries import projects_with_counts
from projects.tabs import project_tabs
from staff.choices import Action
from staff.lists import page_of

HISTORY_SIZE = 50


def _project_page(request, template: str, project, active: str, **context):
    """With the head and the tabs that every page of a project has."""
    running = of_projects([project])[project.pk]
    context |= {
        "project": project,
        "clock": running[0] if running else None,
        "open_due": None if project.actual_finish_on else project.planned_finish_on,
        "tabs": project_tabs(project, active),
        "crumbs": [{"title": "项目", "url": reverse("projects:list")}],
    }
    return render(request, template, context)


@require_safe
def project_inspections(request, pk):
    project = get_object_or_404(projects_with_counts(request.user), pk=pk)
    rows = queries.inspection_rows(request.user).filter(project=project).select_related("opinion")
    page = page_of(request, rows.order_by("-planned_on", "-pk"))
    page.object_list = queries.tell_clocks(page.object_list)
    return _project_page(request, "inspections/project_inspections.html", project, "inspections:project_inspections",
                         page=page, can_open=request.user.may(Action.PLAN_INSPECTIONS))  # fmt: skip


@require_safe
def project_history(request, pk):
    """?kind= shows one kind alone; nonsense shows all."""
    project = get_object_or_404(projects_with_counts(request.user), pk=pk)
    asked = request.GET.get("kind", "")
    kind = asked if asked in HistoryKind.values else ""
    page = page_of(request, history(request.user, project, kind), HISTORY_SIZE)
    handovers = set(project.handovers.order_by().values_list("pk", flat=True))
    here = reverse("inspections:project_history", args=[pk])
    kinds = [{"title": "全部", "url": here, "is_active": not kind}]
    kinds += [
        {"title": each.label, "url": f"{here}?kind={each.value}", "is_active": kind == each} for each in HistoryKind
    ]
    return _project_page(request, "inspections/project_history.html", project, "inspections:project_history",
                         page=page, entries=lines(page, project, handovers), kinds=kinds, kind=kind)  # fmt: skip
