"""Pages of the clocks: the list, one clock with why it ends on that day, and what may be done to it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from deadlines import pages, queries, rules, scopes, services
from deadlines.choices import ENDED_BY_ACT, Decision, State
from deadlines.filters import DeadlineFilter
from deadlines.forms import clocks as forms
from deadlines.models import Evidence, TimeRequest
from staff import permissions
from staff.choices import Action, Role
from staff.lists import accepted, page_of, sort_order

SORTS = {
    "due": "due_at",
    "project": "scope_label",
    "rule": "rule__title",
    "responsible": "responsible__name",
    "started": "started_at",
}
# One press of a button reaches so many at most; the list says so.
MOST_NUDGES = 200


# ── List ────────────────────────────────────────────────────────────────────
def _asked(request):
    """What the URL asks for; without any filter the open ones."""
    # Sorting and turning the page is no choice of a filter.
    return request.GET if set(request.GET) - {"page", "sort"} else {"state": "open"}


@require_safe
def deadline_list(request):
    rows = queries.deadline_rows(request.user)
    filterset = DeadlineFilter(_asked(request), queryset=rows, request=request)
    page = page_of(request, filterset.qs.order_by(*sort_order(request, SORTS, "due", may_be_empty={"responsible"})))
    context = {
        "filter": filterset,
        "page": page,
        "sort": "due",
        "counts": queries.counts(rows.order_by()),
        "can_nudge_all": request.user.may(Action.NUDGE),
        "base": reverse("deadlines:list"),
    }
    return render(request, "deadlines/deadline_list.html", context)


@require_POST
def nudge_overdue(request):
    """催办全部逾期: whoever may nudge by a post reminds everybody who is late, as far as they see it."""
    permissions.require_post(request.user, Action.NUDGE)
    late = queries.deadline_rows(request.user).overdue().order_by("due_at", "pk")[:MOST_NUDGES]
    done, left = services.nudge_all(actor=request.user, deadlines=late)
    words = f"已催办 {done} 项逾期时限。"
    messages.success(request, words + (f"另有 {left} 项四小时内已催办或无责任人。" if left else ""))
    return redirect(f"{reverse('deadlines:list')}?state=overdue")


# ── One clock ───────────────────────────────────────────────────────────────
def _deadline(request, pk: int):
    return get_object_or_404(queries.deadline_rows(request.user).select_related("started_by", "stopped_by"), pk=pk)


def _can(request, deadline) -> dict:
    """What this person may do to the clock in its present state."""
    roles = scopes.roles_on(request.user, deadline)
    keep, decide, nudge = (
        permissions.allows(action, roles) for action in (Action.KEEP_TIME, Action.DECIDE_TIME, Action.NUDGE)
    )
    is_own = request.user.pk == deadline.responsible_id
    # Asked of the ledger only where it makes a difference.
    has_owed = is_own or (decide and request.user.pk in services.owners(deadline))
    running, suspended = deadline.state == State.RUNNING, deadline.state == State.SUSPENDED
    return {
        "fulfil": deadline.is_open and (keep or decide) and deadline.rule.event not in ENDED_BY_ACT,
        "act": ENDED_BY_ACT.get(deadline.rule.event, "") if deadline.is_open and keep else "",
        "ask": deadline.is_open and keep,
        "shorten": running and keep,
        "resume": suspended and keep,
        "nudge": deadline.is_open and nudge and not is_own and deadline.responsible_id is not None,
        "cancel": deadline.is_open and decide and not has_owed,
        "reopen": deadline.state == State.FULFILLED and decide and not has_owed,
        "decide": decide and not has_owed,
    }


@require_safe
def deadline_detail(request, pk):
    deadline = _deadline(request, pk)
    can = _can(request, deadline)
    requests = list(deadline.requests.select_related("requested_by", "decided_by", "evidence"))
    pending = next((each for each in requests if each.decision == Decision.PENDING), None)
    course = queries.course_of(deadline) if deadline.state != State.CANCELLED else None
    context = {
        "deadline": deadline,
        "is_closed": bool(pages.closed_to(request.user, [deadline])),
        "can": can,
        "may_decide": pending and can["decide"] and pending.requested_by_id != request.user.pk,
        "may_withdraw": pending and pending.requested_by_id == request.user.pk,
        "course": course,
        "lines": _folded(course.lines) if course else [],
        "requests": requests,
        "pending": pending,
        "suspensions": deadline.suspensions.select_related("ended_by", "request"),
        "reminders": [_told(each, deadline) for each in deadline.reminders.all()],
        "coming": queries.coming_steps(deadline),
        "nudges": deadline.nudges.select_related("nudged_by"),
        "ladder": [
            (rules.after_words(deadline.rule.is_in_hours, after), Role(role).label)
            for after, role in deadline.rule.escalation
        ],
        "crumbs": [{"title": "时限", "url": reverse("deadlines:list")}],
    }
    return render(request, "deadlines/deadline_detail.html", context)


def _told(reminder, deadline) -> dict:
    return {
        "words": rules.step_words(deadline.rule.is_in_hours, reminder.kind, reminder.offset),
        "role": Role(reminder.role).label if reminder.role else "",
        "planned_at": reminder.planned_at,
        "written_at": reminder.written_at,
        "told": reminder.told,
    }


def _folded(lines) -> list[dict]:
    """The days of a clock, month by month, for a page that stays readable with 45 of them."""
    months: list[dict] = []
    for line in lines:
        key = (line.day.year, line.day.month)
        if not months or months[-1]["key"] != key:
            months.append({"key": key, "title": f"{line.day.year} 年 {line.day.month} 月", "lines": []})
        months[-1]["lines"].append(line)
    return months


# ── Acts ────────────────────────────────────────────────────────────────────
def _form_page(request, deadline, form, *, heading: str, submit: str, lead: str = ""):
    back = reverse("deadlines:detail", args=[deadline.pk])
    crumbs = [{"title": "时限", "url": reverse("deadlines:list")}, {"title": deadline.rule.title, "url": back}]
    context = {"deadline": deadline, "form": form, "heading": heading, "submit": submit, "back": back, "lead": lead,
               "crumbs": crumbs}  # fmt: skip
    return render(request, "deadlines/form_page.html", context)


def _act(request, deadline, form, act, *, heading: str, submit: str, done: str, lead: str = ""):
    """A page with one form that does one thing to a clock."""
    if request.method == "POST" and accepted(form, act):
        messages.success(request, done)
        return redirect("deadlines:detail", deadline.pk)
    return _form_page(request, deadline, form, heading=heading, submit=submit, lead=lead)


def _require(request, deadline, *actions: Action) -> None:
    roles = scopes.roles_on(request.user, deadline)
    if not any(permissions.allows(action, roles) for action in actions):
        permissions.require(request.user, actions[0], roles)


def deadline_fulfil(request, pk):
    deadline = _deadline(request, pk)
    _require(request, deadline, Action.KEEP_TIME, Action.DECIDE_TIME)
    may_backdate = _can(request, deadline)["decide"]
    form = (forms.BackdatedFulfilForm if may_backdate else forms.FulfilForm)(request.POST or None)
    return _act(
        request, deadline, form,
        lambda: services.fulfil(actor=request.user, deadline=deadline, **form.cleaned_data),
        heading="登记完成", submit="登记完成", done="已登记完成，时限停止计时。",
    )  # fmt: skip


def _unit(deadline) -> str:
    return {"working_hours": "工作小时", "working_days": "工作日"}.get(deadline.rule.measure, "天")


def deadline_ask(request, pk):
    deadline = _deadline(request, pk)
    _require(request, deadline, Action.KEEP_TIME)
    form = forms.RequestForm(request.POST or None, request.FILES or None, unit=_unit(deadline))
    names = "、".join(each.name for each in services.deciders(deadline))
    return _act(
        request, deadline, form, lambda: services.ask(actor=request.user, deadline=deadline, **form.cleaned_data),
        heading="申请中止或延期", submit="提交申请", done="申请已提交，等待审批。",
        lead=f"由{names}审批。" if names else "请先设置单位技术负责人或质量办，以便审批。",
    )  # fmt: skip


def deadline_shorten(request, pk):
    deadline = _deadline(request, pk)
    _require(request, deadline, Action.KEEP_TIME)
    form = forms.ShortenForm(request.POST or None, request.FILES or None, unit=_unit(deadline))
    return _act(
        request, deadline, form, lambda: services.shorten(actor=request.user, deadline=deadline, **form.cleaned_data),
        heading="登记委托人缩短时限", submit="登记", done="已登记，新的到期日已生效。",
        lead="委托人根据工程大小实际情况有缩短编制或分析时间的权利，登记后立即生效。",
    )  # fmt: skip


def deadline_resume(request, pk):
    deadline = _deadline(request, pk)
    _require(request, deadline, Action.KEEP_TIME)
    form = forms.ResumeForm(request.POST or None)
    return _act(
        request, deadline, form, lambda: services.resume(actor=request.user, deadline=deadline, **form.cleaned_data),
        heading="恢复计时", submit="恢复计时", done="已恢复计时。", lead="中止期间的天数不计入，到期日相应顺延。",
    )  # fmt: skip


def _reason_act(request, pk, action: Action, service, **words):
    deadline = _deadline(request, pk)
    _require(request, deadline, action)
    form = forms.ReasonForm(request.POST or None)
    return _act(
        request, deadline, form, lambda: service(actor=request.user, deadline=deadline, **form.cleaned_data), **words
    )


def deadline_cancel(request, pk):
    return _reason_act(
        request, pk, Action.DECIDE_TIME, services.cancel, heading="作废时限", submit="作废", done="时限已作废。",
        lead="仅用于登记有误的情形。作废的时限仍保留在记录中。",
    )  # fmt: skip


def deadline_reopen(request, pk):
    return _reason_act(
        request, pk, Action.DECIDE_TIME, services.reopen, heading="撤销完成登记", submit="恢复计时",
        done="已恢复计时，视同未曾停止。", lead="完成登记有误时使用，时限自原起算日继续计时。",
    )  # fmt: skip


@require_POST
def deadline_nudge(request, pk):
    deadline = _deadline(request, pk)
    _require(request, deadline, Action.NUDGE)
    form = forms.NudgeForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    try:
        services.nudge(actor=request.user, deadline=deadline, words=words)
        messages.success(request, f"已催办 {deadline.responsible.name}。")
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
    return redirect("deadlines:detail", pk)


# ── Requests ────────────────────────────────────────────────────────────────
def _request(request, pk, request_pk) -> TimeRequest:
    deadline = _deadline(request, pk)
    return get_object_or_404(
        TimeRequest.objects.select_related("deadline__rule", "requested_by"), pk=request_pk, deadline=deadline
    )


def request_decide(request, pk, request_pk):
    deadline = _deadline(request, pk)
    asked = _request(request, pk, request_pk)
    _require(request, deadline, Action.DECIDE_TIME)
    form = forms.DecisionForm(request.POST or None)
    context_words = f"{asked.requested_by.name} 申请{asked.get_kind_display()}"
    if asked.amount:
        context_words += f" {asked.amount} {_unit(deadline)}"
    return _act(
        request, deadline, form, lambda: services.decide(actor=request.user, request=asked, **form.cleaned_data),
        heading=f"审批：{asked.get_kind_display()}", submit="提交审批结果", done="审批结果已登记。",
        lead=f"{context_words}。理由：{asked.reason} 依据：{asked.basis}",
    )  # fmt: skip


@require_POST
def request_withdraw(request, pk, request_pk):
    asked = _request(request, pk, request_pk)
    try:
        services.withdraw_request(actor=request.user, request=asked)
        messages.success(request, "申请已撤回。")
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
    return redirect("deadlines:detail", pk)


@require_safe
def evidence_download(request, pk, evidence_pk):
    """A proof, for whoever sees the clock; always as a download."""
    evidence = get_object_or_404(Evidence, pk=evidence_pk, deadline=_deadline(request, pk))
    try:
        content = evidence.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("文件不在存储中，请联系系统管理员。") from error
    response = FileResponse(content, as_attachment=True, filename=evidence.name, content_type=evidence.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
