"""Pages of deliverables: lists, the record page, opening one, who sits where."""

from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ledger.models import Entry
from projects.clocks import clocks_for, of_projects
from projects.queries import projects_with_counts, roles_on
from projects.tabs import project_tabs
from reviews import queries, rules, services
from reviews.chain import possible_acts
from reviews.choices import CURRENT_STATES, Act, Duty, RemarkState, State
from reviews.exports import deliverables_response
from reviews.filters import DeliverableFilter
from reviews.forms import DeliverableEditForm, DeliverableForm, RemarkForm, RouteForm, SeatsForm
from reviews.models import RemarkEvent, Round
from reviews.seals import seal_rounds
from reviews.timeline import timeline_entries
from reviews.views.loading import current_round, files_of, load_deliverable, tells_lost_race
from staff import permissions
from staff.choices import Action
from staff.lists import accepted, filter_words, page_of, sort_order

SORTS = {
    "number": "number",
    "title": "title",
    "project": "project__number",
    "preparer": "preparer__employee_number",
    "due": "due_on",
    "created": "created_at",
}


# ── Lists ───────────────────────────────────────────────────────────────────
def _filtered(request, **where):
    rows = queries.deliverable_rows(request.user).filter(**where)
    filterset = DeliverableFilter(request.GET, queryset=rows, request=request)
    return filterset, filterset.qs.order_by(*sort_order(request, SORTS, "-created", may_be_empty={"due"}))


@require_safe
def deliverables(request):
    filterset, rows = _filtered(request)
    context = {"filter": filterset, "page": page_of(request, rows), "sort": "-created"}
    return render(request, "reviews/deliverable_list.html", context)


@require_safe
def export(request):
    filterset, rows = _filtered(request)
    return deliverables_response(rows, filter_words(filterset.form))


@require_safe
def project_deliverables(request, pk):
    project = get_object_or_404(projects_with_counts(request.user), pk=pk)
    _, rows = _filtered(request, project=project)
    roles = roles_on(request.user, project)
    running = of_projects([project])[project.pk]
    context = {
        "project": project,
        "clock": running[0] if running else None,
        "open_due": None if project.actual_finish_on else project.planned_finish_on,
        "page": page_of(request, rows),
        "sort": "-created",
        "route": queries.route_of(project),
        "tabs": project_tabs(project, "reviews:project_deliverables"),
        "crumbs": [{"title": "项目", "url": reverse("projects:list")}],
        "can_create": permissions.allows(Action.CREATE_DELIVERABLE, roles),
        "can_choose_route": permissions.allows(Action.SET_TEAM, roles),
    }
    return render(request, "reviews/project_deliverables.html", context)


# ── One deliverable ─────────────────────────────────────────────────────────
STATE_KINDS = {
    State.PREPARING: "draft",
    State.REVIEWING: "waiting",
    State.ANSWERING: "returned",
    State.ISSUING: "waiting",
    State.ISSUED: "issued",
}


def state_words(round: Round) -> tuple[str, str]:
    """(badge kind, words) of a round: 审签中 names its level."""
    kind = STATE_KINDS[State(round.state)]
    if round.state == State.PREPARING and round.number > 1:
        before = Round.objects.filter(deliverable=round.deliverable_id, number=round.number - 1).first()
        if before is not None and before.state == State.SENT_BACK:
            return "returned", "被退回，编制中"
    return kind, round.word


def _page(request, round: Round, template: str, active: str, *, acts=None, open_remarks=None, **context):
    """A page of one deliverable: header, tabs, what this person may do.

    `acts` (`possible_acts`) and `open_remarks` (how many wait for an answer or a re-check) where the view knows them."""
    deliverable = round.deliverable
    waiting = list(round.waitings.all())
    kind, word = state_words(round)
    recheck_first = 0
    if open_remarks is None:
        sent = deliverable.remarks.unsettled().exclude(state=RemarkState.DRAFT)
        orders = list(sent.values_list("level__order", flat=True))
        open_remarks = len(orders)
        # As `queries.unsettled_up_to`: what was raised above keeps nobody below from signing.
        recheck_first = sum(order <= round.level.order for order in orders)
    tabs = [
        ("审签", "reviews:deliverable", 0),
        ("校审意见", "reviews:remarks", open_remarks),
        ("签署记录", "reviews:records", 0),
        ("动态", "reviews:timeline", 0),
    ]
    mine = next((row.duty for row in waiting if row.user_id == request.user.pk), None)
    context |= {
        "deliverable": deliverable,
        "round": round,
        "waiting": waiting,
        "kind": "todo" if mine else kind,
        "word": word,
        "mine": mine,
        "recheck_first": recheck_first,
        "Duty": Duty,
        "acts": _offered(round, request.user, mine, possible_acts(round, request.user) if acts is None else acts),
        "tabs": [
            {"title": title, "url": reverse(name, args=[deliverable.pk]), "is_active": name == active, "count": count}
            for title, name, count in tabs
        ],
        "crumbs": [
            {"title": deliverable.project.number, "url": reverse("projects:detail", args=[deliverable.project_id])},
            {"title": "成果文件", "url": reverse("reviews:project_deliverables", args=[deliverable.project_id])},
        ],
    }
    return render(request, template, context)


