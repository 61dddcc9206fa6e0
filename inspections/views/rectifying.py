"""Receipt, the answers problem by problem, the reply, the re-check, and the paper of it all."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inspections import chain, printouts
from inspections.choices import CONCLUDED, Act, EvidenceOf, State
from inspections.forms.concluding import DeliveryForm, ReceiveForm
from inspections.forms.rectifying import RecheckForm, RectifyForm, ReplyForm
from inspections.models import Evidence, Inspection
from inspections.queries import concluding as concluding_queries
from inspections.queries import rectifying as queries
from inspections.services import evidence as proofs
from inspections.services import rectifying as services
from inspections.views.acting import back_to, begin, page, show_seen, signed
from inspections.views.concluding import PAGE, pdf_response
from inspections.views.loading import load, tells_lost_race
from staff import permissions
from staff.choices import Action
from staff.lists import accepted


# ── 确认收到 ─────────────────────────────────────────────────────────────────
@PAGE
@tells_lost_race
def receive(request, pk):
    """The inspected side confirms at once; 质量办 registers a delivery, with when, how and proof."""
    inspection = begin(request, pk, Act.RECEIVE, Act.RECEIVE_CLEAN)
    is_own = permissions.allows(Action.ANSWER_INSPECTION, chain.roles_for(request.user, inspection))
    first = {"turn": inspection.turn}
    if is_own:
        form = ReceiveForm(request.POST or None, initial=first)
    else:
        form = DeliveryForm(request.POST or None, request.FILES or None, initial=first, inspection=inspection)
    if request.method == "POST" and accepted(
        form, lambda: services.receive(actor=request.user, inspection=inspection, **form.cleaned_data)
    ):
        messages.success(request, "已确认收到书面意见。" if is_own else "送达已登记。")
        return back_to(inspection, "#rectification")
    return page(request, "receive_form", inspection, form=form, is_own=is_own, limit=queries.reply_limit(),
                opinion=inspection.opinion, to_rectify=inspection.findings.to_rectify().count())  # fmt: skip


# ── 整改 ─────────────────────────────────────────────────────────────────────
def may_rectify(user, inspection: Inspection) -> bool:
    """Whether `user` may write answers, whatever the state."""
    try:
        chain.require_may_rectify(user, inspection)
    except PermissionDenied:
        return False
    return True


def _concluded(request, pk) -> Inspection:
    inspection = load(request, pk)
    if inspection.state not in CONCLUDED:
        raise Http404("书面意见出具后才有整改。")
    return inspection


@require_safe
@never_cache
def rectification(request, pk):
    """Every problem to rectify with its answers; each has a form of its own for whoever may write them now."""
    return _rectification_page(request, _concluded(request, pk))


def _rectification_page(request, inspection: Inspection, bound: RectifyForm | None = None, conflict=None):
    rows = queries.answering(inspection)
    writes = may_rectify(request.user, inspection)
    is_open = writes and inspection.state == State.RECTIFYING
    wanted = [row for row in rows if not row.is_settled]
    filled = sum(1 for row in wanted if row.is_filled)
    return page(
        request, "rectification", inspection, status=409 if conflict else 200,
        rows=[(row, _form(row, bound) if is_open and not row.is_settled else None) for row in rows],
        writes=writes, is_open=is_open, bound=bound, conflict=conflict, wanted=len(wanted),
        filled=filled, unfilled=len(wanted) - filled, clock=queries.clock_of(inspection),
        may_reply=is_open and Act.REPLY in chain.possible_acts(inspection, request.user),
    )  # fmt: skip


def _form(row: queries.Answering, bound: RectifyForm | None) -> RectifyForm:
    if bound is not None and bound.finding.pk == row.finding.pk:
        return bound
    return RectifyForm(finding=row.finding, draft=row.draft, former=row.last)


@require_POST
@tells_lost_race
def rectify(request, pk, finding_pk):
    """One answer is saved by itself; what somebody else has saved meanwhile is shown beside what was typed."""
    inspection = load(request, pk)
    chain.require_may_rectify(request.user, inspection)
    if inspection.state != State.RECTIFYING:
        raise chain.already_handled(inspection)
    finding = get_object_or_404(inspection.findings.to_rectify(), pk=finding_pk)
    form = RectifyForm(request.POST, request.FILES, finding=finding)

    def act():
        services.save_rectification(actor=request.user, finding=finding, **form.cleaned_data)

    try:
        if accepted(form, act):
            messages.success(request, f"{finding} 的整改回复已保存。")
            return redirect(f"{reverse('inspections:rectification', args=[pk])}#f{finding.pk}")
    except services.RectificationConflict as conflict:
        # Whoever saves this page again has seen what is stored.
        form.data = form.data.copy()
        form.data["turn"] = 0 if conflict.row.submitted_at else conflict.row.turn
        return _rectification_page(request, inspection, form, conflict)
    return _rectification_page(request, inspection, form)


@require_POST
@tells_lost_race
def proof_remove(request, pk, evidence_pk):
    """A proof is taken back while the reply is not submitted."""
    inspection = load(request, pk)
    chain.require_may_rectify(request.user, inspection)
    evidence = get_object_or_404(
        Evidence.objects.select_related("finding__inspection", "rectification"),
        pk=evidence_pk, inspection=inspection, of=EvidenceOf.RECTIFICATION,
    )  # fmt: skip
    try:
        proofs.remove(actor=request.user, evidence=evidence)
        messages.success(request, f"证据“{evidence.name}”已移除。")
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
    return redirect(f"{reverse('inspections:rectification', args=[pk])}#f{evidence.finding_id}")


@PAGE
@never_cache
@tells_lost_race
def reply(request, pk):
    """提交整改回复: lists what is sent, and what is missing; signed."""
    inspection = begin(request, pk, Act.REPLY)
    form = ReplyForm(request.POST or None, initial={"turn": inspection.turn})

    def act(confirmation):
        told = form.cleaned_data
        services.submit_reply(actor=request.user, inspection=inspection, turn=told["turn"], seen=told["seen"],
                              confirmation=confirmation)  # fmt: skip

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, "整改回复已提交，等待复查。")
        return back_to(inspection, "#rectification")
    rows = [row for row in queries.answering(inspection) if not row.is_settled]
    seen = queries.seen_of(rows)
    show_seen(form, seen)
    facts = [
        ("意见编号", inspection.opinion.number),
        ("整改回复", f"{len(rows)} 条"),
        ("整改证据", f"{sum(len(row.draft.proofs) for row in rows if row.draft)} 份"),
        ("内容摘要", seen[:12]),
    ]
    return page(request, "reply_form", inspection, form=form, rows=rows, gaps=queries.gaps_of(rows), facts=facts,
                clock=queries.clock_of(inspection))  # fmt: skip


# ── 复查 ─────────────────────────────────────────────────────────────────────
@PAGE
@tells_lost_race
def recheck(request, pk):
    """One row for each answer that was handed in: passed, or not and why; signed."""
    inspection = begin(request, pk, Act.CLOSE, Act.SEND_BACK)
    rows = [row for row in queries.answering(inspection) if row.awaits_recheck]
    form = RecheckForm(request.POST or None, initial={"turn": inspection.turn}, rows=[row.last for row in rows])

    def act(confirmation):
        services.recheck(actor=request.user, inspection=inspection, turn=form.cleaned_data["turn"],
                         results=form.results(), confirmation=confirmation)  # fmt: skip

    if request.method == "POST" and signed(request, form, act):
        is_closed = all(passed for passed, _ in form.results().values())
        messages.success(request, "复查全部通过，检查已关闭。" if is_closed else "已退回整改，回复时限继续计时。")
        return back_to(inspection, "#rectification")
    fields = {row.finding_id: (result, note) for row, result, note in form.answer_rows()}
    facts = [("意见编号", inspection.opinion.number), ("整改回复", f"{len(rows)} 条")]
    return page(request, "recheck_form", inspection, form=form, clock=queries.clock_of(inspection), facts=facts,
                rows=[(row, *fields[row.finding.pk]) for row in rows])  # fmt: skip


# ── The paper ───────────────────────────────────────────────────────────────
@require_safe
@never_cache
def rectification_pdf(request, pk):
    """整改回复单, drawn up now."""
    inspection = _concluded(request, pk)
    opinion = concluding_queries.opinion_of(inspection)
    return pdf_response(request, printouts.rectification_paper(inspection), f"整改回复单 {opinion.number}")
