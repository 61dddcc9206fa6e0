"""Who has the minutes, who is missing; receipts, reminders, links, objections and their answers."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from meetings import chain, rules
from meetings.choices import Act
from meetings.forms.paperwork import AnswerForm, ObjectionForm, ReceiptForm
from meetings.models import AccessLink, Distribution, Meeting, Objection
from meetings.queries import minutes as queries
from meetings.services import distributing as services
from meetings.services import links
from meetings.services import objections as objection_services
from meetings.views.frame import go, tab, told
from meetings.views.parts import PAGE, load, tells_lost_race
from printing.images import qr_data_uri
from staff.lists import accepted

ALONG = ("minutes__meeting__project", "minutes__issued_by", "party", "contact", "user")


def _answers_for(user, meeting: Meeting) -> bool:
    try:
        chain.require_place(meeting, Act.ISSUE, user)
    except PermissionDenied:
        return False
    return True


@require_safe
@never_cache
def receipts(request, pk):
    """Every paper with its copies, and the objections."""
    meeting = load(request, pk)
    copies, today = queries.copies_of(meeting), timezone.localdate()
    live = set(AccessLink.objects.filter(meeting=meeting, distribution__isnull=False, revoked_at__isnull=True,
                                         expires_at__gt=timezone.now()).values_list("distribution", flat=True))  # fmt: skip
    papers = []
    for minutes in queries.issued_of(meeting):
        own = [copy for copy in copies if copy.minutes_id == minutes.pk]
        missing = sum(copy.is_awaited for copy in own)
        minutes.is_received = all(copy.received_at for copy in own)
        papers.append((minutes, own, missing, rules.may_object(minutes.objections_until, today)))
    objections = queries.objections_of(meeting)
    return tab(
        request, "receipts", meeting, "receipts", heading="签收与异议", papers=papers, live_links=live,
        may_answer=_answers_for(request.user, meeting), objections=objections,
        missing=sum(copy.is_awaited for copy in copies),
        open_objections=sum(each.answered_at is None for each in objections),
        is_written_to=set(services.addressees(copies)),
    )  # fmt: skip


def _copy(request, pk: int, copy_pk: int) -> tuple[Meeting, Distribution]:
    meeting = load(request, pk)
    rows = Distribution.objects.filter(minutes__meeting=meeting).select_related(*ALONG)
    return meeting, get_object_or_404(rows, pk=copy_pk)


@require_POST
def receive(request, pk, copy_pk):
    """签收 by one click."""
    meeting, copy = _copy(request, pk, copy_pk)
    services.receive(actor=request.user, distribution=copy)
    messages.success(request, f"已签收 {copy.minutes.number}。")
    return go("minutes", meeting)


@PAGE
def register(request, pk, copy_pk):
    """A unit received on paper or otherwise."""
    meeting, copy = _copy(request, pk, copy_pk)
    chain.require_place(meeting, Act.ISSUE, request.user)
    form = ReceiptForm(request.POST or None, initial={"name": copy.contact.name if copy.contact_id else ""})
    if request.method == "POST" and accepted(
        form, lambda: services.register_receipt(actor=request.user, distribution=copy, **form.cleaned_data)
    ):
        messages.success(request, "签收已登记。")
        return go("receipts", meeting)
    lead = f"{copy.party or copy.user}没有在系统中或通过链接签收、而以其他方式收到纪要 {copy.minutes.number} 的，在此登记。"
    return tab(request, "tab_form", meeting, "receipts", heading="登记签收", form=form, button="登记签收", lead=lead)


@require_POST
def remind(request, pk):
    """催收 all who have not received; with `copy` one of them."""
    meeting = load(request, pk)
    one = request.POST.get("copy", "")
    which = [int(one)] if one.isdecimal() and len(one) < 10 else None
    told_to, silent = services.remind(actor=request.user, meeting=meeting, distributions=which)
    if told_to:
        messages.success(request, f"已催收 {told_to} 份。")
    if silent:
        messages.warning(request, f"{silent} 个单位没有可用的邮箱，系统没有发出邮件；请生成签收链接转交，或登记签收。")
    if not told_to and not silent:
        messages.info(request, "没有须催收的，或刚刚已经催收。")
    return go("receipts", meeting)


@require_POST
@never_cache
@sensitive_variables("secret", "address")
def link_create(request, pk, copy_pk):
    """A link to be handed over by hand, shown on this page alone."""
    meeting, copy = _copy(request, pk, copy_pk)
    made = []
    if not told(request, lambda: made.append(links.create_receipt(actor=request.user, distribution=copy))):
        return go("receipts", meeting)
    link, secret = made[0]
    address = links.address_of(secret)
    return tab(request, "link", meeting, "receipts", heading=f"{copy.party.name}的签收链接", address=address,
               code=qr_data_uri(address), link=link, is_sign_in=False, copy=copy)  # fmt: skip


@require_POST
def link_revoke(request, pk, copy_pk):
    meeting, copy = _copy(request, pk, copy_pk)
    count = links.revoke(actor=request.user, meeting=meeting, distribution=copy)
    messages.success(request, "签收链接已撤销。" if count else "没有有效的签收链接。")
    return go("receipts", meeting)


# ── Objections ──────────────────────────────────────────────────────────────
@PAGE
def object_to(request, pk, copy_pk):
    """提出异议 by one of us."""
    meeting, copy = _copy(request, pk, copy_pk)
    if copy.user_id != request.user.pk:
        raise PermissionDenied("只有收件人可以提出异议。")
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: objection_services.make(actor=request.user, distribution=copy, **form.cleaned_data)
    ):
        messages.success(request, "异议已提出，等待会议组织者答复。")
        return go("receipts", meeting)
    lead = f"对 {copy.minutes.number} 的异议，{copy.minutes.objections_until:%Y-%m-%d} 前提出。纪要原文不改动；采纳的，另发补充纪要。"
    return tab(request, "tab_form", meeting, "receipts", heading="提出异议", form=form, button="提出异议", lead=lead)


@PAGE
@tells_lost_race
def answer(request, pk, objection_pk):
    """不采纳, with the reason; or on to the supplement."""
    meeting = load(request, pk)
    chain.require_place(meeting, Act.ISSUE, request.user)
    rows = Objection.objects.filter(distribution__minutes__meeting=meeting)
    objection = get_object_or_404(rows.select_related(*[f"distribution__{name}" for name in ALONG]), pk=objection_pk)
    if objection.answered_at:
        raise chain.already_handled(meeting)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: objection_services.refuse(actor=request.user, objection=objection, **form.cleaned_data)
    ):
        messages.success(request, "异议已答复：不采纳。")
        copy = objection.distribution
        if copy.party_id and not services.addressees([copy]):
            messages.warning(request, f"{copy.party.name}没有可用的邮箱，系统没有发出邮件，请告知答复。")
        return go("receipts", meeting, "#objections")
    return tab(request, "objection_answer", meeting, "receipts", heading="答复异议", form=form, objection=objection)
