"""The acts of the chain, one view each: load, form, password, service, respond."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from projects import services as project_services
from reviews import forms, queries, rules, services
from reviews.chain import AlreadyHandled, require_place
from reviews.choices import Act, Duty, LevelKind, State
from reviews.models import Round
from reviews.services.signing import meaning_of
from reviews.views.loading import files_of, load_round, tells_lost_race
from staff.lists import accepted
from staff.services import confirm_password


def _back(round: Round):
    return redirect("reviews:deliverable", round.deliverable_id)


def _signed(request, form, act) -> bool:
    """Whether the form was valid, the password right, and `act(confirmation)` took it. Nothing typed is lost."""
    if not form.is_valid():
        return False
    try:
        confirmation = confirm_password(request, request.user, form.cleaned_data["password"])
    except ValidationError as error:
        form.add_error("password", error)
        return False
    return accepted(form, lambda: act(confirmation))


def _require_state(round: Round, *states: State) -> None:
    """A page that makes sense only in some states tells who was faster when it is opened too late."""
    if round.state not in states:
        raise AlreadyHandled(round)


def _signing_page(request, form, round: Round, template: str, **context):
    context |= {
        "form": form,
        "round": round,
        "deliverable": round.deliverable,
        "files": files_of(round),
        "amounts": rules.amount_steps(queries.amounts_of(round)),
        "statements": list(queries.statements_before(round)),
        "meaning": meaning_of(round.level, context.get("seat_number", 0)),
    }
    return render(request, template, context)


# ── The preparer ────────────────────────────────────────────────────────────
@tells_lost_race
def submit(request, pk):
    """自校并提交."""
    round = load_round(request, pk)
    _require_state(round, State.PREPARING)
    require_place(round, Act.SUBMIT, request.user)
    manifest = round.version.manifest_sha256 or project_services.manifest(round.version)
    form = forms.SubmitForm(request.POST or None, round=round, manifest=manifest)

    def act(confirmation):
        services.submit(actor=request.user, round=round, turn=form.cleaned_data["turn"], content=form.content(),
                        confirmation=confirmation, answers=form.answers())  # fmt: skip

    if request.method == "POST" and _signed(request, form, act):
        messages.success(request, "已提交，等待审签。")
        return _back(round)
    return _signing_page(
        request, form, round, "reviews/submit_form.html", missing=queries.missing_seats(round),
        is_other_route=queries.route_of(round.deliverable.project).pk != round.route_id,
    )  # fmt: skip


@tells_lost_race
def start_version(request, pk):
    """新建版本: a page of its own says what it does to a round under review."""
    round = load_round(request, pk)
    _require_state(round, State.PREPARING, State.REVIEWING, State.ANSWERING, State.ISSUING)
    require_place(round, Act.REVISE, request.user)
    form = forms.VersionForm(request.POST or None, round=round)
    moved = []

    def act():
        moved.append(services.start_version(actor=request.user, round=round, **form.cleaned_data))

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"第 {moved[0].version.number} 版已建立，请上传修改后的文件。")
        return redirect("projects:version_files", moved[0].version_id)
    voids = round.state != State.PREPARING
    signed = queries.signatures_of(round) if voids else []
    return render(request, "reviews/version_form.html", {"form": form, "round": round, "voids": voids, "signed": signed,
                                                         "deliverable": round.deliverable})  # fmt: skip


@tells_lost_race
def answer(request, pk):
    """回复意见 without a new version."""
    round = load_round(request, pk)
    _require_state(round, State.ANSWERING)
    require_place(round, Act.ANSWER, request.user)
    form = forms.AnswerForm(request.POST or None, round=round)

    def act():
        services.answer_remarks(
            actor=request.user, round=round, turn=form.cleaned_data["turn"], answers=form.answers()
        )

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "意见已回复，等待复查。")
        return _back(round)
    return render(
        request, "reviews/answer_form.html", {"form": form, "round": round, "deliverable": round.deliverable}
    )


# ── Acts that need a reason ─────────────────────────────────────────────────
def _reason_page(request, pk, *, act: Act, service, heading: str, explain: str, button: str, done: str):
    round = load_round(request, pk)
    if not round.is_live:
        raise AlreadyHandled(round)
    require_place(round, act, request.user)
    if act == Act.REVOKE:
        services.require_last_signer(round, request.user)
    form = forms.ReasonForm(request.POST or None, round=round)

    def run():
        service(actor=request.user, round=round, **form.cleaned_data)

    if request.method == "POST" and accepted(form, run):
        messages.success(request, done)
        return _back(round)
    context = {"form": form, "round": round, "deliverable": round.deliverable, "heading": heading,
               "explain": explain, "button": button, "signed": queries.signatures_of(round)}  # fmt: skip
    return render(request, "reviews/reason_form.html", context)


@tells_lost_race
def withdraw(request, pk):
    return _reason_page(
        request, pk, act=Act.WITHDRAW, service=services.withdraw, heading="撤回提交", button="撤回",
        explain="下一环节尚未处理时可以撤回。撤回后本轮结束，可修改后重新提交。", done="已撤回。",
    )  # fmt: skip


@tells_lost_race
def revoke(request, pk):
    return _reason_page(
        request, pk, act=Act.REVOKE, service=services.revoke, heading="撤回签署", button="撤回签署",
        explain="下一环节尚未处理时可以撤回本人签署。原签署保留在记录中并注明已撤回。", done="签署已撤回。",
    )  # fmt: skip


@tells_lost_race
def send_back(request, pk):
    return _reason_page(
        request, pk, act=Act.SEND_BACK, service=services.send_back, heading="退回编制人", button="退回",
        explain="退回后本轮结束，编制人须上传新版本并从第一级重新审签。原因将告知编制人和所有已签署人。", done="已退回。",
    )  # fmt: skip


# ── Signing ─────────────────────────────────────────────────────────────────
@tells_lost_race
def sign(request, pk):
    """Sign whatever the round waits for from this person: a level, a panel's opinion, the issue."""
    round = load_round(request, pk)
    _require_state(round, State.REVIEWING, State.ISSUING)
    waiting = round.waitings.filter(user=request.user).first()
    if waiting is None:
        raise PermissionDenied("现在不是您的环节。")
    is_member = waiting.duty == Duty.OPINION
    seat_number = 1 if is_member else 0
    form = forms.SignForm(
        request.POST or None, round=round, manifest=round.version.manifest_sha256, is_member=is_member
    )
    service = services.join_opinion if is_member else services.sign
    if round.level.kind == LevelKind.ISSUE:
        service = services.issue

    def act(confirmation):
        service(actor=request.user, round=round, turn=form.cleaned_data["turn"], content=form.content(),
                confirmation=confirmation)  # fmt: skip

    if request.method == "POST" and _signed(request, form, act):
        messages.success(request, f"{round.level.title}已签署。")
        return _back(round)
    gaps = queries.issue_gaps(round) if round.level.kind == LevelKind.ISSUE else []
    unsettled = queries.unsettled_up_to(round, round.level)
    return _signing_page(request, form, round, "reviews/sign_form.html", seat_number=seat_number, gaps=gaps,
                         unsettled=unsettled, is_member=is_member)  # fmt: skip


