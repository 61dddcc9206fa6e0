"""What the pages of the settlement share: the page of a lost race, the password, the paper."""

from functools import wraps

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from rankings.handled import AlreadyHandled
from staff.lists import accepted
from staff.services import confirm_password


def tells_lost_race(view):
    """Whoever was too late gets a page that says who was faster and when, with the way back. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except AlreadyHandled as late:
            return render(request, "rankings/settlement_handled.html", {"late": late}, status=409)

    return wrapped


def signed(request, form, act) -> bool:
    """Whether the form was valid, the password right, and `act(confirmation)` took it. Nothing typed is lost."""
    if not form.is_valid():
        return False
    try:
        confirmation = confirm_password(request, request.user, form.cleaned_data["password"])
    except ValidationError as error:
        form.add_error("password", error)
        return False
    return accepted(form, lambda: act(confirmation))


def personal_pdf(content: bytes, name: str) -> HttpResponse:
    """Always a download, kept by nobody on the way: it is about a person."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.pdf")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
