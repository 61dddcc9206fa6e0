"""Pages of projects: list, record, team."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from projects import exports, forms, queries, rules, services
from projects.choices import Stage
from projects.filters import ProjectFilter
from projects.views.parts import project_form_page, project_or_404, project_page, require, with_clocks
from staff import permissions
from staff.choices import Action
from staff.lists import accepted, filter_words, page_of, sort_order

PROJECT_SORTS = {
    "number": "number",
    "name": "name",
    "unit": "unit__code",
    "amount": "submitted_amount",
    "finish": "planned_finish_on",
    "created": "created_at",
}


def _filtered_projects(request):
    filterset = ProjectFilter(request.GET, queryset=queries.project_rows(request.user), request=request)
    return filterset, filterset.qs.order_by(
        *sort_order(request, PROJECT_SORTS, "-number", may_be_empty={"amount", "finish"})
    )


@require_safe
def project_list(request):
    filterset, rows = _filtered_projects(request)
    context = {
        "filter": filterset,
        "page": with_clocks(page_of(request, rows)),
        "sort": "-number",
        "can_create": request.user.may(Action.CREATE_PROJECT),
    }
    return render(request, "projects/project_list.html", context)


@require_safe
def project_export(request):
    filterset, rows = _filtered_projects(request)
    return exports.projects_response(rows, filter_words(filterset.form))


def project_create(request):
    permissions.require_post(request.user, Action.CREATE_PROJECT)
    form = forms.ProjectCreateForm(request.POST or None, user=request.user)
    made = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(services.create_project(actor=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"项目 {made[0].number} 已建档。请设置项目组。")
        return redirect("projects:team", made[0].pk)
    crumbs = [{"title": "项目", "url": reverse("projects:list")}]
    context = {"form": form, "heading": "新建项目", "back": reverse("projects:list"), "crumbs": crumbs}
    return render(request, "projects/project_form.html", context)


@require_GET
def number_suggestion(request):
    """The input for the number, filled for the chosen unit (for htmx)."""
    permissions.require_post(request.user, Action.CREATE_PROJECT)
    form = forms.ProjectCreateForm(user=request.user)
    unit = form.fields["unit"].queryset.filter(pk=_number(request.GET.get("unit"))).first()
    form.initial["number"] = queries.suggested_number(unit) if unit else ""
    return render(request, "projects/_number_input.html", {"form": form})


def _number(text) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


@require_safe
def project_detail(request, pk):
    project = project_or_404(request, pk)
    team = queries.by_rank(project.assignments.in_force())
    stages = [{"title": stage.label, "state": rules.stage_state(stage, project.stage)} for stage in Stage]
    return project_page(request, "projects/project_detail.html", project, "projects:detail", team=team, stages=stages)


def project_edit(request, pk):
    project = project_or_404(request, pk)
    require(request, Action.EDIT_PROJECT, project)
    form = forms.ProjectForm(request.POST or None, instance=project_or_404(request, pk), user=request.user)
    if request.method == "POST" and accepted(
        form, lambda: services.update_project(actor=request.user, project=project, **form.cleaned_data)
    ):
        messages.success(request, "已保存。")
        return redirect("projects:detail", pk)
    crumbs = [
        {"title": "项目", "url": reverse("projects:list")},
        {"title": form.instance.number, "url": reverse("projects:detail", args=[pk])},
    ]
    context = {
        "form": form, "heading": f"编辑：{form.instance.name}", "back": reverse("projects:detail", args=[pk]),
        "crumbs": crumbs,
    }  # fmt: skip
    return render(request, "projects/project_form.html", context)


def team(request, pk):
    project = project_or_404(request, pk)
    form = None
    if request.method == "POST":
        require(request, Action.SET_TEAM, project)
        form = forms.AssignmentForm(request.POST)
        if accepted(form, lambda: services.assign(actor=request.user, project=project, **form.cleaned_data)):
            messages.success(request, f"已将 {form.cleaned_data['user'].name} 加入项目组。")
            return redirect("projects:team", pk)
    members = queries.by_rank(project.assignments.all())
    today = timezone.localdate()
    context = {
        "form": form or forms.AssignmentForm(),
        "members": [each for each in members if each.ends_on is None or each.ends_on >= today],
        "former": [each for each in members if each.ends_on and each.ends_on < today],
        "today": today,
    }
    return project_page(request, "projects/team.html", project, "projects:team", **context)


def assignment_end(request, pk, assignment_pk):
    project = project_or_404(request, pk)
    assignment = get_object_or_404(project.assignments.select_related("user", "discipline"), pk=assignment_pk)
    require(request, Action.SET_TEAM, project)
    form = forms.AssignmentEndForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.end_assignment(actor=request.user, assignment=assignment, **form.cleaned_data)
    ):
        messages.success(request, f"{assignment.user.name} 的任职已填写结束日期。")
        return redirect("projects:team", pk)
    heading = f"结束任职：{assignment}"
    return project_form_page(request, form, project, heading, "projects:team", submit="结束任职")
