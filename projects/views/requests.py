"""Pages of what the client asks for."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from projects import clocks, forms, queries, services
from projects.models import Inquiry, UrgentRequest
from projects.views.parts import project_form_page, project_or_404, project_page, require, started_words
from staff.choices import Action
from staff.lists import accepted, page_of


@require_safe
def inquiries(request, pk):
    project = project_or_404(request, pk)
    page = page_of(request, project.inquiries.select_related("answered_by").order_by(*queries.INQUIRY_ORDER))
    urgent = project.urgent_requests.select_related("closed_by").order_by(*queries.URGENT_ORDER)
    context = {"page": _timed(Inquiry, page), "urgent": _timed(UrgentRequest, list(urgent))}
    return project_page(request, "projects/inquiries.html", project, "projects:inquiries", **context)


def _timed(model, rows):
    """The rows, each with its clock."""
    found = clocks.of_records(model, [each.pk for each in rows])
    for each in rows:
        each.clock = found[each.pk][0] if found[each.pk] else None
    return rows


def inquiry_register(request, pk):
    project = project_or_404(request, pk)
    require(request, Action.MANAGE_INQUIRIES, project)
    form = forms.InquiryForm(request.POST or None)
    made = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(services.register_inquiry(actor=request.user, project=project, **form.cleaned_data))
    ):
        messages.success(request, f"委托人询问已登记。{started_words(made[0])}")
        return redirect("projects:inquiries", pk)
    return project_form_page(request, form, project, "登记委托人询问", "projects:inquiries", submit="登记")


def inquiry_answer(request, pk, inquiry_pk):
    project = project_or_404(request, pk)
    inquiry = get_object_or_404(project.inquiries.select_related("project__unit"), pk=inquiry_pk)
    require(request, Action.MANAGE_INQUIRIES, project)
    form = forms.InquiryAnswerForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.answer_inquiry(actor=request.user, inquiry=inquiry, **form.cleaned_data)
    ):
        messages.success(request, "答复已登记。")
        return redirect("projects:inquiries", pk)
    return project_form_page(
        request, form, project, "答复委托人询问", "projects:inquiries", submit="登记答复", quoted=inquiry.question
    )


# ── Urgent support ──────────────────────────────────────────────────────────
def urgent_register(request, pk):
    project = project_or_404(request, pk)
    require(request, Action.MANAGE_INQUIRIES, project)
    form = forms.UrgentForm(request.POST or None)
    made = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(services.register_urgent(actor=request.user, project=project, **form.cleaned_data))
    ):
        messages.success(request, f"紧急支援已登记。{started_words(made[0])}")
        return redirect("projects:inquiries", pk)
    return project_form_page(request, form, project, "登记紧急支援", "projects:inquiries", submit="登记")


def urgent_close(request, pk, urgent_pk):
    project = project_or_404(request, pk)
    urgent = get_object_or_404(project.urgent_requests.select_related("project__unit"), pk=urgent_pk)
    require(request, Action.MANAGE_INQUIRIES, project)
    form = forms.UrgentCloseForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.close_urgent(actor=request.user, urgent=urgent, **form.cleaned_data)
    ):
        messages.success(request, "到岗已登记。")
        return redirect("projects:inquiries", pk)
    return project_form_page(
        request, form, project, "登记到岗", "projects:inquiries", submit="登记到岗", quoted=urgent.need
    )
