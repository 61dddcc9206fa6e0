"""The year's settlement: as it would be (试算), posted, withdrawn, approved; for payroll."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deadlines.models import Deadline
from rankings import awards
from rankings.forms.settlements import ApproveForm, ProposeForm, WithdrawForm
from rankings.models import PromotionNote, Settlement
from rankings.queries import awards as award_queries
from rankings.queries import policies
from rankings.queries import settlements as queries
from rankings.services import award_notices, settling
from rankings.settlement_exports import notes_response, payroll_response
from rankings.settlement_filters import AwardFilter
from rankings.views.settling import signed, tells_lost_race
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, page_of, sort_order
from staff.permissions import require_post

PAGE = require_http_methods(["GET", "HEAD", "POST"])
# So many lines stand above the signature; the others are one click away.
LINES_SIGNED = 20
SORTS = {"person": "person__employee_number", "unit": "unit_name", "cause": "cause", "amount": "amount"}


def _crumbs(year: int) -> list[dict]:
    return [{"title": f"{year} 年度奖惩结算", "url": queries.page_of(year)}]


def _load(year: int) -> Settlement:
    settlement = queries.settlement_of(year)
    if settlement is None:
        raise Http404
    return settlement


def _by_person(row):
    return row.person.employee_number, row.pk


def _final(row):
    return row.final_amount


def _tables(rows) -> dict:
    """The sums by cause, by unit, and of the whole."""
    return {
        "by_cause": awards.sums(rows, lambda row: awards.Cause(row.cause).label, _final),
        "by_unit": sorted(awards.sums(rows, lambda row: row.unit_name, _final), key=lambda each: each.label),
        "whole": awards.total(rows, _final),
    }


@require_safe
@needs(Action.READ_SETTLEMENT)
def settlement_home(request):
    """The settlement of the newest frozen year; where none is frozen, of this one."""
    years = queries.settled_years()
    return redirect("rankings:settlement", years[0] if years else timezone.localdate().year)


# ── One year ────────────────────────────────────────────────────────────────
@require_safe
@needs(Action.READ_SETTLEMENT)
def settlement(request, year: int):
    """The settlement that stands, or what there is to do before one does."""
    found = queries.settlement_of(year)
    context = {"year": year, "years": queries.settled_years(), "settlement": found, "withdrawn": queries.withdrawn_of(year)}  # fmt: skip
    if found is None:
        context |= {"steps": _steps(None, None), "ranking": queries.ranking_of(year)}
        return render(request, "rankings/settlement_empty.html", context)
    whole = list(queries.awards_of(found))
    units = sorted({row.unit_name for row in whole})
    filterset = AwardFilter(request.GET, queryset=queries.awards_of(found), request=request, units=units)
    rows = filterset.qs.order_by(*sort_order(request, SORTS, "person"), "pk")
    until = queries.appeals_until(found)
    context |= {
        **_tables(whole), **_papers(found), **_acts(request.user, found),
        "steps": _steps(found, until), "until": until, "is_window_open": queries.is_window_open(found, until),
        "filter": filterset, "page": page_of(request, rows), "sort": "person",
        "people": len({row.person_id for row in whole}), "export_query": request.GET.urlencode(),
        "appeals": [row for row in whole if row.standing_appeal],
        "clock": Deadline.objects.open().of(found).select_related("rule").first(),
        "corrections": queries.corrections_since(found),
    }  # fmt: skip
    return render(request, "rankings/settlement_detail.html", context)


def _papers(found: Settlement) -> dict:
    if not found.is_approved:
        return {"notices": []}
    issued, whole = queries.progress(found)
    return {"issued": issued, "to_issue": whole, "notices": list(found.notices.select_related("person"))}


def _acts(user, found: Settlement) -> dict:
    """What `user` may do with it now, and why not."""
    may_approve = user.may(Action.APPROVE_SETTLEMENT) and found.is_proposed
    approvers = queries.approvers(found) if found.is_proposed else []
    is_free = may_approve and user.pk in {each.pk for each in approvers}
    return {
        "can_withdraw": found.is_proposed and user.may(Action.PROPOSE_SETTLEMENT),
        "can_approve": is_free and not settling.approval_gaps(found),
        "is_barred": may_approve and not is_free,
        "gaps": settling.approval_gaps(found) if found.is_proposed else [],
        "approvers": approvers,
    }


def _steps(found: Settlement | None, until) -> list[dict]:
    """试算 → 公示申诉 → 批准 → 通知书."""
    titles = ["试算", "公示申诉", "处理申诉、批准", "签发通知书"]
    if found is None:
        place, notes = 0, ["", "", "", ""]
    elif found.is_approved:
        done, whole = queries.progress(found)
        place = 3 if done < whole else 4
        notes = [_day(found.proposed_at), f"至 {until:%m-%d}", _day(found.approved_at), f"{done}/{whole}"]
    else:
        place = 1 if queries.is_window_open(found, until) else 2
        notes = [_day(found.proposed_at), f"至 {until:%m-%d}", "", ""]
    states = ["done"] * place + (["current"] if place < 4 else []) + [""] * (3 - place)
    return [{"title": title, "state": state, "note": note} for title, state, note in zip(titles, states, notes, strict=True)]  # fmt: skip


def _day(instant) -> str:
    return f"{timezone.localtime(instant):%m-%d}"


@require_safe
@needs(Action.READ_SETTLEMENT)
def settlement_export(request, year: int):
    """Every line of the settlement that comes to something, for payroll: never a filtered part, so that it adds up."""
    found = _load(year)
    return payroll_response(found, queries.awards_of(found).counting())


# ── 试算 ─────────────────────────────────────────────────────────────────────
@never_cache
@tells_lost_race
@PAGE
@needs(Action.READ_SETTLEMENT)
def settlement_preview(request, year: int):
    """As it would be with the policy in force; a POST posts it, if it is still what was seen."""
    ranking, policy = queries.ranking_of(year), policies.in_force()
    blocks = queries.blocks(year, ranking, policy)
    form = ProposeForm(request.POST or None)
    if request.method == "POST":
        require_post(request.user, Action.PROPOSE_SETTLEMENT)
        if ranking is None or policy is None:
            form.is_valid()
            form.add_error(None, [each.text for each in blocks])
        elif accepted(form, lambda: settling.propose(actor=request.user, ranking=ranking, policy=policy, **form.cleaned_data)):  # fmt: skip
            messages.success(request, "已公示，已告知全部有关人员。申诉期满后由管理层批准。")
            return redirect("rankings:settlement", year)
    found = award_queries.trial(ranking, policy) if ranking and policy else None
    if found:
        form.initial["seen"] = found.digest
        if form.is_bound:
            form.data = form.data.copy()
            form.data["seen"] = found.digest
    lines = found.lines if found else []
    context = {
        "year": year, "ranking": ranking, "policy": policy, "blocks": blocks, "trial": found, "form": form,
        "people": award_sums(lines), "rules": awards.RULES, **_tables(lines), "crumbs": _crumbs(year),
        "is_unset": any(each.items for each in blocks),
        "can_propose": bool(found and lines) and not blocks and not found.problems
        and request.user.may(Action.PROPOSE_SETTLEMENT),
    }  # fmt: skip
    return render(request, "rankings/settlement_preview.html", context)


def award_sums(lines) -> list[dict]:
    """By person, by employee number: the lines and what they come to."""
    found: dict[int, dict] = {}
    for row in lines:
        entry = found.setdefault(row.person.pk, {"person": row.person, "unit": row.unit_name, "lines": []})
        entry["lines"].append(row)
    for entry in found.values():
        entry["sum"] = awards.total(entry["lines"], _final)
    return sorted(found.values(), key=lambda entry: entry["person"].employee_number)


# ── Acts ────────────────────────────────────────────────────────────────────
@never_cache
@tells_lost_race
@PAGE
@needs(Action.PROPOSE_SETTLEMENT)
def settlement_withdraw(request, year: int):
    found = _load(year)
    if not found.is_proposed:
        raise settling.handled(found)
    form = WithdrawForm(request.POST or None, initial={"turn": found.turn})
    if request.method == "POST" and accepted(
        form, lambda: settling.withdraw(actor=request.user, settlement=found, **form.cleaned_data)
    ):
        messages.success(request, "已撤回，已告知全部有关人员。")
        return redirect("rankings:settlement", year)
    context = {"settlement": found, "year": year, "form": form, "crumbs": _crumbs(year)}
    return render(request, "rankings/settlement_withdraw.html", context)


@never_cache
@tells_lost_race
@PAGE
@needs(Action.APPROVE_SETTLEMENT)
def settlement_approve(request, year: int):
    found = _load(year)
    if not found.is_proposed:
        raise settling.handled(found)
    settling.require_approver(request.user, found)
    form = ApproveForm(request.POST or None, initial={"turn": found.turn})

    def act(confirmation):
        settling.approve(
            actor=request.user, settlement=found, turn=form.cleaned_data["turn"], confirmation=confirmation
        )

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, "已批准。各人的奖惩通知书正在生成，导出的 Excel 可用于发放和扣款。")
        return redirect("rankings:settlement", year)
    whole = list(queries.awards_of(found))
    context = {
        "settlement": found, "year": year, "form": form, "gaps": settling.approval_gaps(found), **_tables(whole),
        "people": len({row.person_id for row in whole}), "appeals": [row for row in whole if row.standing_appeal],
        "lines": sorted(whole, key=_by_person)[:LINES_SIGNED],
        "has_own_line": any(row.person_id == request.user.pk for row in whole), "crumbs": _crumbs(year),
    }  # fmt: skip
    return render(request, "rankings/settlement_approve.html", context)


@require_POST
@needs(Action.READ_SETTLEMENT)
def settlement_notices(request, year: int):
    """The next notices, by hand."""
    found = _load(year)
    try:
        done = award_notices.go_on(actor=request.user, settlement=found)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, f"本次签发 {done} 份通知书。" if done else "没有待签发的通知书。")
    return redirect(f"{reverse('rankings:settlement', args=[year])}#notices")


# ── 晋升参考业绩 ──────────────────────────────────────────────────────────────
def _notes():
    return PromotionNote.objects.select_related("person__unit", "ranking").order_by("-ranking__year", "person__employee_number")  # fmt: skip


@require_safe
@needs(Action.READ_SETTLEMENT)
def promotion_notes(request):
    return render(request, "rankings/promotion_notes.html", {"page": page_of(request, _notes())})


@require_safe
@needs(Action.READ_SETTLEMENT)
def promotion_notes_export(request):
    return notes_response(_notes())
