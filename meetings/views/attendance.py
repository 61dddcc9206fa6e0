"""Who was there: the list by name, one's own signature, the QR code for those from outside."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from meetings import rules
from meetings.choices import Attendance
from meetings.forms.paperwork import ListForm, WalkInForm
from meetings.models import Meeting
from meetings.queries import minutes as queries
from meetings.services import attendance as services
from meetings.services import links
from meetings.services.keeping import is_open_to, require_keeper
from meetings.views.frame import go, tab
from meetings.views.parts import load, tells_lost_race
from printing.images import qr_data_uri
from staff.lists import accepted


@require_http_methods(["GET", "HEAD", "POST"])
@tells_lost_race
def attendance(request, pk):
    """The list; posted is the whole of it by who keeps it."""
    meeting = load(request, pk)
    rows = queries.people_of(meeting)
    if request.method == "POST":
        require_keeper(meeting, request.user)
        form = ListForm(request.POST, rows=rows)
        made = []
        if accepted(
            form, lambda: made.append(services.register(actor=request.user, meeting=meeting, rows=form.told()))
        ):
            messages.success(request, f"出席情况已登记，{made[0]} 人有变动。" if made[0] else "出席情况没有变动。")
            return go("attendance", meeting)
        return _page(request, meeting, rows, form=form, status=400)
    return _page(request, meeting, rows)


def _page(request, meeting: Meeting, rows: list, *, form=None, walk_in=None, status: int = 200):
    may_keep = is_open_to(request.user, meeting)
    form = (form or ListForm(rows=rows)) if may_keep else None
    fields = {row.pk: (attends, note) for row, attends, note in form.lines()} if form else {}
    units = [
        (unit, [(row, *fields.get(row.pk, (None, None))) for row in people]) for unit, people in queries.by_unit(rows)
    ]
    own = next((row for row in rows if row.user_id == request.user.pk), None)
    return tab(
        request, "attendance", meeting, "attendance", status=status, heading="出席", units=units, form=form,
        may_keep=may_keep, present=sum(row.attendance == Attendance.PRESENT for row in rows), total=len(rows),
        may_sign=own is not None and own.attendance != Attendance.PRESENT and _is_time(meeting), own=own,
        link=links.sign_in_link(meeting) if may_keep else None, opens=rules.sign_in_opens(meeting.starts_at),
        walk_in=walk_in or (WalkInForm(parties=services.parties_at(meeting)) if may_keep else None),
        takes_links=may_keep and links.takes_sign_ins(meeting),
    )  # fmt: skip


def _is_time(meeting: Meeting) -> bool:
    try:
        services.require_time(meeting)
    except ValidationError:
        return False
    return True


@require_POST
@tells_lost_race
def sign_in(request, pk):
    """本人签到 by one click."""
    meeting = load(request, pk)
    try:
        services.sign_in(actor=request.user, meeting=meeting)
        messages.success(request, "已签到。")
    except ValidationError as error:
        messages.error(request, "；".join(error.messages))
    return go("attendance", meeting)


@require_POST
@tells_lost_race
def walk_in(request, pk):
    """Somebody came who was not invited."""
    meeting = load(request, pk)
    require_keeper(meeting, request.user)
    form = WalkInForm(request.POST, parties=services.parties_at(meeting))
    if accepted(form, lambda: services.add_walk_in(actor=request.user, meeting=meeting, **form.cleaned_data)):
        messages.success(request, "已登记到会。")
        return go("attendance", meeting)
    return _page(request, meeting, queries.people_of(meeting), walk_in=form, status=400)


@require_POST
@never_cache
@sensitive_variables("secret", "address")
@tells_lost_race
def link_create(request, pk):
    """The QR code, shown on this page alone: who loses it makes another."""
    meeting = load(request, pk)
    try:
        link, secret = links.create_sign_in(actor=request.user, meeting=meeting)
    except ValidationError as error:
        messages.error(request, "；".join(error.messages))
        return go("attendance", meeting)
    address = links.address_of(secret)
    return tab(request, "link", meeting, "attendance", heading="扫码签到", address=address, code=qr_data_uri(address),
               link=link, opens=rules.sign_in_opens(meeting.starts_at), is_sign_in=True)  # fmt: skip


@require_POST
@tells_lost_race
def link_revoke(request, pk):
    meeting = load(request, pk)
    count = links.revoke(actor=request.user, meeting=meeting)
    messages.success(request, "签到二维码已撤销。" if count else "没有有效的签到二维码。")
    return go("attendance", meeting)
