"""Action items: the list, one with its course, the tab of a meeting, and what is done to them."""

from functools import wraps

from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from meetings import action_rules as rules
from meetings.action_rules import CHANGE, CLOSE, DONE, DROP, REOPEN
from meetings.chain import already_handled
from meetings.choices import UNCLOSED, ActionState
from meetings.exports_actions import action_items_response
from meetings.filters_actions import ActionItemFilter
from meetings.forms.action_items import (
    ActionItemForm,
    AdjustForm,
    CloseForm,
    DoneForm,
    ProgressForm,
    ReasonForm,
    default_due_on,
)
from meetings.models import ActionItem, Meeting
from meetings.queries import action_items as queries
from meetings.services import action_items as services
from meetings.services import inviting
from meetings.services.keeping import is_open_to, require_keeper
from meetings.tabs import deeper_crumbs
from meetings.views.parts import PAGE, load, meeting_page, tells_lost_race
from staff.lists import accepted, filter_words, page_of, sort_order

SORTS = {
    "number": "number",
    "due": "due_on",
    "owner": "owner__name",
    "project": "project__number",
    "meeting": "meeting__starts_at",
}


# ── Lists ───────────────────────────────────────────────────────────────────
def _filtered(request):
    """(all that the person sees, the filters, the rows that pass them). Where the URL says nothing of the state: unclosed."""
    rows, asked = queries.item_rows(request.user), request.GET.copy()
    asked.setdefault("state", "unclosed")
    filterset = ActionItemFilter(asked, queryset=rows, request=request)
    usual = "due" if asked["state"] in ("unclosed", "overdue", ActionState.OPEN, ActionState.DONE) else "-due"
    order = sort_order(request, SORTS, usual, may_be_empty={"owner", "project"})
    return rows, filterset, filterset.qs.order_by(*order), usual


@require_safe
def action_list(request):
    rows, filterset, found, usual = _filtered(request)
    page = page_of(request, found)
    page.object_list = queries.tell(page.object_list, request.user)
    context = {
        "filter": filterset, "page": page, "sort": usual, "counts": queries.counts(rows, request.user),
        "base": reverse("meetings:actions"), "export_query": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "meetings/action_list.html", context)


@require_safe
def action_export(request):
    """The same rows as a workbook."""
    _, filterset, found, _ = _filtered(request)
    return action_items_response(queries.tell(found, request.user), filter_words(filterset.form))


@require_safe
def meeting_actions(request, pk):
    """What the meeting has set, and what lies on its table from former ones."""
    meeting = load(request, pk)
    own, carried = queries.own_rows(meeting), queries.carried_rows(meeting)
    may_keep = is_open_to(request.user, meeting)
    context = {
        "own": own, "carried": carried, "can_note": may_keep, "can_create": rules.may_create(request.user, meeting),
        "can_close": rules.is_organiser_of(request.user, [meeting]) and rules.is_underway(meeting),
        "begins_later": may_keep and not rules.is_underway(meeting),
        "tab_counts": {"meetings:meeting_actions": sum(row.state in UNCLOSED for row in [*own, *carried])},
    }  # fmt: skip
    return meeting_page(request, "meeting_actions", meeting, "meetings:meeting_actions", **context)


