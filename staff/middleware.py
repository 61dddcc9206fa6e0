"""Limits of a session: idle time, absolute age, and a password that must be changed first; where a login leads to, and
what an address says that can only be submitted to."""

import time
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

STARTED, SEEN = "session_started_at", "session_seen_at"


def start_clock(session) -> None:
    """Begin both clocks anew; at each login."""
    session[STARTED] = session[SEEN] = time.time()


def why_over(session) -> str:
    """Why the session is over, in Chinese; empty while it is not."""
    now = time.time()
    if now - session.get(SEEN, now) > settings.SESSION_IDLE_SECONDS:
        return "长时间未操作，已自动退出，请重新登录。"
    if now - session.get(STARTED, now) > settings.SESSION_ABSOLUTE_SECONDS:
        return "本次登录已达最长时限，请重新登录。"
    return ""


class SessionLimitsMiddleware:
    """Log out a session that has been idle too long, or that is too old however busy it is."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            if reason := why_over(request.session):
                logout(request)
                messages.info(request, reason)
            else:
                self._see(request.session)
        return self.get_response(request)

    def _see(self, session) -> None:
        if STARTED not in session:
            start_clock(session)
        # Written once a minute at most: not every page view is worth a write.
        elif time.time() - session.get(SEEN, 0) > 60:
            session[SEEN] = time.time()


class LoginMiddleware(LoginRequiredMiddleware):
    """Who is not logged in is asked to. What was submitted meanwhile is not saved: the login says so and leads back to the
    page with the form, because the address that it went to often answers to nothing else."""

    def handle_no_permission(self, request, view_func):
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        # A page that saves by itself keeps what was typed and tells so itself.
        if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate" and "HX-Request" not in request.headers:
            messages.warning(request, "刚才提交的内容没有保存，请登录后重新填写、提交。")
        return redirect_to_login(_page_of_form(request), self.get_login_url(view_func))


def _page_of_form(request) -> str:
    """The path of the page that `request` was submitted from; the first screen when the browser does not say."""
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    return urlsplit(page)._replace(scheme="", netloc="", fragment="").geturl() or "/"


class WrongMethodMiddleware:
    """Whoever opens an address that can only be submitted to (from the history of the browser, by a reload) gets a page
    that says so and leads on, where Django answers with nothing at all."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET" or request.path.startswith("/api/"):
            return response
        page = render(request, "405.html", {"above": _page_above(request.path)}, status=405)
        page["Allow"] = response["Allow"]
        return page


def _page_above(path: str) -> str:
    """The nearest address above `path` that is one of the site's."""
    parts = path.strip("/").split("/")[:-1]
    while parts:
        above = f"/{'/'.join(parts)}/"
        try:
            resolve(above)
        except Resolver404:
            parts.pop()
        else:
            return above
    return "/"


def must_change_password(user) -> bool:
    """Whether the person has to choose a new password first: told so, or (等保 profile) the old one is too old."""
    if user.must_change_password:
        return True
    limit = settings.PASSWORD_MAX_AGE_DAYS
    changed = user.password_changed_at
    return bool(limit and changed and (timezone.now() - changed).days >= limit)


class PasswordChangeRequiredMiddleware:
    """Send a person whose password must be changed to that page, and nowhere else. The API answers for itself
    (`staff.api.Admission`): a program can't follow to a page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated and must_change_password(request.user):
            allowed = {reverse("staff:password_change"), reverse("staff:logout")}
            if request.path not in allowed and not request.path.startswith((settings.STATIC_URL, "/api/")):
                return redirect("staff:password_change")
        return self.get_response(request)
