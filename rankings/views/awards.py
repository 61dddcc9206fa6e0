"""One's own rewards and penalties (我的奖惩); an appeal, its decision; a notice on paper."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from deadlines.models import Deadline
from printing.papers import stored_pdf
from rankings import awards as rules
from rankings.choices import Outcome
from rankings.forms.settlements import AppealForm, DecideForm
from rankings.printouts.awards import TITLE
from rankings.queries import settlements as queries
from rankings.queries.attendance import own_attendance
from rankings.queries.policies import reads
from rankings.services import appeals as services
from rankings.services.settling import handled
from rankings.views.settling import personal_pdf, signed, tells_lost_race
from staff.choices import Action
from staff.lists import accepted

PAGE = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def awards_mine(request):
    """What stands for oneself, by year; what may still be appealed; one's records. Nobody else's."""
    if not reads(request.user):
        raise PermissionDenied("系统管理员、审计员不参与业务，没有奖惩。")
    rows = queries.own_awards(request.user)
    settlements = {row.settlement_id: row.settlement for row in rows}
    untils = queries.windows(settlements.values())
    notices = {notice.settlement_id: notice for notice in queries.own_notices(request.user)}
    years = [
        {
            "settlement": each, "rows": mine, "sum": rules.total(mine, lambda row: row.final_amount),
            "until": untils[pk], "is_open": queries.is_window_open(each, untils[pk]), "notice": notices.get(pk),
        }
        for pk, each in settlements.items()
        if (mine := [row for row in rows if row.settlement_id == pk])
    ]  # fmt: skip
    context = {
        "years": years,
        "promotion_notes": list(queries.own_promotion_notes(request.user)),
        "attendance": list(own_attendance(request.user)),
        "today": timezone.localdate(),
    }
    return render(request, "rankings/award_mine.html", context)


@never_cache
@tells_lost_race
@PAGE
def award_appeal(request, pk: int):
    """申诉: one's own award alone; a colleague's is a 404 for who does not read settlements."""
    award = get_object_or_404(queries.awards_visible_to(request.user), pk=pk)
    if award.person_id != request.user.pk:
        raise PermissionDenied("只有本人可以申诉。")
    if not award.settlement.is_proposed:
        raise handled(award.settlement)
    if award.standing_appeal:
        raise services.appeal_handled(award.standing_appeal)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.appeal(actor=request.user, award=award, **form.cleaned_data)
    ):
        messages.success(request, "已提出申诉。处理结果将告知您。")
        return redirect("rankings:awards_mine")
    until = queries.appeals_until(award.settlement)
    context = {"award": award, "form": form, "until": until, "is_open": queries.is_window_open(award.settlement, until),
               "today": timezone.localdate(), "crumbs": _crumbs(request)}  # fmt: skip
    return render(request, "rankings/award_appeal.html", context)


def _crumbs(request, year: int | None = None) -> list[dict]:
    if year and request.user.may(Action.READ_SETTLEMENT):
        return [{"title": f"{year} 年度奖惩结算", "url": queries.page_of(year)}]
    return [{"title": "我的奖惩", "url": reverse("rankings:awards_mine")}]


def _load_appeal(request, pk: int):
    return get_object_or_404(queries.appeals_visible_to(request.user), pk=pk)


@require_safe
def appeal(request, pk: int):
    """An appeal with its decision: for the person, and for who reads settlements."""
    row = _load_appeal(request, pk)
    user, settlement = request.user, row.award.settlement
    may = user.may(Action.APPROVE_SETTLEMENT) and user.pk not in (row.award.person_id, settlement.proposed_by_id)
    context = {
        "appeal": row, "award": row.award, "settlement": settlement,
        "can_decide": may and row.outcome is None and settlement.is_proposed,
        "clock": Deadline.objects.of(row).select_related("rule").order_by("-pk").first(),
        "crumbs": _crumbs(request, settlement.ranking.year),
    }  # fmt: skip
    return render(request, "rankings/appeal_detail.html", context)


@never_cache
@tells_lost_race
@PAGE
def appeal_decide(request, pk: int):
    """处理申诉, signed."""
    row = _load_appeal(request, pk)
    services.require_decider(request.user, row)
    if row.outcome:
        raise services.appeal_handled(row)
    if not row.award.settlement.is_proposed:
        raise handled(row.award.settlement)
    form = DecideForm(request.POST or None, award=row.award)

    def act(confirmation):
        told = {name: form.cleaned_data[name] for name in ("outcome", "amount", "decision")}
        services.decide(actor=request.user, appeal=row, confirmation=confirmation, **told)

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, "处理意见已签署，已告知申诉人。")
        return redirect("rankings:appeal", row.pk)
    context = {"appeal": row, "award": row.award, "form": form, "changed": Outcome.CHANGED,
               "crumbs": _crumbs(request, row.award.settlement.ranking.year)}  # fmt: skip
    return render(request, "rankings/appeal_decide.html", context)


@require_safe
@never_cache
def award_notice(request, pk: int):
    """《奖惩通知书》 as it was issued: for the person, and for who reads settlements."""
    notice = get_object_or_404(queries.notices_visible_to(request.user), pk=pk)
    stored = stored_pdf(notice.pdf, notice.pdf_sha256)
    if stored is None:
        return render(request, "rankings/award_damaged.html", {"notice": notice}, status=500)
    return personal_pdf(stored, f"{TITLE} {notice.number}")
