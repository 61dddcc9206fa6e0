"""What every page of a project has: what one may not see is a 404, what one may see but not do a 403."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from projects import clocks, queries
from projects.tabs import project_tabs
from staff import permissions
from staff.choices import Action


def project_or_404(request, pk: int):
    return get_object_or_404(queries.projects_with_counts(request.user), pk=pk)


def require(request, action: Action, project) -> None:
    permissions.require(request.user, action, queries.roles_on(request.user, project))


def project_page(request, template: str, project, active: str, **context):
    """A page of one project, with its header, its tabs and what this person may do here."""
    roles = queries.roles_on(request.user, project)
    can = {action.value: permissions.allows(action, roles) for action in Action}
    crumbs = [{"title": "项目", "url": reverse("projects:list")}]
    open_due = None if project.actual_finish_on else project.planned_finish_on
    running = clocks.of_projects([project])[project.pk]
    context |= {"project": project, "tabs": project_tabs(project, active), "can": can, "crumbs": crumbs}
    context |= {"open_due": open_due, "running": running, "clock": running[0] if running else None}
    return render(request, template, context)


def with_clocks(projects):
    """The projects of a page of a list, each with its most urgent open clock (`clock`)."""
    found = clocks.of_projects(projects)
    for project in projects:
        project.clock = found[project.pk][0] if found[project.pk] else None
    return projects


def started_words(record) -> str:
    """“已起算：总承包结算审核 45 日历天，2026-12-28 周一到期。” for what an act has started; nothing if it did not."""
    begun = [each for each in clocks.of_records(type(record), [record.pk])[record.pk] if each.is_open]
    return f"已起算：{clocks.words(begun)}。" if begun else ""


def form_page(request, form, *, heading: str, back: str, submit: str = "保存", **context):
    """A page that is one form. `back` is where 取消 leads."""
    context |= {"form": form, "heading": heading, "back": back, "submit": submit}
    return render(request, "projects/form_page.html", context)


def project_form_page(request, form, project, heading: str, back: str, submit: str = "保存", **context):
    crumbs = [
        {"title": "项目", "url": reverse("projects:list")},
        {"title": project.number, "url": reverse("projects:detail", args=[project.pk])},
    ]
    back = reverse(back, args=[project.pk])
    return form_page(
        request, form, heading=heading, back=back, submit=submit, crumbs=crumbs, note=project.name, **context
    )
