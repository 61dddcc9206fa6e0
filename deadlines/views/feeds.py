"""The calendar feed: its page for the person, and the address that calendars read without a login."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from deadlines import feeds
from deadlines.models import Feed
from deadlines.services.feeds import create_feed, hash_of, may_have_feed, note_read, revoke_feed


def _own_feed(user) -> Feed | None:
    return Feed.objects.filter(user=user).first()


@require_safe
def feed_settings(request):
    feed = _own_feed(request.user)
    if feed is None and not may_have_feed(request.user):
        raise PermissionDenied("日历订阅供业务人员使用。")
    return render(request, "deadlines/feed_settings.html", {"feed": feed})


@never_cache
@require_POST
def feed_create(request):
    """Shows the address at once, on this page and never again: a redirect would have to keep it somewhere."""
    secret = create_feed(actor=request.user)
    address = f"{settings.SITE_URL}{reverse('deadlines:feed', args=[secret])}"
    context = {
        "feed": _own_feed(request.user),
        "address": address,
        "subscribe": f"webcal://{address.partition('://')[2]}",
        "is_local": settings.SITE_URL.partition("://")[2].startswith(("127.", "localhost")),
    }
    return render(request, "deadlines/feed_settings.html", context)


@require_POST
def feed_revoke(request):
    if revoke_feed(actor=request.user):
        messages.success(request, "订阅地址已撤销，日历应用将不再更新。")
    else:
        messages.info(request, "没有生效的订阅地址。")
    return redirect("deadlines:feed_settings" if may_have_feed(request.user) else "dashboards:home")


@login_not_required
@require_safe
def feed(request, secret):
    """Looked up by the hash: the address itself is stored nowhere, and the time of the answer tells nothing of it."""
    found = Feed.objects.select_related("user").filter(secret_sha256=hash_of(secret), user__is_active=True).first()
    if found is None:
        raise Http404("订阅地址无效或已撤销。")
    note_read(found)
    response = HttpResponse(feeds.calendar_of(found.user), content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = 'inline; filename="time-limits.ics"'
    return response
