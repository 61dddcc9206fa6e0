"""The agenda: the page, its items, what is proposed, papers."""

from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings.chain import already_handled
from meetings.forms.paperwork import ItemForm, PapersForm
from meetings.models import Meeting, Paper
from meetings.queries import agenda as queries
from meetings.services import agenda as services
from meetings.services.keeping import is_open_to, require_keeper
from meetings.views.frame import go, tab, told
from meetings.views.parts import load, tells_lost_race
from staff.lists import accepted


@require_http_methods(["GET", "HEAD", "POST"])
@tells_lost_race
def agenda(request, pk):
    """The agenda; posted is a new item."""
    meeting = load(request, pk)
    if request.method == "POST":
        require_keeper(meeting, request.user)
        form = ItemForm(request.POST, meeting=meeting)
        if accepted(form, lambda: services.add_item(actor=request.user, meeting=meeting, **form.told())):
            messages.success(request, "议题已添加。")
            return go("agenda", meeting)
        return _page(request, meeting, form=form, status=400)
    return _page(request, meeting)


def _page(request, meeting: Meeting, *, form=None, papers_form=None, status: int = 200):
    may_keep = is_open_to(request.user, meeting)
    items = queries.agenda_of(meeting)
    return tab(
        request, "agenda", meeting, "agenda", status=status, heading="议程", items=items, may_keep=may_keep,
        papers=queries.papers_of(meeting), minutes_long=sum(item.minutes_long or 0 for item in items),
        proposals=queries.proposals(meeting, request.user) if may_keep else [],
        form=form or (ItemForm(meeting=meeting) if may_keep else None),
        papers_form=papers_form or (PapersForm(meeting=meeting) if may_keep else None),
    )  # fmt: skip


def _item(request, pk: int, item_pk: int):
    meeting = load(request, pk)
    item = get_object_or_404(meeting.agenda.select_related("owner", "owner_contact"), pk=item_pk)
    require_keeper(meeting, request.user)
    item.meeting = meeting
    return meeting, item


@require_POST
@tells_lost_race
def adopt(request, pk):
    """One of the proposals becomes an item."""
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    key = request.POST.get("key", "")[:80]
    told(request, lambda: services.adopt(actor=request.user, meeting=meeting, key=key))
    return go("agenda", meeting)


@require_http_methods(["GET", "HEAD", "POST"])
@tells_lost_race
def item_edit(request, pk, item_pk):
    meeting, item = _item(request, pk, item_pk)
    if not is_open_to(request.user, meeting):
        raise already_handled(meeting)
    form = ItemForm(request.POST or None, meeting=meeting, item=item)
    if request.method == "POST" and accepted(
        form, lambda: services.change_item(actor=request.user, item=item, **form.told())
    ):
        messages.success(request, "议题已修改。")
        return go("agenda", meeting)
    return tab(request, "tab_form", meeting, "agenda", heading="修改议题", form=form, button="保存")


@require_POST
@tells_lost_race
def item_move(request, pk, item_pk):
    meeting, item = _item(request, pk, item_pk)
    services.move_item(actor=request.user, item=item, up=request.POST.get("to") == "up")
    return go("agenda", meeting)


@require_POST
@tells_lost_race
def item_remove(request, pk, item_pk):
    meeting, item = _item(request, pk, item_pk)
    told(request, lambda: services.remove_item(actor=request.user, item=item))
    return go("agenda", meeting)


# ── Papers ──────────────────────────────────────────────────────────────────
@require_POST
@tells_lost_race
def papers_add(request, pk):
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    form = PapersForm(request.POST, request.FILES, meeting=meeting)

    def act():
        services.add_papers(actor=request.user, meeting=meeting, files=form.cleaned_data["files"],
                            item=form.cleaned_data["item"])  # fmt: skip

    if accepted(form, act):
        messages.success(request, "会议材料已上传。")
        return go("agenda", meeting)
    return _page(request, meeting, papers_form=form, status=400)


def _paper(request, pk: int, paper_pk: int) -> Paper:
    return get_object_or_404(
        queries.standing_papers().filter(meeting=load(request, pk)).select_related("meeting"), pk=paper_pk
    )


@require_safe
def paper(request, pk, paper_pk):
    """A download, never opened inside a page of ours."""
    row = _paper(request, pk, paper_pk)
    try:
        content = row.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("文件不在存储中，请联系系统管理员。") from error
    response = FileResponse(content, as_attachment=True, filename=row.name, content_type=row.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@tells_lost_race
def paper_remove(request, pk, paper_pk):
    row = _paper(request, pk, paper_pk)
    require_keeper(row.meeting, request.user)
    told(request, lambda: services.remove_paper(actor=request.user, paper=row))
    return go("agenda", row.meeting)
