"""Short words for the pages of agenda, list, record and receipts."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.urls import reverse

from meetings.models import Meeting
from meetings.views.parts import meeting_page


def tab(request, template: str, meeting: Meeting, active: str, **context):
    """A page of a meeting under the tab `active`."""
    context.setdefault("back", reverse(f"meetings:{active}", args=[meeting.pk]))
    return meeting_page(request, template, meeting, f"meetings:{active}", **context)


def go(name: str, meeting: Meeting, place: str = ""):
    return redirect(f"{reverse(f'meetings:{name}', args=[meeting.pk])}{place}")


def told(request, act) -> bool:
    """Do `act`, or say why not, on the page that comes next."""
    try:
        act()
    except ValidationError as error:
        messages.error(request, "；".join(error.messages))
        return False
    return True
