from django.conf import settings
from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST, require_safe

from notices import queries, services
from notices.choices import ABOUT, ALWAYS_HEARD, Kind
from notices.forms import NoticeFilter, PreferenceForm
from notices.models import Delivery, Notice, Preference
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, page_of

STATES = [("", "全部"), ("unread", "未读"), ("read", "已读")]


# ── One's own inbox ─────────────────────────────────────────────────────────
def _tabs(state: str, kind: str, unread: int) -> list[dict]:
    return [
        {
            "title": title,
            "url": _address(state=value, kind=kind),
            "is_active": value == state,
            "count": unread if value == "unread" else None,
        }
        for value, title in STATES
    ]


def _address(**filters) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in filters.items() if value})
    return f"{reverse('notices:list')}?{query.urlencode()}" if query else reverse("notices:list")


def _is_ours(url: str) -> bool:
    return bool(url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


@require_GET
def notice_list(request):
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    state = state if state in dict(STATES) else ""
    kind = kind if kind in Kind else ""
    unread = queries.unread_count(request.user)
    context = {
        "page": page_of(request, queries.notices_of(request.user, state=state, kind=kind)),
        "state": state,
        "kind": kind,
        "unread": unread,
        "tabs": _tabs(state, kind, unread),
        "form": NoticeFilter(initial={"state": state, "kind": kind}),
        "may_configure": request.user.may(Action.CONFIGURE),
    }
    return render(request, "notices/notice_list.html", context)


@require_GET
def notice_open(request, pk):
    """Marks as read and goes where the notice points."""
    notice = get_object_or_404(Notice, pk=pk, recipient=request.user)
    services.mark_read(user=request.user, notice_ids=[notice.pk])
    return redirect(notice.url if _is_ours(notice.url) else "notices:list")


@require_POST
def notice_read(request, pk):
    notice = get_object_or_404(Notice, pk=pk, recipient=request.user)
    services.mark_read(user=request.user, notice_ids=[notice.pk])
    return redirect(_back(request))


@require_POST
def notice_read_all(request):
    count = services.mark_read(user=request.user)
    messages.success(request, f"已将 {count} 条消息标为已读。")
    return redirect(_back(request))


def _back(request) -> str:
    """The list as it was filtered, told by the form; never another site."""
    back = request.POST.get("back", "")
    return back if _is_ours(back) and back.startswith("/") else reverse("notices:list")


# ── What one wants to hear ──────────────────────────────────────────────────
def preference_edit(request):
    wish = Preference.objects.filter(user=request.user).first() or Preference(user=request.user)
    form = PreferenceForm(
        request.POST or None, initial=PreferenceForm.values_of(wish), digest_at=f"{settings.DIGEST_AT:%H:%M}"
    )
    if request.method == "POST" and accepted(
        form, lambda: services.set_preference(user=request.user, **form.wishes())
    ):
        messages.success(request, "提醒设置已保存。")
        return redirect("notices:settings")
    context = {"form": form, "kinds": _kind_rows(form), "has_email_service": settings.EMAIL_IS_CONFIGURED}
    return render(request, "notices/preference_form.html", context)


def _kind_rows(form: PreferenceForm) -> list[dict]:
    """Each kind with what it tells, and whether it is heard; with the reason where that is not for choosing."""
    heard = form["heard"].value() or []
    return [
        {"kind": kind, "about": about, "reason": ALWAYS_HEARD.get(kind, ""),
         "is_heard": kind in ALWAYS_HEARD or kind.value in heard}
        for kind, about in ABOUT.items()
    ]  # fmt: skip


# ── What did not arrive ─────────────────────────────────────────────────────
@require_safe
@needs(Action.CONFIGURE)
def undeliverable(request):
    """Failed messages and people without any address. Title and text are business, which administrators do not read."""
    shows_people = request.GET.get("tab") == "people"
    failed, people = queries.failed_deliveries(), queries.unreachable_people()
    base, count = reverse("notices:undeliverable"), failed.count()
    context = {
        "tabs": [
            {"title": "未送达的消息", "url": base, "is_active": not shows_people, "count": count},
            {
                "title": "无法通知的人员",
                "url": f"{base}?tab=people",
                "is_active": shows_people,
                "count": people.count(),
            },
        ],
        "shows_people": shows_people,
        "count": count,
        "page": page_of(request, people if shows_people else failed),
        "has_email_service": settings.EMAIL_IS_CONFIGURED,
    }
    return render(request, "notices/undeliverable.html", context)


@require_POST
def delivery_retry(request, pk):
    delivery = get_object_or_404(Delivery, pk=pk)
    if services.retry(actor=request.user, delivery=delivery):
        messages.success(request, f"已重新排队：{delivery}。")
    else:
        messages.info(request, "该消息已在发送或已送达，无须重新发送。")
    return redirect("notices:undeliverable")


@require_POST
def delivery_retry_all(request):
    count = services.retry_all(actor=request.user)
    messages.success(request, f"已将 {count} 条消息重新排队。")
    return redirect("notices:undeliverable")
