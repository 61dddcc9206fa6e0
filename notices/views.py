from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from notices import queries, services
from notices.models import Notice

PAGE_SIZE = 25
STATES = [("", "全部"), ("unread", "未读"), ("read", "已读")]


def _tabs(state: str, unread: int) -> list[dict]:
    base = reverse("notices:list")
    return [
        {
            "title": title,
            "url": f"{base}?state={value}" if value else base,
            "is_active": value == state,
            "count": unread if value == "unread" else None,
        }
        for value, title in STATES
    ]


def _is_ours(url: str) -> bool:
    return bool(url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


@require_GET
def notice_list(request):
    state = request.GET.get("state", "")
    state = state if state in dict(STATES) else ""
    page = Paginator(queries.notices_of(request.user, state=state), PAGE_SIZE).get_page(request.GET.get("page"))
    unread = queries.unread_count(request.user)
    context = {"page": page, "state": state, "unread": unread, "tabs": _tabs(state, unread)}
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