def _offered(round: Round, user, mine: str | None, acts: set[Act]) -> dict[str, bool]:
    """The buttons that make sense for this person now, by the act's name; `acts` are the possible ones."""
    if mine is None:
        acts = acts - {Act.SIGN, Act.SIGN_LAST, Act.JOIN_OPINION, Act.ISSUE}
    if Act.WITHDRAW in acts and not queries.is_withdrawable(round):
        acts.discard(Act.WITHDRAW)
    if Act.REVOKE in acts:
        last = queries.last_signature(round)
        if last is None or last.signer_id != user.pk or last.level.order == 0:
            acts.discard(Act.REVOKE)
    if Act.EXEMPT in acts and not queries.exemptible_levels(round):
        acts.discard(Act.EXEMPT)
    return {act.name: True for act in acts}


@require_safe
def deliverable(request, pk):
    found = load_deliverable(request, pk)
    rounds = queries.rounds_of(found)
    round = next(round for round in reversed(rounds) if round.state in CURRENT_STATES)
    round.deliverable = found
    signatures = [signature for signature in round.signatures.all() if signature.revoked_at is None]
    # Whoever declares 无 twice has no rows to load.
    told = [row for row in signatures if not (row.declares_no_unresolved and row.declares_no_attention)]
    prefetch_related_objects(told, "statements")
    seats = queries.seats_of(round, signatures)
    issue = getattr(round, "issue", None) if round.state == State.ISSUED else None
    acts = possible_acts(round, request.user, seats)
    givable = queries.may_give(request.user, found, seats) if Act.HAND_OVER in acts else set()
    return _page(
        request, round, "reviews/deliverable_detail.html", "reviews:deliverable",
        acts=acts, givable=givable, seals=seal_rounds(found, rounds, seats), statements=signatures,
        files=files_of(round), amounts=rules.amount_steps(queries.amounts_of(round, signatures)),
        gaps=queries.issue_gaps(round) if round.state == State.ISSUING else [],
        missing=queries.missing_seats(round) if round.state == State.PREPARING else [],
        sent_back=_sent_back(round), issue=issue, seats=seats, changes=_changes(round),
        is_other_route=round.state == State.PREPARING and queries.route_of(found.project).pk != round.route_id,
        clocks=clocks_for(found) if round.is_live else [], can_nudge=_can_nudge(request.user, round),
    )  # fmt: skip


def _can_nudge(user, round: Round) -> bool:
    """Whether somebody else is waited for, and `user` may remind them."""
    if not round.is_live or all(waiting.user_id == user.pk for waiting in round.waitings.all()):
        return False
    return permissions.allows(Action.NUDGE, roles_on(user, round.deliverable.project))


def _sent_back(round: Round) -> Round | None:
    """The round before this one, when it was sent back and this one is still being prepared."""
    if round.state != State.PREPARING:
        return None
    before = Round.objects.filter(deliverable=round.deliverable_id, number=round.number - 1)
    return before.filter(state=State.SENT_BACK).select_related("last_actor").first()


def _changes(round: Round) -> dict | None:
    """What this version changed against the one before: files and 初稿 amount."""
    if round.version.number == 1:
        return None
    before = round.deliverable.versions.get(number=round.version.number - 1)
    old = dict(before.attachments.values_list("sha256", "name"))
    new = dict(round.version.attachments.values_list("sha256", "name"))
    difference = None
    if before.draft_amount is not None and round.version.draft_amount is not None:
        difference = round.version.draft_amount - before.draft_amount
    return {
        "since": before.number,
        "added": [name for digest, name in new.items() if digest not in old],
        "removed": [name for digest, name in old.items() if digest not in new],
        "kept": len(set(old) & set(new)),
        "difference": difference,
    }


@require_safe
def remarks(request, pk):
    found = load_deliverable(request, pk)
    round = current_round(found)
    events = Prefetch("events", RemarkEvent.objects.select_related("by"))
    rows = list(found.remarks.select_related("level", "raised_by").prefetch_related(events))
    acts = possible_acts(round, request.user)
    may_review = Act.RETURN_REMARKS in acts
    sent = [remark for remark in rows if remark.state != RemarkState.DRAFT]
    here = [remark for remark in sent if remark.level_id == round.level_id]
    drafts = [remark for remark in rows if remark.state == RemarkState.DRAFT and remark.level_id == round.level_id]
    drafts = drafts if may_review else []
    return _page(
        request, round, "reviews/remarks.html", "reviews:remarks", rows=sent, drafts=drafts, may_review=may_review,
        acts=acts, open_remarks=sum(remark.state != RemarkState.CLOSED for remark in sent),
        form=RemarkForm(initial={"turn": round.turn}),
        to_recheck=[remark.pk for remark in here if remark.state == RemarkState.ANSWERED] if may_review else [],
        can_return=bool(drafts) or any(remark.state == RemarkState.OPEN for remark in here),
    )  # fmt: skip


