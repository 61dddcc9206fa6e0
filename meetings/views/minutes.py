"""The minutes: written item by item, handed in, checked, issued, read; their papers."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from meetings import chain
from meetings.chain import AlreadyHandled
from meetings.choices import Act, State
from meetings.forms.paperwork import (
    ActionForm,
    IssueForm,
    RecordForm,
    ReturnForm,
    TurnForm,
    others_of,
)
from meetings.forms.supplement import SupplementForm
from meetings.models import AgendaItem, Meeting, Minutes
from meetings.printouts.minutes import minutes_paper
from meetings.queries import agenda as agenda_queries
from meetings.queries import minutes as queries
from meetings.services import action_items, distributing
from meetings.services import minutes as services
from meetings.services.keeping import is_keeper, is_open_to, require_keeper
from meetings.views.frame import go, tab, told
from meetings.views.parts import PAGE, begin, load, tells_lost_race
from printing.papers import stored_pdf
from staff.lists import accepted
from staff.services import confirm_password


# ── The page ────────────────────────────────────────────────────────────────
@require_safe
@never_cache
def minutes(request, pk):
    """The record for who writes it; what was issued for everybody who sees the meeting."""
    meeting = load(request, pk)
    if meeting.state == State.ISSUED:
        return _read_page(request, meeting)
    return _record_page(request, meeting)


def _read_page(request, meeting: Meeting):
    papers = queries.issued_of(meeting)
    first = next(each for each in papers if each.supplement_to_id is None)
    copies = [each for each in queries.copies_of(meeting) if each.user_id == request.user.pk]
    return tab(
        request, "minutes_issued", meeting, "minutes", heading="会议纪要", minutes=first, content=first.content,
        supplements=[each for each in papers if each.supplement_to_id], own=copies,
        unreceived=[each for each in copies if each.received_at is None],
        may_supplement=_may(request.user, meeting),
    )  # fmt: skip


def _may(user, meeting: Meeting) -> bool:
    """Whether `user` answers for the issued minutes."""
    try:
        chain.require_place(meeting, Act.ISSUE, user)
    except PermissionDenied:
        return False
    return True


def _record_page(request, meeting: Meeting, *, bound: RecordForm | None = None, action_form=None, status: int = 200):
    may_write = is_open_to(request.user, meeting)
    # What is not issued yet is no business of those who only see the project.
    may_read = may_write or is_keeper(request.user, meeting)
    items = agenda_queries.agenda_of(meeting) if may_read else []
    actions: dict[int | None, list] = {}
    for row in queries.actions_of(meeting) if may_read else []:
        actions.setdefault(row.agenda_item_id, []).append(row)
    rows = [
        (item, bound if bound and bound.item.pk == item.pk else RecordForm(item=item), actions.get(item.pk, []))
        for item in items
    ]
    return tab(
        request, "minutes_record", meeting, "minutes", status=status, heading="会议纪要", rows=rows, may_write=may_write,
        may_read=may_read, gaps=queries.gaps(meeting) if may_read else [], loose=actions.get(None, []),
        carried=queries.carried_of(meeting) if may_read else [],
        action_form=action_form or (ActionForm(meeting=meeting) if may_write else None),
        has_begun=timezone.now() >= meeting.starts_at,
        writer=queries.writer_of(meeting) if may_read else None,
        is_own_record=meeting.recorder_id in (None, meeting.organiser_id),
    )  # fmt: skip


# ── Saving ──────────────────────────────────────────────────────────────────
@require_POST
@tells_lost_race
def item_save(request, pk, item_pk):
    """One item. The script asks for JSON and stays on the page; without it the page is drawn again."""
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    item = get_object_or_404(meeting.agenda.select_related("saved_by", "meeting"), pk=item_pk)
    form = RecordForm(request.POST, item=item)
    return _save_plain(request, meeting, form) if request.accepts("text/html") else _save_json(request, meeting, form)


def _save(request, form: RecordForm) -> AgendaItem:
    data = form.cleaned_data
    return services.save_item(
        actor=request.user, item=form.item, turn=data["turn"], record=data["record"], decision=data["decision"]
    )


def _save_plain(request, meeting: Meeting, form: RecordForm):
    try:
        if accepted(form, lambda: _save(request, form)):
            return go("minutes", meeting, f"#i{form.item.pk}")
    except services.ItemConflict as conflict:
        return tab(request, "minutes_conflict", meeting, "minutes", status=409, heading="比对", item=conflict.item,
                   mine=form.cleaned_data, message=str(conflict))  # fmt: skip
    return _record_page(request, meeting, bound=form, status=400)


def _save_json(request, meeting: Meeting, form: RecordForm) -> JsonResponse:
    saved = []
    try:
        if request.POST.get("as", str(request.user.pk)) != str(request.user.pk):
            raise PermissionDenied(
                f"当前登录的是{request.user.name}，请以原来的账号登录后再提交，填写的内容已保存在本机。"
            )
        if not accepted(form, lambda: saved.append(_save(request, form))):
            words = "；".join(error for errors in form.errors.values() for error in errors)
            return JsonResponse({"message": words}, status=400)
    except PermissionDenied as refused:
        return JsonResponse({"message": str(refused)}, status=403)
    except services.ItemConflict as conflict:
        return JsonResponse({"message": str(conflict), "conflict": _told(conflict.item)}, status=409)
    except AlreadyHandled as late:
        return JsonResponse({"message": str(late), "is_over": True}, status=409)
    return JsonResponse({"turn": saved[0].turn, **_state(request, meeting)})


@never_cache
@require_safe
def state(request, pk) -> JsonResponse:
    """All that is stored, for the script: what the other one saved."""
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    return JsonResponse(_state(request, meeting))


def _state(request, meeting: Meeting) -> dict:
    items = meeting.agenda.select_related("saved_by").order_by("order", "pk")
    return {
        "is_over": not is_open_to(request.user, meeting),
        "items": [_told(item) for item in items],
        "csrf": get_token(request),
    }


def _told(item: AgendaItem) -> dict:
    at = timezone.localtime(item.saved_at) if item.saved_at else None
    today = at and at.date() == timezone.localdate()
    return {
        "item": item.pk, "turn": item.turn, "record": item.record, "decision": item.decision,
        "saved_by": item.saved_by.name if item.saved_by else "",
        "saved_at": f"{at:%H:%M}" if today else f"{at:%m-%d %H:%M}" if at else "",
    }  # fmt: skip


@require_POST
@tells_lost_race
def action_add(request, pk):
    """A thing to be done, set beside the record."""
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    form = ActionForm(request.POST, meeting=meeting)
    if accepted(form, lambda: action_items.create_item(actor=request.user, meeting=meeting, **form.told())):
        messages.success(request, "待办事项已登记。")
        item = form.cleaned_data["agenda_item"]
        return go("minutes", meeting, f"#i{item.pk}" if item else "#actions")
    return _record_page(request, meeting, action_form=form, status=400)


# ── The course ──────────────────────────────────────────────────────────────
def _turn(request, meeting: Meeting) -> int:
    """The turn that the page was drawn for; a form without one is a stale page."""
    form = TurnForm(request.POST)
    if not form.is_valid():
        raise chain.already_handled(meeting)
    return form.cleaned_data["turn"]


@require_POST
@tells_lost_race
def hold(request, pk):
    """会议结束."""
    meeting = begin(request, pk, Act.HOLD)
    if told(request, lambda: services.hold(actor=request.user, meeting=meeting, turn=_turn(request, meeting))):
        messages.success(request, "会议已登记结束，纪要时限开始计时。")
    return go("minutes", meeting)


@require_POST
@tells_lost_race
def submit(request, pk):
    """提交纪要核定."""
    meeting = begin(request, pk, Act.SUBMIT)
    if told(request, lambda: services.submit(actor=request.user, meeting=meeting, turn=_turn(request, meeting))):
        messages.success(request, "纪要已提交，等待组织者核定。")
    return go("minutes", meeting)


@PAGE
@tells_lost_race
def send_back(request, pk):
    """退回修改纪要, with the reason."""
    meeting = begin(request, pk, Act.RETURN)
    form = ReturnForm(request.POST or None, initial={"turn": meeting.turn})
    if request.method == "POST" and accepted(
        form, lambda: services.send_back(actor=request.user, meeting=meeting, **form.cleaned_data)
    ):
        messages.success(request, "纪要已退回修改。")
        return go("minutes", meeting)
    return tab(request, "tab_form", meeting, "minutes", heading="退回修改纪要", form=form, button="退回")


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


@PAGE
@never_cache
@tells_lost_race
def issue(request, pk):
    """签发: the record as it will stand on paper, who gets it, the password."""
    meeting = begin(request, pk, Act.ISSUE)
    seen, units = queries.seen(meeting), distributing.parties_for(meeting)
    form = IssueForm(
        request.POST or None, others=others_of(meeting, units), initial={"turn": meeting.turn, "seen": seen}
    )
    made = []

    def act(confirmation):
        data = form.cleaned_data
        made.append(services.issue(actor=request.user, meeting=meeting, turn=data["turn"], confirmation=confirmation,
                                   parties=data["parties"], seen=data["seen"]))  # fmt: skip

    if request.method == "POST" and _signed(request, form, act):
        messages.success(request, f"会议纪要已签发：{made[0].number}。")
        return go("receipts", meeting)
    _show_seen(form, seen)
    return _issue_page(request, meeting, form, units)


def _show_seen(form, seen: str) -> None:
    """Whoever sends the page that is drawn now has seen what `seen` stands for."""
    if form.is_bound:
        form.data = form.data.copy()
        form.data["seen"] = seen


def _issue_page(request, meeting: Meeting, form: IssueForm, units: list):
    content = queries.build(meeting)
    people = [each for unit in content["units"] for each in unit["people"]]
    missing = [each["name"] for each in people if each["attendance"] == "未签到"]
    facts = [
        ("会议编号", meeting.number), ("会议名称", meeting.title), ("时间", content["time"]),
        ("到会", f"{sum(each['is_present'] for each in people)} 人"), ("议题", f"{len(content['items'])} 项"),
        ("待办事项", f"{len(content['actions'])} 项"), ("内容摘要", queries.seen(meeting)[:12]),
    ]  # fmt: skip
    copies = distributing.preview(meeting, units)
    return tab(
        request, "minutes_issue", meeting, "minutes", heading="签发会议纪要", form=form, content=content, facts=facts,
        gaps=queries.gaps(meeting), missing=missing, copies=copies, status=400 if form.errors else 200,
    )  # fmt: skip


@PAGE
@never_cache
@tells_lost_race
def supplement(request, pk):
    """签发补充纪要, with the objections that it accepts and the action items that it changes."""
    meeting = load(request, pk)
    chain.require_place(meeting, Act.ISSUE, request.user)
    root = meeting.minutes.filter(supplement_to__isnull=True).select_related("meeting").first()
    if root is None:
        raise Http404("纪要尚未签发。")
    chosen = [pk for pk in request.GET.getlist("objection") if pk.isdecimal() and len(pk) < 10]
    form = SupplementForm(
        request.POST or None, meeting=meeting, objections=queries.open_objections(meeting),
        items=list(queries.actions_of(meeting)), initial={"objections": chosen},
    )  # fmt: skip
    made = []

    def act(confirmation):
        data = form.cleaned_data
        made.append(services.supplement(actor=request.user, minutes=root, text=data["text"], answer=data["answer"],
                                        objections=list(data["objections"]), confirmation=confirmation,
                                        adjustments=form.adjustments, reason=data["reason"]))  # fmt: skip

    if request.method == "POST" and _signed(request, form, act):
        messages.success(request, f"补充纪要已签发：{made[0].number}。")
        return go("receipts", meeting)
    return tab(request, "supplement_form", meeting, "receipts", heading="签发补充纪要", form=form, minutes=root,
               facts=[("补充自", root.number), ("会议名称", meeting.title)], status=400 if form.errors else 200)  # fmt: skip


# ── The papers ──────────────────────────────────────────────────────────────
@require_safe
@never_cache
def draft_pdf(request, pk):
    """What would be issued, with 草稿 on every page; for who keeps the record, until it is issued."""
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    if not is_open_to(request.user, meeting) and meeting.state != State.CHECKING:
        raise Http404("纪要已签发。")
    now = timezone.now()
    row = Minutes(meeting=meeting, number="（未签发）", content=queries.build(meeting), issued_by=meeting.organiser,
                  issued_at=now, objections_until=timezone.localdate(now))  # fmt: skip
    return pdf_response(request, minutes_paper(row, draft=True), f"会议纪要（草稿） {meeting.number}")


@require_safe
@never_cache
def paper_pdf(request, pk, minutes_pk):
    """The minutes, or a supplement, as they were issued; or the page that says that they are not what they were."""
    meeting = load(request, pk)
    row = get_object_or_404(meeting.minutes, pk=minutes_pk)
    stored = stored_pdf(row.pdf, row.pdf_sha256)
    if stored is None:
        return tab(request, "print_damaged", meeting, "minutes", status=500, minutes=row)
    return pdf_response(request, stored, f"会议纪要 {row.number}")


def pdf_response(request, content: bytes, name: str) -> HttpResponse:
    """A PDF as a download; with ?inline=1 in the browser."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(request.GET.get("inline") != "1", f"{name}.pdf")
    return response
