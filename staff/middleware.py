"""Limits of a session: idle time, absolute age, and a password that must be changed first."""

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

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
