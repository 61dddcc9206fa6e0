"""Pages of a project's risks."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from projects import forms, queries, services
from projects.views.parts import project_form_page, project_or_404, project_page, require
from staff.choices import Action
from staff.lists import accepted, page_of


@require_safe
def risks(request, pk):
    project = project_or_404(request, pk)
    page = page_of(request, project.risks.select_related("owner", "created_by").order_by(*queries.RISK_ORDER))
    climbs = queries.climbs_of(page)
    for risk in page:
        risk.climbs = climbs.get(risk.pk, [])
    return project_page(request, "projects/risks.html", project, "projects:risks", page=page)


def risk_register(request, pk):
    project = project_or_404(request, pk)
    require(request, Action.MANAGE_RISKS, project)
    form = forms.RiskForm(request.POST or None, people=queries.people_of(project), initial={"owner": request.user.pk})
    if request.method == "POST" and accepted(
        form, lambda: services.register_risk(actor=request.user, project=project, **form.cleaned_data)
    ):
        messages.success(request, "风险已登记。")
        return redirect("projects:risks", pk)
    return project_form_page(request, form, project, "登记风险", "projects:risks", submit="登记")


def _own_risk(request, pk, risk_pk):
    """The project and its risk; 403 for anybody but the owner."""
    project = project_or_404(request, pk)
    risk = get_object_or_404(project.risks.select_related("project__unit"), pk=risk_pk)
    if risk.owner_id != request.user.pk:
        raise PermissionDenied("只有责任人可以处理或上报该风险。")
    return project, risk


def risk_escalate(request, pk, risk_pk):
    project, risk = _own_risk(request, pk, risk_pk)
    form = forms.RiskEscalateForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.escalate_risk(actor=request.user, risk=risk, **form.cleaned_data)
    ):
        messages.success(request, f"已上报给 {risk.owner.name}。")
        return redirect("projects:risks", pk)
    return project_form_page(
        request, form, project, "上报风险", "projects:risks", submit="上报", quoted=risk.description
    )


def risk_settle(request, pk, risk_pk):
    project, risk = _own_risk(request, pk, risk_pk)
    require(request, Action.MANAGE_RISKS, project)
    form = forms.RiskSettleForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.settle_risk(actor=request.user, risk=risk, **form.cleaned_data)
    ):
        messages.success(request, "风险处理结果已登记。")
        return redirect("projects:risks", pk)
    return project_form_page(
        request, form, project, "处理风险", "projects:risks", submit="登记处理结果", quoted=risk.description
    )
