"""The list of meetings, one meeting, its calling, changing, moving and cancelling."""

from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from deadlines.queries import working_calendar
from meetings import chain, rules
from meetings.choices import Act, OffDay
from meetings.filters import MeetingFilter
from meetings.forms import calling as forms
from meetings.queries import meetings as queries
from meetings.queries.minutes import writer_of
from meetings.recurrence import shifted
from meetings.services import calling as services
from meetings.services import inviting
from meetings.views import warnings
from meetings.views.parts import PAGE, begin, form_page, load, look_of, meeting_page, steps_of, tells_lost_race
from staff.lists import accepted, page_of, sort_order

LIST = {"title": "会议", "url": "/meetings/"}
SORTS = {"number": "number", "when": "starts_at", "title": "title", "project": "project__number"}


# ── The list ────────────────────────────────────────────────────────────────
@require_safe
def meeting_list(request):
    """Without a state in the URL what is still to come, the nearest first; else the latest first."""
    asked = request.GET.copy()
    asked.setdefault("state", "upcoming")
    rows = queries.meeting_rows(request.user)
    filterset = MeetingFilter(asked, queryset=rows, request=request)
    usual = "when" if asked["state"] == "upcoming" else "-when"
    page = page_of(request, filterset.qs.order_by(*sort_order(request, SORTS, usual, may_be_empty={"project"})))
    with_looks(page.object_list)
    context = {
        "filter": filterset, "page": page, "sort": usual, "may_call": queries.may_call_any(request.user),
    }  # fmt: skip
    return render(request, "meetings/meeting_list.html", context)


def with_looks(rows):
    """The meetings of a page, each with the kind and the words of its state's badge (`state_kind`, `state_words`)."""
    for meeting in rows:
        meeting.state_kind, meeting.state_words = look_of(meeting)
    return rows


# ── One ─────────────────────────────────────────────────────────────────────
@require_safe
def meeting_detail(request, pk):
    meeting = load(request, pk)
    invited = list(meeting.invitations.select_related("user__unit", "contact__party", "party"))
    return meeting_page(
        request, "meeting_detail", meeting, "meetings:detail",
        steps=steps_of(meeting), units=_by_unit(invited), invited=len(invited),
        is_over=meeting.ends_at < timezone.now(), is_near=rules.sign_in_opens(meeting.starts_at) <= timezone.now(),
        writer=writer_of(meeting),
        without_mail=[row for row in invited if row.contact_id and not row.contact.email],
    )  # fmt: skip


def _by_unit(invited) -> list[tuple[str, str, list]]:
    """(unit, kind of unit, its invited), our own first."""
    found: dict[str, list] = {}
    for row in sorted(invited, key=lambda row: (row.user_id is None, row.pk)):
        found.setdefault(row.unit_name or "其他", []).append(row)
    return [(unit, _kind_of(rows[0]), rows) for unit, rows in found.items()]


def _kind_of(row) -> str:
    party = row.contact.party if row.contact_id else row.party
    return party.get_kind_display() if party else ""


# ── Calling ─────────────────────────────────────────────────────────────────
@PAGE
def meeting_new(request):
    """?project=&kind=: first both are chosen, then the meeting is described."""
    chosen = choose(request, "召集会议", "meetings:new")
    return chosen if not isinstance(chosen, tuple) else _call(request, *chosen)


def choose(request, heading: str, url_name: str):
    """(kind, project) that the address names, or the page on which they are chosen. Raises PermissionDenied for who may
    not call such a meeting there."""
    if not queries.may_call_any(request.user):
        raise PermissionDenied("您的岗位不能召集会议。")
    form = forms.ChooseForm(request.GET if "kind" in request.GET else None, user=request.user,
                            initial={"project": request.GET.get("project")})  # fmt: skip
    if form.is_valid():
        kind, project = form.cleaned_data["kind"], form.cleaned_data["project"]
        chain.require_may_call(request.user, kind, project)
        return kind, project
    context = {"form": form, "heading": heading, "crumbs": [LIST], "back": LIST["url"], "url_name": url_name}
    return render(request, "meetings/choose_form.html", context)


