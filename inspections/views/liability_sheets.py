"""Accountability, one person's sheet: read, answered, decided, taken as a paper."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deadlines.services.clocks import when_words
from inspections import liability
from inspections.choices import SheetState
from inspections.forms import liability as forms
from inspections.liability_chain import require_decider, sheet_handled
from inspections.liability_digests import answer_digest
from inspections.models import LiabilitySheet
from inspections.printouts.liability import ANSWER_WORDS, TITLE, sheet_paper
from inspections.queries import liability as queries
from inspections.services import liability_sheets as services
from inspections.views.acting import signed
from inspections.views.liability import crumbs, tells_lost_race
from printing.papers import stored_pdf


def load_sheet(request, pk: int) -> LiabilitySheet:
    """A sheet that the person may see; a colleague's is a 404."""
    rows = LiabilitySheet.objects.visible_to(request.user).select_related(
        "case__deliverable__project__unit", "case__round__version", "case__finding__inspection", "case__last_actor",
        "person__unit", "signature", "proposed_by", "decided_by",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


def _url(sheet: LiabilitySheet) -> str:
    return reverse("inspections:liability_sheet", args=[sheet.pk])


@require_safe
def sheet_detail(request, pk):
    sheet, user = load_sheet(request, pk), request.user
    steps = queries.walk_steps(sheet.case, user)
    context = {
        "sheet": sheet,
        "case": sheet.case,
        "step": next((step for step in steps if step["person"] == sheet.person_id), None),
        "answer_word": ANSWER_WORDS.get(liability.answer_kind(sheet.answer), ""),
        "answer_kind": liability.answer_kind(sheet.answer),
        "answer_digest": answer_digest(sheet) if sheet.answer else "",
        "clocks": queries.clocks_of([sheet]).get(sheet.pk, []),
        "evidence": queries.evidence_of(sheet.case, user),
        "can_answer": queries.is_answerable(sheet, user),
        "can_decide": queries.may_decide(sheet, user),
        "reads_all": queries.reads_all(user),
        "crumbs": crumbs(request, sheet.case),
    }
    return render(request, "inspections/liability_sheet.html", context)


@never_cache
@tells_lost_race
def sheet_answer(request, pk):
    """无异议 or 陈述申辩, signed by the person."""
    sheet = load_sheet(request, pk)
    if sheet.person_id != request.user.pk:
        raise PermissionDenied("只有当事人本人可以陈述申辩。")
    if sheet.state != SheetState.PROPOSED:
        raise sheet_handled(sheet)
    form = forms.AnswerForm(request.POST or None, request.FILES or None, initial={"turn": sheet.turn})

    def act(confirmation):
        told = {name: form.cleaned_data[name] for name in ("turn", "accepts", "text", "files")}
        services.answer_sheet(actor=request.user, sheet=sheet, confirmation=confirmation, **told)

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, "已提交。管理层核查后作出决定，结果将告知您。")
        return redirect(_url(sheet))
    clock = queries.answer_clock(sheet)
    context = {"sheet": sheet, "case": sheet.case, "form": form, "until": when_words(clock) if clock else "",
               "crumbs": crumbs(request, sheet.case), "back": _url(sheet)}  # fmt: skip
    return render(request, "inspections/liability_answer.html", context)


@never_cache
@tells_lost_race
def sheet_decide(request, pk):
    """作出处理决定, signed by who stands apart."""
    sheet = load_sheet(request, pk)
    require_decider(request.user, sheet.case)
    if sheet.state == SheetState.DECIDED:
        raise sheet_handled(sheet)
    if not queries.may_decide(sheet, request.user):
        messages.warning(request, "当事人尚未陈述申辩，期限也未届满，不能作出决定。")
        return redirect(_url(sheet))
    form = forms.DecideForm(request.POST or None, initial={"turn": sheet.turn})

    def act(confirmation):
        told = {name: form.cleaned_data[name] for name in ("turn", "outcome", "decision", "hearing")}
        services.decide_sheet(actor=request.user, sheet=sheet, confirmation=confirmation, **told)

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, "处理决定已签署，《质量问责单》已存档并告知当事人。")
        return redirect(_url(sheet))
    kind = liability.answer_kind(sheet.answer)
    context = {"sheet": sheet, "case": sheet.case, "form": form, "answer_word": ANSWER_WORDS.get(kind, "逾期未提出"),
               "evidence": queries.evidence_of(sheet.case, request.user), "crumbs": crumbs(request, sheet.case),
               "back": _url(sheet)}  # fmt: skip
    return render(request, "inspections/liability_decide.html", context)


@require_safe
@never_cache
def sheet_pdf(request, pk):
    """《质量问责单》: as it was decided, or a draft before; for whoever may see the sheet."""
    sheet = load_sheet(request, pk)
    if sheet.state != SheetState.DECIDED:
        return _pdf(sheet_paper(sheet), f"{TITLE}（草稿） {sheet.number}")
    stored = stored_pdf(sheet.pdf, sheet.pdf_sha256)
    if stored is None:
        return render(request, "inspections/liability_damaged.html", {"sheet": sheet}, status=500)
    return _pdf(stored, f"{TITLE} {sheet.number}")


def _pdf(content: bytes, name: str) -> HttpResponse:
    """Always a download, kept by nobody on the way: it is about a person."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.pdf")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
