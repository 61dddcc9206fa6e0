"""Serious quality accidents (重大质量事故): the list, registering one, one with its proofs and special audits."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from inspections.forms.accidents import AccidentForm
from inspections.queries.accidents import accident_rows
from inspections.services.accidents import register_accident
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, page_of, sort_order
from staff.once import give_back, take_once

SORTS = {"number": "number", "happened": "happened_on", "project": "project__number", "amount": "amount_lost"}
DEFAULT = "-happened"


def _crumbs() -> list[dict]:
    return [{"title": "重大质量事故", "url": reverse("inspections:accident_list")}]


@require_safe
@needs(Action.READ_INSPECTIONS)
def accident_list(request):
    order = sort_order(request, SORTS, DEFAULT, may_be_empty={"amount"})
    context = {
        "page": page_of(request, accident_rows(request.user).order_by(*order)),
        "sort": DEFAULT,
        "can_register": request.user.may(Action.REGISTER_ACCIDENT),
    }
    return render(request, "inspections/accident_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Action.REGISTER_ACCIDENT)
def accident_create(request):
    """?project=<number> fills in the project."""
    first = {"project": request.GET.get("project", "")[:40]}
    form = AccidentForm(request.POST or None, request.FILES or None, initial=first, user=request.user)
    made = []

    def act():
        told = {name: value for name, value in form.cleaned_data.items() if name != "once"}
        made.append(register_accident(actor=request.user, **told))

    if request.method == "POST" and form.is_valid():
        token = form.cleaned_data["once"]
        if not take_once(token):
            messages.warning(request, "该事故已经登记，没有重复登记。")
            return redirect("inspections:accident_list")
        if accepted(form, act):
            messages.success(request, f"已登记 {made[0].number}。")
            return redirect("inspections:accident", made[0].pk)
        give_back(token)
    return render(request, "inspections/accident_form.html", {"form": form, "crumbs": _crumbs()})


@require_safe
def accident(request, pk):
    found = get_object_or_404(accident_rows(request.user), pk=pk)
    context = {
        "accident": found,
        "evidence": found.evidence.standing().select_related("uploaded_by"),
        "can_open": request.user.may(Action.PLAN_INSPECTIONS),
        "crumbs": _crumbs(),
    }
    return render(request, "inspections/accident_detail.html", context)
