"""Accountability, the case: the list, one case with its walk, how it is opened, dropped and proposed."""

from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inspections.choices import CaseState, LiabilityAct
from inspections.forms import liability as forms
from inspections.liability import covering_words
from inspections.liability_chain import AlreadyHandled, case_handled, require_case, require_proposer, signers_of
from inspections.liability_filters import LiabilityFilter
from inspections.models import Evidence, LiabilityCase, LiabilitySheet
from inspections.queries import liability as queries
from inspections.services import evidence as evidence_service
from inspections.services import liability as services
from inspections.views.acting import signed
from inspections.views.loading import load as load_inspection
from ledger.labels import action_label
from ledger.models import Entry
from projects.models import Deliverable
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, page_of, sort_order

SORTS = {"number": "number", "opened": "opened_at", "state": "state", "amount": "amount"}
MOST_FOUND = 20
MOST_ENTRIES = 200


def tells_lost_race(view):
    """Whoever was too late gets a page that says who was faster and when, with the way back. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except AlreadyHandled as late:
            return render(request, "inspections/liability_handled.html", {"late": late}, status=409)

    return wrapped


def load_case(request, pk: int) -> LiabilityCase:
    """A case that the person may see; otherwise 404."""
    rows = LiabilityCase.objects.visible_to(request.user).select_related(
        "deliverable__project__unit", "deliverable__preparer", "round__version", "finding__inspection", "opened_by",
        "last_actor",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


def crumbs(request, case: LiabilityCase | None = None) -> list[dict]:
    """The way to a page of accountability: the list, or the own sheets for who reads no others."""
    reads_all = queries.reads_all(request.user)
    title, name = ("质量问责", "liability_list") if reads_all else ("我的问责单", "liability_mine")
    found = [{"title": title, "url": reverse(f"inspections:{name}")}]
    return (
        found
        if case is None
        else [*found, {"title": case.number, "url": reverse("inspections:liability", args=[case.pk])}]
    )


# ── Lists ───────────────────────────────────────────────────────────────────
@require_safe
@needs(Action.READ_INSPECTIONS)
def liability_list(request):
    rows = queries.case_rows(request.user)
    asked = request.GET.copy()
    asked.setdefault("state", "live")
    filterset = LiabilityFilter(asked, queryset=rows, request=request)
    found = filterset.qs.order_by(*sort_order(request, SORTS, "-opened", may_be_empty={"amount"}))
    context = {
        "filter": filterset,
        "page": page_of(request, found),
        "sort": "-opened",
        "counts": queries.counts(LiabilityCase.objects.visible_to(request.user)),
        "base": reverse("inspections:liability_list"),
        "can_propose": request.user.may(Action.PROPOSE_LIABILITY),
        "mine": LiabilitySheet.objects.filter(person=request.user).count(),
    }
    return render(request, "inspections/liability_list.html", context)


@require_safe
def liability_mine(request):
    """我的问责单: one's own sheets, whatever one's post."""
    page = page_of(request, queries.sheet_rows(request.user))
    clocks = queries.clocks_of(page.object_list)
    for sheet in page.object_list:
        sheet.clock = next((clock for clock in clocks.get(sheet.pk, []) if clock.is_open), None)
    return render(
        request, "inspections/liability_mine.html", {"page": page, "reads_all": queries.reads_all(request.user)}
    )


# ── One case ────────────────────────────────────────────────────────────────
@require_safe
def liability_detail(request, pk):
    case, user = load_case(request, pk), request.user
    reads_all = queries.reads_all(user)
    sheets = list(case.sheets.visible_to(user).select_related("person__unit"))
    clocks = queries.clocks_of(sheets)
    for sheet in sheets:
        sheet.clock = next((clock for clock in clocks.get(sheet.pk, []) if clock.is_open), None)
    may_propose = user.may(Action.PROPOSE_LIABILITY) and user.pk not in signers_of([case.round_id])[case.round_id]
    is_live = case.state in (CaseState.OPEN, CaseState.PROPOSED)
    steps = queries.walk_steps(case, user)
    context = {
        "case": case,
        "steps": steps,
        "seals": _seals(case, steps),
        "words": covering_words(case.category),
        "sheets": sheets,
        "evidence": queries.evidence_of(case, user),
        "entries": _entries(case) if reads_all else [],
        "reads_all": reads_all,
        "project_is_seen": Deliverable.objects.visible_to(user).filter(pk=case.deliverable_id).exists(),
        "lacks_decider": reads_all and case.state == CaseState.PROPOSED and not queries.deciders(case),
        "can_propose": may_propose and is_live,
        "can_drop": may_propose and case.state == CaseState.OPEN,
        "can_upload": queries.may_add_evidence(case, user),
        "crumbs": crumbs(request),
    }
    return render(request, "inspections/liability_detail.html", context)


def _seals(case: LiabilityCase, steps: list[dict]) -> list[dict]:
    """The walk as the row of seals: each with what is proposed for its signer, for whoever may know."""
    seals = []
    for step in steps:
        seal = {
            "title": _seal_title(step["title"]),
            "name": step["name"],
            "signed_at": step["at"],
            "note": step["words"],
        }
        is_signed = step["signature"] is not None
        seals.append({**seal, "state": "signed" if is_signed else "exempt", "short_hash": step.get("digest", "")[:12]})
    return [{"number": case.round.number, "ended_word": "", "is_live": False, "seals": seals}]


def _seal_title(title: str) -> str:
    """编制, 校核, 专家1: what fits on a seal."""
    level, _, inner = title.partition("（")
    return inner.rstrip("）").replace(" ", "") if inner.startswith("专家") else level


def _entries(case: LiabilityCase) -> list[dict]:
    rows = Entry.objects.within(case).order_by("-number")[:MOST_ENTRIES]
    # The page's own name stands in its head already.
    return [
        {"time": row.at, "actor": row.actor_name, "detail": _detail(case, row),
         "action": action_label(row.action).removeprefix("质量问责：")}
        for row in rows
    ]  # fmt: skip


def _detail(case: LiabilityCase, row: Entry) -> str:
    subject = "" if row.subject_label == str(case)[:200] else row.subject_label
    reason = queries.reason_of(row)
    return "：".join(part for part in (subject, reason) if part)


# ── Opening ─────────────────────────────────────────────────────────────────
@needs(Action.PROPOSE_LIABILITY)
def liability_new(request):
    """提起问责 from a later event: first the deliverable, then what is known of it."""
    if "deliverable" in request.GET or "deliverable" in request.POST:
        return _open(request, _deliverable(request))
    form = forms.FindDeliverableForm(request.GET or None)
    found = None
    if form.is_bound and form.is_valid():
        rows = Deliverable.objects.visible_to(request.user).search(form.cleaned_data["q"].strip())
        found = rows.select_related("project__unit", "preparer").order_by("-created_at")[:MOST_FOUND]
    context = {"form": form, "found": found, "most": MOST_FOUND, "crumbs": crumbs(request)}
    return render(request, "inspections/liability_find.html", context)


def _deliverable(request) -> Deliverable:
    asked = request.POST.get("deliverable") or request.GET.get("deliverable", "")
    rows = Deliverable.objects.visible_to(request.user).select_related("project__unit", "preparer")
    return get_object_or_404(rows, pk=int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else 0)


@needs(Action.PROPOSE_LIABILITY)
def liability_new_from_finding(request, pk, finding_pk):
    """提起问责 from a finding of a concluded inspection."""
    inspection = load_inspection(request, pk)
    finding = get_object_or_404(queries.findings_for(request.user), pk=finding_pk, inspection=inspection)
    deliverable = queries.deliverable_of(finding)
    if deliverable is None:
        raise Http404("该检查问题没有关联成果文件。")
    if standing := queries.standing_case_of(finding):
        messages.warning(request, f"该检查问题已提起问责 {standing.number}。")
        return redirect("inspections:liability", standing.pk)
    return _open(request, deliverable, finding)


def _open(request, deliverable: Deliverable, finding=None):
    first = {}
    if finding is not None:
        first = {"problem": finding.problem, "amount": finding.amount, "found_on": queries.day_of(finding),
                 "category": finding.remark.category if finding.remark_id else ""}  # fmt: skip
    form = forms.CaseForm(
        request.POST or None, request.FILES or None, deliverable=deliverable, finding=finding, initial=first
    )
    made = []

    def act():
        made.append(
            services.open_case(actor=request.user, deliverable=deliverable, finding=finding, **form.cleaned_data)
        )

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "已提起问责，请核对各级签署的追溯结果，再出具问责单。")
        return redirect("inspections:liability", made[0].pk)
    context = {"form": form, "deliverable": deliverable, "finding": finding, "crumbs": crumbs(request)}
    return render(request, "inspections/liability_form.html", context)


# ── Acts on a case ──────────────────────────────────────────────────────────
@tells_lost_race
def liability_drop(request, pk):
    case = load_case(request, pk)
    require_proposer(request.user, case.round_id)
    require_case(case, LiabilityAct.DROP, case.turn)
    form = forms.DropForm(request.POST or None, initial={"turn": case.turn})

    def act():
        services.drop_case(actor=request.user, case=case, **form.cleaned_data)

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "问责已撤销。")
        return redirect("inspections:liability", pk)
    context = {"case": case, "form": form, "heading": "撤销问责", "crumbs": crumbs(request, case), "danger": True,
               "lead": "尚未出具问责单的可以撤销；已出具的，由管理层决定不予追究。理由记入证据链。",
               "back": reverse("inspections:liability", args=[pk])}  # fmt: skip
    return render(request, "inspections/liability_act.html", context)


@never_cache
@tells_lost_race
def liability_propose(request, pk):
    """出具问责单: one row for each signer, filled in by what the walk proposes; signed."""
    case = load_case(request, pk)
    require_proposer(request.user, case.round_id)
    require_case(case, LiabilityAct.PROPOSE, case.turn)
    form = forms.ProposeForm(request.POST or None, case=case)
    made = []

    def act(confirmation):
        made.extend(services.propose_sheets(actor=request.user, case=case, turn=form.cleaned_data["turn"],
                                            sheets=form.sheets(), confirmation=confirmation))  # fmt: skip

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, f"已出具并送达 {len(made)} 份问责单，陈述申辩期限开始计时。")
        return redirect("inspections:liability", pk)
    steps = {step["signature"]: step for step in queries.walk_steps(case, request.user)}
    rows = [(row, steps[row.step["signature"]]) for row in form.rows]
    context = {"case": case, "form": form, "rows": rows, "crumbs": crumbs(request, case)}
    return render(request, "inspections/liability_propose.html", context)


@tells_lost_race
def liability_evidence(request, pk):
    """上传问责材料."""
    case = load_case(request, pk)
    if not queries.hands_in(case, request.user):
        raise PermissionDenied("只有提起问责的部门和当事人可以提交材料。")
    if not queries.may_add_evidence(case, request.user):
        raise case_handled(case)
    form = forms.EvidenceForm(request.POST or None, request.FILES or None)

    def act():
        services.add_evidence(actor=request.user, case=case, uploads=form.cleaned_data["files"])

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "材料已上传。")
        return redirect("inspections:liability", pk)
    context = {"case": case, "form": form, "heading": "上传问责材料", "crumbs": crumbs(request, case), "submit": "上传",
               "back": reverse("inspections:liability", args=[pk])}  # fmt: skip
    return render(request, "inspections/liability_act.html", context)


@require_POST
@needs(Action.PROPOSE_LIABILITY)
def liability_evidence_remove(request, pk, evidence_pk):
    case = load_case(request, pk)
    found = get_object_or_404(Evidence.objects.standing(), pk=evidence_pk, liability_case=case)
    try:
        evidence_service.remove(actor=request.user, evidence=found)
        messages.success(request, "材料已移除。")
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
    return redirect("inspections:liability", pk)
