"""Problems and their proofs, written down by the inspectors. Each page works without a script."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from inspections import chain
from inspections.choices import State
from inspections.forms.score_sheets import FindingForm
from inspections.models import Evidence, Finding, Inspection
from inspections.services import evidence as proofs
from inspections.services import findings as services
from inspections.views.loading import load, tells_lost_race
from inspections.views.score_sheets import crumbs
from staff.lists import accepted


def _scored(request, pk) -> Inspection:
    """An inspection that the person scores now: 403 for others, the page of a lost race when that is over."""
    inspection = load(request, pk)
    chain.require_inspector(inspection, request.user)
    if inspection.state != State.SCORING:
        raise chain.AlreadyHandled(inspection)
    return inspection


def _finding(inspection: Inspection, pk) -> Finding:
    rows = Finding.objects.select_related("deduction__criterion", "deliverable", "remark", "attachment__version")
    finding = get_object_or_404(rows, pk=pk, inspection=inspection)
    finding.inspection = inspection
    return finding


def _back(inspection: Inspection, place: str = "findings"):
    return redirect(f"{reverse('inspections:score', args=[inspection.pk])}#{place}")


def _form_page(request, inspection: Inspection, form: FindingForm, finding: Finding | None = None, conflict=None):
    """`conflict` is (words, the stored problem or None where it is gone): the page keeps what was typed."""
    score_url = reverse("inspections:score", args=[inspection.pk])
    context = {
        "inspection": inspection, "form": form, "finding": finding, "conflict": conflict,
        "proofs": finding.evidence.standing().select_related("uploaded_by") if finding else (),
        # Proofs are never deleted, nor is what they prove.
        "can_remove": finding is not None and not finding.evidence.exists(),
        "heading": f"修改{finding}" if finding else "登记检查问题", "back": f"{score_url}#findings",
        "crumbs": [*crumbs(inspection), {"title": "检查评分", "url": score_url}],
    }  # fmt: skip
    return render(request, "inspections/finding_form.html", context, status=409 if conflict else 200)


def _is_refresh(request) -> bool:
    """The deliverable was chosen: the page is drawn again with its remarks and files, and nothing is saved."""
    return request.POST.get("do") == "refresh"


@require_http_methods(["GET", "HEAD", "POST"])
@tells_lost_race
def finding_create(request, pk):
    """A problem, for the deduction in ?deduction= where it comes from a row of the sheet."""
    inspection = _scored(request, pk)
    told = {"inspection": inspection, "user": request.user, "initial": {"deduction": request.GET.get("deduction")}}
    if request.method != "POST":
        return _form_page(request, inspection, FindingForm(**told))
    if _is_refresh(request):
        return _refreshed(request, inspection)
    form = FindingForm(request.POST, request.FILES, **told)
    made = []
    if accepted(
        form, lambda: made.append(services.add_finding(actor=request.user, inspection=inspection, **form.told()))
    ):
        messages.success(request, f"已登记{made[0]}。")
        row = made[0].deduction_id
        return _back(inspection, f"d{row}" if row else "findings")
    return _form_page(request, inspection, form)


@require_http_methods(["GET", "HEAD", "POST"])
@tells_lost_race
def finding_edit(request, pk, finding_pk):
    inspection = _scored(request, pk)
    if request.method == "POST" and (words := _gone(inspection, finding_pk)):
        form = FindingForm(request.POST, inspection=inspection, user=request.user)
        return _form_page(request, inspection, form, conflict=(words, None))
    finding = _finding(inspection, finding_pk)
    told = {"inspection": inspection, "user": request.user, "finding": finding}
    if request.method != "POST":
        return _form_page(request, inspection, FindingForm(**told), finding)
    if _is_refresh(request):
        return _refreshed(request, inspection, finding)
    form = FindingForm(request.POST, request.FILES, **told)

    def act():
        services.update_finding(actor=request.user, finding=finding, seen=form.cleaned_data["seen"], **form.told())

    try:
        if accepted(form, act):
            messages.success(request, f"{finding} 已保存。")
            return _back(inspection)
    except services.FindingConflict as conflict:
        stored = _finding(inspection, finding_pk)
        # Whoever saves this page again has seen what is stored.
        form.data = form.data.copy()
        form.data["seen"] = services.fingerprint(stored)
        return _form_page(request, inspection, form, stored, conflict=(str(conflict), stored))
    return _form_page(request, inspection, form, finding)


def _gone(inspection: Inspection, pk) -> str:
    """What to tell somebody who saves a problem that was dropped meanwhile; empty while it is there, or never was."""
    if Finding.objects.filter(pk=pk, inspection=inspection).exists():
        return ""
    last = services.last_word(Finding(pk=pk, inspection=inspection))
    return f"该问题{last}。您填写的内容还在，可作为新问题保存。" if last else ""


def _refreshed(request, inspection: Inspection, finding: Finding | None = None):
    """What was typed, unchecked, with the choices of the deliverable that was chosen."""
    typed = {name: value for name, value in request.POST.items() if name not in ("do", "csrfmiddlewaretoken")}
    typed["needs_rectification"] = "needs_rectification" in typed
    form = FindingForm(inspection=inspection, user=request.user, finding=finding, initial=typed)
    return _form_page(request, inspection, form, finding)


@require_POST
@tells_lost_race
def finding_remove(request, pk, finding_pk):
    inspection = _scored(request, pk)
    finding = _finding(inspection, finding_pk)
    try:
        services.remove_finding(actor=request.user, finding=finding, seen=request.POST.get("seen"))
        messages.success(request, f"{finding} 已删除，删除前的内容留在证据链中。")
    except (ValidationError, services.FindingConflict) as error:
        messages.warning(request, "".join(getattr(error, "messages", [str(error)])))
    return _back(inspection)


@require_POST
@tells_lost_race
def evidence_remove(request, pk, finding_pk, evidence_pk):
    inspection = _scored(request, pk)
    finding = _finding(inspection, finding_pk)
    evidence = get_object_or_404(
        Evidence.objects.select_related("finding__inspection"), pk=evidence_pk, finding=finding
    )
    try:
        proofs.remove(actor=request.user, evidence=evidence)
        messages.success(request, f"证据“{evidence.name}”已移除。")
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
    return redirect("inspections:finding_edit", pk, finding_pk)