# ── One ─────────────────────────────────────────────────────────────────────
def tells_item_race(view):
    """Whoever was too late gets a page that says who was faster and when. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except rules.AlreadyHandled as late:
            return render(request, "meetings/action_handled.html", {"late": late}, status=409)

    return wrapped


def _load(request, pk: int) -> ActionItem:
    return get_object_or_404(queries.item_rows(request.user), pk=pk)


def _crumbs(item: ActionItem, *, deep: bool = False) -> list[dict]:
    found = [{"title": "会议待办", "url": reverse("meetings:actions")}]
    return [*found, {"title": item.number, "url": services.page_of(item)}] if deep else found


@require_safe
def action_detail(request, pk):
    item = queries.tell([_load(request, pk)], request.user)[0]
    tables = rules.tables_of(item)
    stops = queries.course_of(item)
    seen = set(
        Meeting.objects.visible_to(request.user)
        .filter(pk__in=[stop.meeting.pk for stop in stops])
        .values_list("pk", flat=True)
    )
    context = {
        "item": item, "crumbs": _crumbs(item), "acts": rules.acts_open_to(request.user, item, tables),
        "stops": [(stop, stop.meeting.pk in seen) for stop in stops], "proofs": queries.proofs_of(item),
        "entries": queries.timeline_of(item), "organisers": list(dict.fromkeys(inviting.answering(each) for each in tables)),
    }  # fmt: skip
    return render(request, "meetings/action_detail.html", context)


def _begin(request, pk: int, act: str, at: Meeting | None = None) -> ActionItem:
    """An item to which the person may do `act` now: 404, 403, or AlreadyHandled for what is too late or stale."""
    item = _load(request, pk)
    tables = rules.tables_of(item)
    if at is not None and queries.carried_for(at).filter(pk=item.pk).exists():
        tables.append(at)
    rules.require_place(act, request.user, item, tables)
    turn = request.POST.get("turn")
    if (item.state, act) not in rules.TABLE or (turn is not None and turn != str(item.turn)):
        raise rules.AlreadyHandled(item)
    return item


def _form_page(
    request, item: ActionItem, form, heading: str, *, lead: str = "", danger: bool = False, at: Meeting | None = None
):
    context = {"item": item, "form": form, "heading": heading, "lead": lead, "danger": danger, "at": at,
               "crumbs": _crumbs(item, deep=True), "back": _back(item, at)}  # fmt: skip
    return render(request, "meetings/action_act.html", context)


def _back(item: ActionItem, at: Meeting | None) -> str:
    return reverse("meetings:meeting_actions", args=[at.pk]) if at else services.page_of(item)


def _at(request) -> Meeting | None:
    """?at=<meeting>: the later meeting at which it is done."""
    asked = request.GET.get("at", "")
    return load(request, int(asked)) if asked.isdecimal() and len(asked) < 10 else None


@PAGE
@tells_item_race
def action_change(request, pk):
    item = _begin(request, pk, CHANGE)
    issued = rules.is_issued(item)
    form = (AdjustForm if issued else ActionItemForm)(request.POST or None, meeting=item.meeting, item=item)

    def act():
        services.change_item(actor=request.user, item=item, turn=form.cleaned_data["turn"], **form.told())

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"{item.number} 已修改。")
        return redirect(services.page_of(item))
    lead = "纪要已签发：只能调整负责人和完成期限，调整及理由记入证据链。" if issued else ""
    return _form_page(request, item, form, "调整负责人、期限" if issued else "修改待办", lead=lead)


@PAGE
@tells_item_race
def action_done(request, pk):
    item = _begin(request, pk, DONE)
    form = DoneForm(request.POST or None, request.FILES or None, initial={"turn": item.turn})

    def act():
        told = form.cleaned_data
        services.report_done(actor=request.user, item=item, turn=told["turn"], note=told["note"], files=told["files"])

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"{item.number} 已报完成，等待会议组织者确认关闭。")
        return redirect(services.page_of(item))
    return _form_page(request, item, form, "报完成")


@PAGE
@tells_item_race
def action_close(request, pk):
    at = _at(request)
    item = _begin(request, pk, CLOSE, at)
    form = CloseForm(request.POST or None, initial={"turn": item.turn}, is_reported=item.state == ActionState.DONE)

    def act():
        services.close_item(
            actor=request.user, item=item, turn=form.cleaned_data["turn"], note=form.cleaned_data["note"], at=at
        )

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"{item.number} 已关闭。")
        return redirect(_back(item, at))
    return _form_page(request, item, form, "关闭待办", at=at)


@PAGE
@tells_item_race
def action_reopen(request, pk):
    at = _at(request)
    item = _begin(request, pk, REOPEN, at)
    form = ReasonForm(request.POST or None, initial={"turn": item.turn})

    def act():
        services.reopen_item(
            actor=request.user, item=item, turn=form.cleaned_data["turn"], reason=form.cleaned_data["reason"], at=at
        )

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"{item.number} 已退回，时限恢复计时。")
        return redirect(_back(item, at))
    lead = "退回后时限恢复计时；报完成至退回之间的天数不计入。"
    return _form_page(request, item, form, "退回待办", lead=lead, at=at)


@PAGE
@tells_item_race
def action_drop(request, pk):
    item = _begin(request, pk, DROP)
    form = ReasonForm(request.POST or None, initial={"turn": item.turn})

    def act():
        services.drop_item(
            actor=request.user, item=item, turn=form.cleaned_data["turn"], reason=form.cleaned_data["reason"]
        )

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"{item.number} 已取消。")
        return redirect(services.page_of(item))
    return _form_page(request, item, form, "取消待办", lead="取消后时限作废，不再提醒。", danger=True)


# ── At a meeting ────────────────────────────────────────────────────────────
@PAGE
@tells_lost_race
def action_create(request, pk):
    """?item=<agenda item> fills in the item of the agenda."""
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    if not is_open_to(request.user, meeting):
        raise already_handled(meeting)
    first = {"due_on": default_due_on(), "agenda_item": request.GET.get("item", "")[:10]}
    form = ActionItemForm(request.POST or None, meeting=meeting, initial=first)
    made = []

    def act():
        made.append(services.create_item(actor=request.user, meeting=meeting, **form.told()))

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"已登记 {made[0].number}。")
        again = reverse("meetings:action_create", args=[pk]) if "again" in request.POST else ""
        return redirect(again or reverse("meetings:meeting_actions", args=[pk]))
    context = {"meeting": meeting, "form": form, "crumbs": deeper_crumbs(meeting),
               "back": reverse("meetings:meeting_actions", args=[pk])}  # fmt: skip
    return render(request, "meetings/action_form.html", context)


@require_POST
@tells_lost_race
def action_progress(request, pk, item_pk):
    """What was said about a former item at this meeting."""
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    item = get_object_or_404(queries.on_table(meeting), pk=item_pk)
    form = ProgressForm(request.POST)
    if accepted(
        form,
        lambda: services.note_progress(actor=request.user, meeting=meeting, item=item, note=form.cleaned_data["note"]),
    ):
        messages.success(request, f"{item.number} 的进展已保存。")
    else:
        messages.error(request, "；".join(error for errors in form.errors.values() for error in errors))
    return redirect(f"{reverse('meetings:meeting_actions', args=[pk])}#item-{item.pk}")


@require_safe
def action_proof(request, pk):
    """A proof is opened as a download, for whoever sees its item."""
    paper = get_object_or_404(queries.visible_proofs(request.user), pk=pk)
    try:
        content = paper.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("文件不在存储中，请联系系统管理员。") from error
    response = FileResponse(content, as_attachment=True, filename=paper.name, content_type=paper.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