@require_POST
@tells_lost_race
def return_remarks(request, pk):
    """发出意见."""
    round = load_round(request, pk)
    require_place(round, Act.RETURN_REMARKS, request.user)
    form = forms.TurnForm(request.POST, round=round)

    def act():
        services.return_remarks(actor=request.user, round=round, turn=form.cleaned_data["turn"])

    if accepted(form, act):
        messages.success(request, "意见已发给编制人。")
        return _back(round)
    for error in form.non_field_errors():
        messages.error(request, error)
    return redirect("reviews:remarks", round.deliverable_id)


# ── Hand-over and exemption ─────────────────────────────────────────────────
@tells_lost_race
def hand_over(request, pk, seat_pk):
    """移交 a level to a deputy."""
    round = load_round(request, pk)
    seat = get_object_or_404(round.deliverable.seats.select_related("level", "holder"), pk=seat_pk)
    if not round.is_live:
        raise AlreadyHandled(round)
    require_place(round, Act.HAND_OVER, request.user)
    services.require_seat_to_give(request.user, round, seat)
    form = forms.HandOverForm(request.POST or None, round=round)

    def act():
        services.hand_over(actor=request.user, round=round, seat=seat, **form.cleaned_data)

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"{seat.level.title}已移交给 {form.cleaned_data['to'].name}。")
        return _back(round)
    context = {"form": form, "round": round, "seat": seat, "deliverable": round.deliverable}
    return render(request, "reviews/hand_over_form.html", context)


@tells_lost_race
def exempt(request, pk):
    """免除校核: the technical director's signed exception."""
    round = load_round(request, pk)
    _require_state(round, State.PREPARING, State.REVIEWING)
    require_place(round, Act.EXEMPT, request.user)
    levels = queries.exemptible_levels(round)
    if not levels:
        raise Http404("没有可以免除的级别。")
    form = forms.ExemptForm(request.POST or None, round=round)

    def act(confirmation):
        services.exempt_level(
            actor=request.user, round=round, turn=form.cleaned_data["turn"], level=levels[0],
            reason=form.cleaned_data["reason"], confirmation=confirmation,
        )  # fmt: skip

    if request.method == "POST" and _signed(request, form, act):
        messages.success(request, f"{levels[0].title}已免除，记录在案。")
        return _back(round)
    context = {"form": form, "round": round, "level": levels[0], "deliverable": round.deliverable}
    return render(request, "reviews/exempt_form.html", context)


@require_POST
def nudge(request, pk):
    """催办: one press, from the page of the deliverable or from the first screen."""
    round = load_round(request, pk)
    try:
        people = services.nudge(actor=request.user, round=round)
        messages.success(request, f"已催办 {'、'.join(person.name for person in people)}。")
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
    return _back(round)
