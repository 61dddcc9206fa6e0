"""The pages for people without an account, on a phone: sign in at the door, receive minutes, object. No login, no script, no
session.

Who may do what is in the address itself: a secret of 192 bits for one purpose at one meeting. Nothing is done by virtue of
a cookie, so there is nothing that another site could make a browser do in somebody's name: whoever can forge the request
holds the link. Hence no CSRF token, which would need cookies that the browsers inside messengers refuse, and an Origin that
`Referrer-Policy: no-referrer` takes away. Links that are unknown, expired, revoked, or of a meeting that is over: one and
the same page, 404."""

from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from meetings import rules
from meetings.choices import Attendance, LinkPurpose
from meetings.forms.paperwork import NameForm, OutsideObjectionForm, WalkInForm
from meetings.models import AccessLink
from meetings.queries import minutes as queries
from meetings.services import attendance, distributing, links, objections
from printing.papers import stored_pdf
from staff.limits import is_too_often
from staff.lists import accepted

# A whole site office stands behind one address; who tries links does it hundreds of times.
WRONG = (20, 600)
POSTS = (120, 600)
OPENED = (600, 600)


def _private(view):
    """Headers that keep the address to whoever holds it."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return wrapped


def _unknown(request) -> HttpResponse:
    if is_too_often(request, "meeting-link-wrong", WRONG):
        return _too_often(request)
    return render(request, "meetings/public_unknown.html", status=404)


def _too_often(request) -> HttpResponse:
    return render(request, "meetings/public_too_often.html", status=429)


def _is_flood(request) -> bool:
    what, limit = ("meeting-post", POSTS) if request.method == "POST" else ("meeting-open", OPENED)
    return is_too_often(request, what, limit)


@login_not_required
@csrf_exempt
@never_cache
@_private
@sensitive_post_parameters()
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def public(request, token):
    """The one address: what it is for stands in the link."""
    if _is_flood(request):
        return _too_often(request)
    link = links.by_secret(token)
    if link is None:
        return _unknown(request)
    links.note_opened(link)
    try:
        page = _sign_in if link.purpose == LinkPurpose.SIGN_IN else _receipt
        return page(request, link, token)
    except AccessLink.DoesNotExist:  # revoked in between
        return _unknown(request)


# ── 会议签到 ─────────────────────────────────────────────────────────────────
def _sign_in(request, link: AccessLink, token: str):
    form = WalkInForm(request.POST if "walk_in" in request.POST else None, parties=attendance.parties_at(link.meeting))
    error = ""
    if request.method == "POST":
        signed = []
        if form.is_bound:
            data = form.cleaned_data if form.is_valid() else {}
            done = accepted(form, lambda: signed.append(attendance.sign_in_by_phone(
                link=link, name=data["name"], party=data["party"] and data["party"].pk, unit=data["unit"])))  # fmt: skip
        else:
            done, error = _sign_by_name(link, request.POST.get("who", ""), signed)
        if done:
            return render(request, "meetings/public_signed_in.html", {"meeting": link.meeting, "row": signed[0]})
    return _door(request, link, form, error)


def _sign_by_name(link: AccessLink, who: str, signed: list) -> tuple[bool, str]:
    if not (who.isdecimal() and len(who) < 10):
        return False, "请选择您的姓名。"
    try:
        signed.append(attendance.sign_in_by_phone(link=link, invitation=int(who)))
    except ValidationError as refused:
        return False, "；".join(refused.messages)
    return True, ""


def _door(request, link: AccessLink, form: WalkInForm, error: str):
    """The units of those invited with their people; no others, no other meeting."""
    guests = [row for row in queries.people_of(link.meeting) if row.contact_id]
    units = [(unit, people, sum(each.attendance == Attendance.PRESENT for each in people))
             for unit, people in queries.by_unit(guests)]  # fmt: skip
    opens = rules.sign_in_opens(link.meeting.starts_at)
    context = {
        "meeting": link.meeting, "units": units, "form": form, "error": error, "opens": opens,
        "is_open": timezone.now() >= opens, "is_single": len(units) == 1,
    }  # fmt: skip
    return render(request, "meetings/public_sign_in.html", context, status=400 if error or form.errors else 200)


# ── 纪要签收 ─────────────────────────────────────────────────────────────────
def _receipt(request, link: AccessLink, token: str):
    act = request.POST.get("act", "") if request.method == "POST" else ""
    receive = NameForm(request.POST if act == "receive" else None, initial={"name": _name_of(link)})
    objection = OutsideObjectionForm(request.POST if act == "object" else None, initial={"name": _name_of(link)})
    if receive.is_bound and accepted(receive, lambda: distributing.receive_by_link(link=link, **receive.cleaned_data)):
        return redirect("meetings:public", token)
    if objection.is_bound and accepted(
        objection, lambda: objections.make_by_link(link=link, **objection.cleaned_data)
    ):
        return redirect("meetings:public", token)
    copy = link.distribution
    context = {
        "meeting": link.meeting, "copy": copy, "minutes": copy.minutes, "receive": receive, "objection": objection,
        "may_object": objections.may_object(copy), "token": token,
        "objections": copy.objections.select_related("supplement").order_by("made_at", "pk"),
    }  # fmt: skip
    return render(request, "meetings/public_receipt.html", context, status=400 if act else 200)


def _name_of(link: AccessLink) -> str:
    return link.distribution.contact.name if link.distribution.contact_id else ""


@login_not_required
@never_cache
@_private
@sensitive_variables("token")
@require_safe
def public_pdf(request, token):
    """The paper of the copy that the link is for; of a link for signing in there is none."""
    if _is_flood(request):
        return _too_often(request)
    link = links.by_secret(token)
    if link is None or link.purpose != LinkPurpose.RECEIPT:
        return _unknown(request)
    minutes = link.distribution.minutes
    stored = stored_pdf(minutes.pdf, minutes.pdf_sha256)
    if stored is None:
        return render(request, "meetings/public_damaged.html", {"minutes": minutes}, status=500)
    response = HttpResponse(stored, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, f"会议纪要 {minutes.number}.pdf")
    response["X-Content-Type-Options"] = "nosniff"
    return response
