"""Remarks: written down, changed, dropped and re-checked by the reviewer whose turn it is."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from reviews import services
from reviews.chain import require_place
from reviews.choices import Act, RemarkState
from reviews.forms import RecheckForm, RemarkForm, TurnForm
from reviews.views.loading import current_round, load_remark, load_round, refuse_stale, tells_lost_race
from staff.lists import accepted


def _back(deliverable_id: int):
    return redirect("reviews:remarks", deliverable_id)


@tells_lost_race
def remark_create(request, pk):
    """A new remark on the round; the page with the empty form is the list itself."""
    round = load_round(request, pk)
    require_place(round, Act.RETURN_REMARKS, request.user)
    form = RemarkForm(request.POST or None, initial={"turn": round.turn})

    def act():
        services.draft_remark(actor=request.user, round=round, turn=form.cleaned_data["turn"], **form.values())

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "意见已记下，发出后编制人可见。")
        return _back(round.deliverable_id)
    context = {"form": form, "round": round, "deliverable": round.deliverable, "heading": "填写校审意见"}
    return render(request, "reviews/remark_form.html", context)


def _load_draft(request, pk):
    """A draft of the level where the round stands, for whoever holds that level; for others it does not exist."""
    remark = load_remark(request, pk)
    round = current_round(remark.deliverable)
    refuse_stale(request, round)
    is_theirs = round.deliverable.seats.filter(level=remark.level_id, number=0, holder=request.user).exists()
    if remark.state == RemarkState.DRAFT and not is_theirs:
        raise Http404
    return remark, round


@tells_lost_race
def remark_edit(request, pk):
    remark, round = _load_draft(request, pk)
    require_place(round, Act.RETURN_REMARKS, request.user)
    form = RemarkForm(request.POST or None, instance=remark, initial={"turn": round.turn})

    def act():
        services.update_remark(actor=request.user, remark=remark, turn=form.cleaned_data["turn"], **form.values())

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "意见已修改。")
        return _back(remark.deliverable_id)
    context = {"form": form, "round": round, "deliverable": remark.deliverable, "heading": "修改校审意见"}
    return render(request, "reviews/remark_form.html", context)


@require_POST
@tells_lost_race
def remark_drop(request, pk):
    remark, round = _load_draft(request, pk)
    form = TurnForm(request.POST, round=round)

    def act():
        services.drop_remark(actor=request.user, remark=remark, turn=form.cleaned_data["turn"])

    if accepted(form, act):
        messages.success(request, "未发出的意见已删除。")
    else:
        messages.error(request, "；".join(form.non_field_errors()) or "页面已过期，请刷新后重试。")
    return _back(remark.deliverable_id)


@require_POST
@tells_lost_race
def remark_recheck(request, pk):
    remark, round = _load_draft(request, pk)
    form = RecheckForm(request.POST, round=round)

    def act():
        data = form.cleaned_data
        services.recheck_remark(
            actor=request.user, remark=remark, turn=data["turn"], passed=data["passed"] == "yes", text=data["text"]
        )

    if accepted(form, act):
        messages.success(request, f"{remark}的复查已记录。")
    else:
        errors = [error for errors in form.errors.values() for error in errors]
        messages.error(request, "；".join(errors))
    return _back(remark.deliverable_id)
