"""Proposals for the checklists: made from a category or an example, listed, decided."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from lessons import services
from lessons.choices import ProposalState
from lessons.forms import DecideForm, LibraryForm, ProposalsForm, ProposeForm
from lessons.models import ChecklistProposal
from lessons.queries import examples
from lessons.queries import proposals as queries
from lessons.views.parts import kept_query, tabs
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, page_of

LONGEST = ChecklistProposal._meta.get_field("text").max_length
FORM_PAGE = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@needs(Action.READ_LESSONS)
def proposal_list(request):
    """All proposals, the waiting ones to decide from here."""
    form = ProposalsForm(request.GET)
    rows = queries.proposal_rows()
    context = {
        "form": form,
        "page": page_of(request, form.passing(rows)),
        "tabs": tabs(request, "proposals"),
        "may_decide": request.user.may(Action.DECIDE_CHECKLIST),
        "can_propose": request.user.may(Action.PROPOSE_CHECKLIST),
    }
    return render(request, "lessons/proposals.html", context)


def _beginning(request, category) -> dict:
    """What the form says at first: the quoted example where it may stand in a checklist, else the category's own words."""
    quoted = examples.to_quote(request.user, request.GET.get("example", ""))
    text, code = quoted or (queries.BEGINNINGS.get(category.code, ""), category.code)
    return {"text": text[:LONGEST], "category": code or category.code}


@FORM_PAGE
@needs(Action.PROPOSE_CHECKLIST)
def propose(request):
    """建议补充核查清单: `?category=` names the category, the other filters the figures that speak for it; without one, the
    library is where to choose it."""
    if "category" not in request.GET:
        return redirect("lessons:library")
    category = queries.category_of(request.GET.get("category", ""))
    if category is None:
        raise Http404("没有这个类别。")
    filters = LibraryForm(request.GET, without=("category", "severity", "source", "q"))
    basis = queries.basis(request.user, filters.asked(category=category))
    form = ProposeForm(request.POST or None, initial=_beginning(request, category))
    made = []

    def act():
        made.extend(services.propose(actor=request.user, basis=basis, **form.cleaned_data))

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"已提出 {len(made)} 条建议，等待审定。")
        return redirect("lessons:proposals")
    back = reverse("lessons:category", args=[category.key]) + kept_query(request, without=("category",))
    crumbs = [{"title": "错误库", "url": reverse("lessons:library")}, {"title": category.label, "url": back}]
    return render(request, "lessons/propose_form.html", {"form": form, "basis": basis, "back": back, "crumbs": crumbs})


def _page(request, template: str, proposal: ChecklistProposal, status: int = 200, **context):
    crumbs = [{"title": "错误库", "url": reverse("lessons:library")},
              {"title": "补充建议", "url": reverse("lessons:proposals")}]  # fmt: skip
    context |= {"proposal": proposal, "crumbs": crumbs}
    return render(request, f"lessons/{template}.html", context, status=status)


@require_safe
@needs(Action.READ_LESSONS)
def proposal(request, pk):
    found = get_object_or_404(queries.proposal_rows(), pk=pk)
    is_open = found.state == ProposalState.PROPOSED
    may_decide = is_open and request.user.may(Action.DECIDE_CHECKLIST) and found.proposed_by_id != request.user.pk
    return _page(request, "proposal_detail", found, may_decide=may_decide)


@FORM_PAGE
@needs(Action.DECIDE_CHECKLIST)
def decide(request, pk):
    """采纳 or 不采纳, by somebody else than who proposed it."""
    found = get_object_or_404(queries.proposal_rows(), pk=pk)
    services.require_may_decide(request.user, found)
    form = DecideForm(request.POST or None)

    def act():
        act = services.accept if form.cleaned_data["decision"] == "accept" else services.refuse
        act(actor=request.user, proposal=found, note=form.cleaned_data["note"])

    try:
        if found.state != ProposalState.PROPOSED:
            raise services.AlreadyDecided(found)
        if request.method == "POST" and accepted(form, act):
            messages.success(request, "建议已审定。")
            return redirect("lessons:proposal", found.pk)
    except services.AlreadyDecided as late:
        return _page(request, "already_decided", late.proposal, status=409)
    checklist = found.level.checklist.all()
    return _page(request, "decide_form", found, form=form, checklist=checklist)