def _call(request, kind, project):
    asked = inviting.asked_for(kind, project)
    initial = {
        "title": kind.title, "organiser": request.user.pk, "host": request.user.name, "on": _next_working_day(), "begins": "09:30",
        "ends": "10:30",
        "users": [user.pk for user in inviting.with_own(asked, request.user).users],
        "contacts": [contact.pk for contact in asked.contacts],
    }  # fmt: skip
    form = forms.CallForm(request.POST or None, kind=kind, project=project, initial=initial)
    found, made = warnings.Warnings(), []
    if request.method == "POST" and form.is_valid():
        content = form.content()
        guests = inviting.with_own(form.guests(), content.organiser, content.recorder)
        found = warnings.of_call(request.user, kind, project, guests, form.times())

        def act():
            starts_at, ends_at = form.times()
            made.append(services.call_meeting(actor=request.user, kind=kind, project=project, starts_at=starts_at,
                                              ends_at=ends_at, content=content, guests=guests, accepts_gaps=True))  # fmt: skip

        if warnings.is_confirmed(form, found) and accepted(form, act):
            messages.success(request, f"已召集：{made[0].number}。" + unreached(made[0]))
            return redirect("meetings:detail", made[0].pk)
    context = {
        "form": form, "kind": kind, "project": project, "warnings": found, "heading": f"召集{kind.title}",
        "crumbs": [LIST], "back": _back(project), "submit": "召集会议",
    }  # fmt: skip
    return render(request, "meetings/meeting_form.html", context)


def _next_working_day() -> date:
    day = timezone.localdate() + timedelta(days=1)
    return shifted(day, OffDay.AFTER, working_calendar().is_working) or day


def _back(project) -> str:
    return reverse("meetings:project_meetings", args=[project.pk]) if project else LIST["url"]


def unreached(record) -> str:
    """“有 2 名外单位人员没有收到邮件”: no address, or no mail server."""
    return f"有 {record.unreached} 名外单位人员未能发送邮件，请另行通知。" if record.unreached else ""


# ── Once it is called ───────────────────────────────────────────────────────
@PAGE
@tells_lost_race
def meeting_edit(request, pk):
    meeting = begin(request, pk, Act.CHANGE)
    guests = inviting.guests_of(meeting)
    initial = {name: getattr(meeting, name) for name in ("title", "topic", "place", "host", "note", "turn")}
    initial |= {f"{name}": getattr(meeting, f"{name}_id") for name in ("room", "organiser", "recorder", "called_by")}
    initial |= {"users": [user.pk for user in guests.users], "contacts": [each.pk for each in guests.contacts]}
    form = forms.ChangeForm(request.POST or None, meeting=meeting, keep=guests.users, initial=initial)
    found, changed = warnings.Warnings(), []
    if request.method == "POST" and form.is_valid():
        content = form.content()
        asked = inviting.with_own(form.guests(), content.organiser, content.recorder)
        found = warnings.of_change(request.user, meeting, asked)

        def act():
            changed.append(services.change_meeting(actor=request.user, meeting=meeting, turn=form.cleaned_data["turn"],
                                                   content=content, guests=asked))  # fmt: skip

        if warnings.is_confirmed(form, found) and accepted(form, act):
            messages.success(request, "会议已修改，受邀人已通知。" + unreached(changed[0]))
            return redirect("meetings:detail", pk)
    return form_page(request, "meeting_form", meeting, form, heading="修改会议", warnings=found, submit="保存",
                     kind=meeting.kind, project=meeting.project)  # fmt: skip


@PAGE
@tells_lost_race
def meeting_move(request, pk):
    meeting = begin(request, pk, Act.MOVE)
    begin_at, end_at = timezone.localtime(meeting.starts_at), timezone.localtime(meeting.ends_at)
    initial = {"on": begin_at.date(), "begins": begin_at.time(), "ends": end_at.time(), "room": meeting.room_id,
               "place": meeting.place, "turn": meeting.turn}  # fmt: skip
    form = forms.MoveForm(request.POST or None, initial=initial)
    found, moved = warnings.Warnings(), []
    if request.method == "POST" and form.is_valid():
        told, (starts_at, ends_at) = form.cleaned_data, form.times()
        found = warnings.of_move(request.user, meeting, form.times())

        def act():
            moved.append(services.move_meeting(
                actor=request.user, meeting=meeting, turn=told["turn"], reason=told["reason"], starts_at=starts_at,
                ends_at=ends_at, room=told["room"], place=told["place"],
            ))  # fmt: skip

        if warnings.is_confirmed(form, found) and accepted(form, act):
            messages.success(request, "会议已改期，受邀人已通知。" + unreached(moved[0]))
            return redirect("meetings:detail", pk)
    return form_page(request, "move_form", meeting, form, heading="会议改期", warnings=found, submit="改期")


@PAGE
@tells_lost_race
def meeting_cancel(request, pk):
    meeting = begin(request, pk, Act.CANCEL)
    form = forms.CancelForm(request.POST or None, initial={"turn": meeting.turn})
    if request.method == "POST" and accepted(
        form, lambda: services.cancel_meeting(actor=request.user, meeting=meeting, **form.cleaned_data)
    ):
        messages.success(request, "会议已取消，受邀人已通知。")
        return redirect("meetings:detail", pk)
    return form_page(request, "cancel_form", meeting, form, heading="取消会议", submit="取消会议", danger=True)