@require_safe
def records(request, pk):
    """Every signature of every round, whole: checklist, opinion, statements, score, digest."""
    found = load_deliverable(request, pk)
    rounds = (
        found.rounds.filter(submitted_at__isnull=False)
        .select_related("version", "route", "last_actor")
        .prefetch_related("signatures__signer", "signatures__level", "signatures__answers", "signatures__statements",
                          "signatures__score_sheet", "version__attachments")
        .order_by("-number")
    )  # fmt: skip
    exemptions = found.exemptions.select_related("level", "signed_by")
    return _page(
        request, current_round(found), "reviews/records.html", "reviews:records", rounds=rounds, exemptions=exemptions
    )


@require_safe
def timeline(request, pk):
    found = load_deliverable(request, pk)
    entries = Entry.objects.about(found).select_related("actor").order_by("-number")
    page = page_of(request, entries, size=50)
    return _page(request, current_round(found), "reviews/timeline.html", "reviews:timeline", page=page,
                 entries=timeline_entries(page))  # fmt: skip


# ── Opening and arranging ───────────────────────────────────────────────────
def deliverable_create(request, pk):
    project = get_object_or_404(projects_with_counts(request.user), pk=pk)
    permissions.require(request.user, Action.CREATE_DELIVERABLE, roles_on(request.user, project))
    form = DeliverableForm(request.POST or None, project=project, actor=request.user)
    made = []

    def act():
        made.append(services.open_deliverable(actor=request.user, project=project, **form.cleaned_data))

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"成果文件 {made[0].number} 已建立，请上传文件。")
        version = made[0].versions.get(number=1)
        if made[0].preparer_id == request.user.pk:
            return redirect("projects:version_files", version.pk)
        return redirect("reviews:deliverable", made[0].pk)
    context = {"form": form, "project": project, "heading": "新建成果文件",
               "back": reverse("reviews:project_deliverables", args=[project.pk]),
               "crumbs": [{"title": project.number, "url": reverse("projects:detail", args=[project.pk])}]}  # fmt: skip
    return render(request, "reviews/deliverable_form.html", context)


def deliverable_edit(request, pk):
    found = load_deliverable(request, pk)
    permissions.require(
        request.user, Action.CREATE_DELIVERABLE, roles_on(request.user, found.project, found.discipline)
    )
    initial = {name: getattr(found, name) for name in DeliverableEditForm.base_fields}
    form = DeliverableEditForm(request.POST or None, initial=initial)

    def act():
        services.update_deliverable(actor=request.user, deliverable=found, **form.cleaned_data)

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "已保存。")
        return redirect("reviews:deliverable", pk)
    context = {"form": form, "project": found.project, "heading": f"编辑 {found.number}",
               "back": reverse("reviews:deliverable", args=[pk])}  # fmt: skip
    return render(request, "reviews/deliverable_form.html", context)


@tells_lost_race
def seats(request, pk):
    """Who holds which level, while the deliverable is being prepared."""
    found = load_deliverable(request, pk)
    round = current_round(found)
    permissions.require(
        request.user, Action.CREATE_DELIVERABLE, roles_on(request.user, found.project, found.discipline)
    )
    if round.state != State.PREPARING:
        raise Http404("审签中的成果请用“移交”。")
    form = SeatsForm(request.POST or None, round=round)

    def act():
        services.appoint_seats(actor=request.user, round=round, turn=form.cleaned_data["turn"], seats=form.seats())

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "审签人已设置。")
        return redirect("reviews:deliverable", pk)
    return render(request, "reviews/seats_form.html", {"form": form, "deliverable": found, "round": round})


def project_route(request, pk):
    """Choose the project's review route against the default."""
    project = get_object_or_404(projects_with_counts(request.user), pk=pk)
    permissions.require(request.user, Action.SET_TEAM, roles_on(request.user, project))
    form = RouteForm(request.POST or None, initial={"route": queries.route_of(project)})

    def act():
        services.choose_route(actor=request.user, project=project, **form.cleaned_data)

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "审签路线已选定。编制中的成果提交前须重新设置审签人。")
        return redirect("reviews:project_deliverables", pk)
    routes = form.fields["route"].queryset.prefetch_related("levels")
    context = {"form": form, "project": project, "routes": routes, "default": queries.default_route(project)}
    return render(request, "reviews/route_form.html", context)
