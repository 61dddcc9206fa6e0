"""The score sheet: the page, one criterion saved by a form or by the page's script, and what the others saved meanwhile."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inspections import chain
from inspections.choices import State
from inspections.forms.score_sheets import HIT, SectionForm
from inspections.models import Inspection, Section
from inspections.queries import score_sheets as queries
from inspections.services import score_sheets as services
from inspections.views.loading import load, tells_lost_race
from scoring import rules
from scoring.content import figure
from staff.choices import Action
from staff.lists import accepted


def may_score(user, inspection: Inspection) -> bool:
    """Whether the page takes anything from this person."""
    if inspection.state != State.SCORING:
        return False
    try:
        chain.require_inspector(inspection, user)
    except PermissionDenied:
        return False
    return True


def crumbs(inspection: Inspection) -> list[dict]:
    return [
        {"title": "检查", "url": reverse("inspections:list")},
        {"title": inspection.number, "url": reverse("inspections:detail", args=[inspection.pk])},
    ]


# ── The page ────────────────────────────────────────────────────────────────
@dataclass
class Row:
    """A deduction as the page draws it."""

    item: object
    field: object
    count: str
    lost: Decimal
    is_capped: bool
    findings: list


@never_cache
@require_safe
def score(request, pk):
    """Filled in by the inspectors while it is scored; read by whoever sees the inspection otherwise."""
    return _page(request, load(request, pk))


def _page(request, inspection: Inspection, bound: SectionForm | None = None):
    sections = queries.sections_of(inspection)
    findings = list(queries.findings_of(inspection))
    standing = queries.standing(inspection, sections)
    linked: dict[int, list] = {}
    for finding in findings:
        linked.setdefault(finding.deduction_id, []).append(finding)
    forms = [bound if bound and bound.section.pk == each.pk else SectionForm(section=each) for each in sections]
    is_reader = request.user.may(Action.READ_INSPECTIONS)
    inspects = inspection.inspectors.filter(user=request.user).exists()
    context = {
        "inspection": inspection,
        "can_score": may_score(request.user, inspection),
        "is_lead": inspection.inspectors.filter(user=request.user, is_lead=True).exists(),
        # The notes are the inspectors' working paper.
        "shows_notes": is_reader or inspects,
        "sections": [(each, form, standing.scores[each.criterion_id], _rows(each, form, linked))
                     for each, form in zip(sections, forms, strict=True)],
        "findings": findings,
        "standing": standing,
        "gaps": queries.gap_rows(inspection, sections),
        "done": sum(section.is_done for section in sections),
        "bound": bound,
        "crumbs": crumbs(inspection),
    }  # fmt: skip
    return render(request, "inspections/score_sheet.html", context)


def _rows(section: Section, form: SectionForm, linked: dict[int, list]) -> list[Row]:
    hits = services.stored_hits(section)
    rows = []
    for item in section.criterion.deductions.all():
        count = hits.get(item.pk, Decimal(0))
        rule = rules.DeductionRule(section.criterion_id, item.points, item.cap, item.is_veto)
        lost = rules.points_lost(rule, count)
        is_capped = item.cap is not None and item.points * count >= item.cap and count > 0
        rows.append(Row(item, form[f"{HIT}{item.pk}"], figure(count), lost, is_capped, linked.get(item.pk, [])))
    return rows


# ── Saving ──────────────────────────────────────────────────────────────────
@require_POST
@tells_lost_race
def section_save(request, pk, criterion_pk):
    """One criterion. The script asks for JSON and stays on the page; without it the page is drawn again."""
    inspection = load(request, pk)
    chain.require_inspector(inspection, request.user)
    section = get_object_or_404(queries.section_rows(inspection), criterion=criterion_pk)
    form = SectionForm(request.POST, section=section)
    if request.accepts("text/html"):
        return _save_plain(request, inspection, form)
    return _save_json(request, inspection, form)


def _save(request, inspection: Inspection, form: SectionForm) -> Section:
    data = form.cleaned_data
    return services.save_section(
        actor=request.user, inspection=inspection, criterion=form.section.criterion, turn=data["turn"],
        hits=form.hits(), note=data["note"], is_done=data["is_done"],
    )  # fmt: skip


def _save_plain(request, inspection: Inspection, form: SectionForm):
    try:
        if accepted(form, lambda: _save(request, inspection, form)):
            return redirect(f"{reverse('inspections:score', args=[inspection.pk])}#c{form.section.criterion_id}")
    except services.SectionConflict as conflict:
        return _conflict_page(request, inspection, form, conflict)
    return _page(request, inspection, bound=form)


def _save_json(request, inspection: Inspection, form: SectionForm) -> JsonResponse:
    saved = []
    try:
        chain.require_inspector(inspection, request.user)
        _require_same_person(request)
        if not accepted(form, lambda: saved.append(_save(request, inspection, form))):
            words = "；".join(error for errors in form.errors.values() for error in errors)
            return JsonResponse({"errors": form.errors, "message": words}, status=400)
    except PermissionDenied as refused:
        return JsonResponse({"message": str(refused)}, status=403)
    except services.SectionConflict as conflict:
        told = {"message": str(conflict), "conflict": _told(conflict.section)}
        return JsonResponse(told, status=409)
    except chain.AlreadyHandled as late:
        return JsonResponse({"message": str(late), "is_over": True}, status=409)
    # The turn of what was saved, not of what somebody may have saved since.
    return JsonResponse({"turn": saved[0].turn, **_state(request, inspection)})


def _require_same_person(request) -> None:
    """A page that lies open sends what one person typed; meanwhile another may have logged in beside it."""
    if request.POST.get("as", str(request.user.pk)) != str(request.user.pk):
        raise PermissionDenied(
            f"当前登录的是{request.user.name}，请以原来的账号登录后再提交，填写的内容已保存在本机。"
        )


def _conflict_page(request, inspection: Inspection, form: SectionForm, conflict: services.SectionConflict):
    """Both versions side by side, and the own one ready to be sent with the turn that was now seen."""
    stored, mine = services.stored_hits(conflict.section), form.hits()
    items = [
        (item, figure(mine.get(item.pk, Decimal(0))), figure(stored.get(item.pk, Decimal(0))))
        for item in conflict.section.criterion.deductions.all()
    ]
    context = {
        "inspection": inspection, "form": form, "section": conflict.section, "message": str(conflict),
        "mine": form.cleaned_data, "hidden": [(f"{HIT}{item.pk}", count) for item, count, _ in items if count != "0"],
        "rows": [row for row in items if row[1] != row[2]], "crumbs": crumbs(inspection),
    }  # fmt: skip
    return render(request, "inspections/score_conflict.html", context, status=409)


# ── What the script is told ─────────────────────────────────────────────────
@never_cache
@require_safe
def score_state(request, pk) -> JsonResponse:
    """All that is stored, for the script of an inspector's page: what the others saved, the total, what is missing."""
    inspection = load(request, pk)
    chain.require_inspector(inspection, request.user)
    return JsonResponse(_state(request, inspection))


def _state(request, inspection: Inspection) -> dict:
    sections = queries.sections_of(inspection)
    standing = queries.standing(inspection, sections)
    return {
        "is_over": inspection.state != State.SCORING,
        "sections": [_told(section) for section in sections],
        "total": str(standing.total),
        "grade": standing.grade,
        "gaps": [{"criterion": gap.criterion, "deduction": gap.deduction, "words": gap.words}
                 for gap in queries.gap_rows(inspection, sections)],
        # Who logged in again meanwhile goes on with the page as it is.
        "csrf": get_token(request),
    }  # fmt: skip


def _told(section: Section) -> dict:
    at = timezone.localtime(section.saved_at) if section.saved_at else None
    today = at and at.date() == timezone.localdate()
    return {
        "criterion": section.criterion_id,
        "turn": section.turn,
        "counts": {str(pk): figure(count) for pk, count in services.stored_hits(section).items()},
        "note": section.note,
        "is_done": section.is_done,
        "saved_by": section.saved_by.name if section.saved_by else "",
        "saved_at": f"{at:%H:%M}" if today else f"{at:%m-%d %H:%M}" if at else "",
    }
