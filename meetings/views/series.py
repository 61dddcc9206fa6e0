"""Pages of the series (例会)."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from meetings import chain
from meetings.choices import State
from meetings.forms import series as forms
from meetings.models import Series
from meetings.queries import meetings as meeting_queries
from meetings.queries import series as queries
from meetings.services import inviting
from meetings.services import series as services
from meetings.services.series import AlreadyChanged
from meetings.views import warnings
from meetings.views.meetings import LIST, choose, unreached, with_looks
from meetings.views.parts import PAGE, tells_lost_race
from staff.lists import accepted, page_of

SERIES = {"title": "例会", "url": "/meetings/series/"}


@require_safe
def series_list(request):
    """The running ones; ?state=ended shows those that are over."""
    is_ended = request.GET.get("state") == "ended"
    rows = Series.objects.visible_to(request.user).select_related("project", "kind", "organiser__unit", "room")
    running = Series.objects.running(timezone.localdate()).order_by().values("pk")
    rows = rows.exclude(pk__in=running) if is_ended else rows.filter(pk__in=running)
    here = reverse("meetings:series_list")
    tabs = [{"title": "进行中", "url": here, "is_active": not is_ended},
            {"title": "已终止", "url": f"{here}?state=ended", "is_active": is_ended}]  # fmt: skip
    context = {"page": page_of(request, rows.order_by("project__number", "pk")), "tabs": tabs, "crumbs": [LIST],
               "may_call": meeting_queries.may_call_any(request.user)}  # fmt: skip
    return render(request, "meetings/series_list.html", context)


def _load(request, pk: int) -> Series:
    rows = Series.objects.visible_to(request.user).select_related("project__unit", "kind", "organiser__unit", "room")
    return get_object_or_404(rows, pk=pk)


def _begin(request, pk: int) -> Series:
    """A series that the person may change; AlreadyChanged where it is over, or the page is of an earlier turn."""
    series = _load(request, pk)
    chain.require_may_call(request.user, series.kind, series.project)
    turn = request.POST.get("turn")
    if series.ended_at is not None or (turn is not None and turn != str(series.turn)):
        raise AlreadyChanged
    return series


@require_safe
def series_detail(request, pk):
    series = _load(request, pk)
    may_keep = services.may_keep(request.user, series)
    page = page_of(request, series.meetings.select_related("room").order_by(*meeting_queries.ahead_first()))
    with_looks(page.object_list)
    guests = queries.guests_of(series)
    shifts = queries.shifts(series) if may_keep else []
    context = {
        "series": series, "page": page, "guests": guests, "may_keep": may_keep, "crumbs": [LIST, SERIES],
        "shifts": shifts, "shift_conflicts": warnings.of_shifts(request.user, series, shifts), "running": series.ended_at is None,
        "planned": series.meetings.filter(state=State.PLANNED).count(),
    }  # fmt: skip
    return render(request, "meetings/series_detail.html", context)


@PAGE
def series_new(request):
    """?project=&kind=: first both are chosen."""
    chosen = choose(request, "设立例会", "meetings:series_new")
    if not isinstance(chosen, tuple):
        return chosen
    kind, project = chosen
    asked = inviting.asked_for(kind, project)
    initial = {
        "title": kind.title, "organiser": request.user.pk, "host": request.user.name,
        "frequency": kind.frequency or "weekly", "weekday": 1, "begins_at": "09:30",
        "users": [user.pk for user in inviting.with_own(asked, request.user).users],
        "contacts": [contact.pk for contact in asked.contacts],
    }  # fmt: skip
    form = forms.SeriesForm(request.POST or None, kind=kind, project=project, initial=initial)
    found, made = warnings.Warnings(), []
    if request.method == "POST" and form.is_valid():
        guests = inviting.with_own(form.guests(), form.cleaned_data["organiser"])
        found = warnings.of_series(request.user, kind, project, guests, form.cleaned_data["starts_on"], form.plan())

        def act():
            made.append(services.create_series(actor=request.user, kind=kind, project=project, plan=form.plan(),
                                               starts_on=form.cleaned_data["starts_on"], guests=guests,
                                               accepts_gaps=True))  # fmt: skip

        if warnings.is_confirmed(form, found) and accepted(form, act):
            count = made[0].meetings.count()
            messages.success(
                request, f"例会已设立，未来 {services.AHEAD.days} 天内的 {count} 次会议已召集。" + unreached(made[0])
            )
            return redirect("meetings:series", made[0].pk)
    context = {"form": form, "kind": kind, "project": project, "warnings": found, "heading": f"设立例会：{kind.title}",
               "crumbs": [LIST, SERIES], "back": SERIES["url"], "submit": "设立例会"}  # fmt: skip
    return render(request, "meetings/series_form.html", context)


@PAGE
@tells_lost_race
def series_edit(request, pk):
    series = _begin(request, pk)
    guests = queries.guests_of(series)
    initial = {name: getattr(series, name) for name in services.FIELDS if name not in ("room", "organiser")}
    initial |= {"room": series.room_id, "organiser": series.organiser_id, "turn": series.turn,
                "users": [user.pk for user in guests.users], "contacts": [each.pk for each in guests.contacts]}  # fmt: skip
    form = forms.SeriesChangeForm(request.POST or None, series=series, keep=guests.users, initial=initial)
    found = warnings.Warnings()
    if request.method == "POST" and form.is_valid():
        told, asked = form.cleaned_data, inviting.with_own(form.guests(), form.cleaned_data["organiser"])
        found = _warnings_of_change(request.user, series, form, asked)
        if warnings.is_confirmed(form, found) and accepted(
            form, lambda: services.change_series(actor=request.user, series=series, turn=told["turn"],
                                                 since=told["since"], plan=form.plan(), guests=asked)
        ):  # fmt: skip
            messages.success(request, "例会已修改，随之改动的会议已通知受邀人。")
            return redirect("meetings:series", pk)
    return _form_page(request, "series_form", series, form, "修改例会", warnings=found, submit="保存",
                      kind=series.kind, project=series.project)  # fmt: skip


def _warnings_of_change(user, series: Series, form, asked) -> warnings.Warnings:
    """As for a new series, from the day on from which it changes; the rule counts anew from then where it is another."""
    plan, since = form.plan(), max(form.cleaned_data["since"], timezone.localdate())
    is_new_rule = any(getattr(series, name) != getattr(plan, name) for name in services.RULE)
    starts_on = max(since, series.starts_on) if is_new_rule else series.starts_on
    return warnings.of_series(user, series.kind, series.project, asked, starts_on, plan, changed=series, since=since)


@PAGE
@tells_lost_race
def series_end(request, pk):
    series = _begin(request, pk)
    form = forms.SeriesEndForm(request.POST or None, initial={"turn": series.turn})
    if request.method == "POST" and accepted(
        form, lambda: services.end_series(actor=request.user, series=series, **form.cleaned_data)
    ):
        messages.success(request, "例会已终止，未召开的会议已取消。")
        return redirect("meetings:series", pk)
    return _form_page(request, "cancel_form", series, form, "终止例会", submit="终止例会", danger=True)


@require_POST
@tells_lost_race
def series_follow(request, pk):
    """Move what the working calendar moves, as the page of the series shows it."""
    series = _begin(request, pk)
    count = services.follow_calendar(actor=request.user, series=series, turn=series.turn)
    messages.success(request, f"已按工作日历调整 {count} 次会议，并通知受邀人。" if count else "没有需要调整的会议。")
    return redirect("meetings:series", pk)


def _form_page(request, template: str, series: Series, form, heading: str, **context):
    way = [LIST, SERIES, {"title": series.title, "url": reverse("meetings:series", args=[series.pk])}]
    context |= {"series": series, "form": form, "heading": heading, "crumbs": way, "back": way[-1]["url"]}
    return render(request, f"meetings/{template}.html", context)
