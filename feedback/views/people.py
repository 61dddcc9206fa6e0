"""Whom a complaint is about, who may see who sent it, and the look at that."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from feedback import forms, services
from feedback.models import AboutPerson, Complaint, Named
from feedback.services.naming import may_view_sender
from feedback.views.complaints import form_page
from feedback.views.loading import load
from staff import permissions
from staff.choices import Action
from staff.lists import accepted


def _add(request, pk, action: Action, service, *, heading: str, done: str, lead: str):
    complaint = load(request, pk)
    permissions.require_post(request.user, action)
    form = forms.PersonForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: service(actor=request.user, complaint=complaint, **form.cleaned_data)
    ):
        messages.success(request, done)
        still_seen = Complaint.objects.visible_to(request.user).filter(pk=pk).exists()
        return redirect("feedback:detail", pk) if still_seen else redirect("feedback:list")
    return form_page(request, complaint, form, heading=heading, submit="登记", lead=lead)


def _end(request, pk, row_pk, model, service, *, done: str):
    complaint = load(request, pk)
    permissions.require_post(request.user, Action.SEE_REPORTER)
    row = get_object_or_404(model, pk=row_pk, complaint=complaint)
    try:
        service(actor=request.user, row=row)
        messages.success(request, done)
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
    return redirect("feedback:detail", pk)


def about_add(request, pk):
    return _add(
        request, pk, Action.HANDLE_COMPLAINTS, services.add_about, heading="登记回避人员", done="已登记，该人员不再能看到此件。",
        lead="被投诉、被举报的人员以及与此件有利害关系的办理人应当回避：登记后看不到此件的任何内容，只有管理层可以撤销。",
    )  # fmt: skip


@require_POST
def about_end(request, pk, row_pk):
    return _end(request, pk, row_pk, AboutPerson, services.end_about, done="已撤销回避登记。")


def named_add(request, pk):
    return _add(
        request, pk, Action.SEE_REPORTER, services.add_named, heading="指定可查看举报人身份的人员", done="已指定。",
        lead="被指定的人员可以看到此件，说明理由后可以查看举报人身份；每次查看都记入证据链。",
    )  # fmt: skip


@require_POST
def named_end(request, pk, row_pk):
    return _end(request, pk, row_pk, Named, services.end_named, done="已撤销。")


@never_cache
def sender(request, pk):
    """Who sent it, once for each reason: the answer to the form, at no address of its own."""
    complaint = load(request, pk)
    if not may_view_sender(request.user, complaint):
        permissions.require_post(request.user, Action.SEE_REPORTER)
    form = forms.ReasonForm(request.POST or None)
    seen = []
    if request.method == "POST" and accepted(
        form, lambda: seen.append(services.view_sender(actor=request.user, complaint=complaint, **form.cleaned_data))
    ):
        context = {"complaint": complaint, "sender": seen[0], "back": reverse("feedback:detail", args=[pk])}
        return render(request, "feedback/sender.html", context)
    return form_page(
        request, complaint, form, heading="查看投诉举报人身份", submit="查看",
        lead="查看会记入证据链：由谁、在何时、因何查看。看到的内容不得向他人透露。请勿在理由中写入投诉举报人的姓名或联系方式。",
    )  # fmt: skip
