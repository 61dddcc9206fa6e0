"""Whoever has acted on a record has seen what pointed to it: “请答复异议” is no longer unread once it is answered."""

import re
from urllib.parse import urlsplit

from notices.services import mark_read_about

# The record on whose page an act ends: “/meetings/45/” of “/meetings/45/receipts/#objections”. A project is a whole file
# of matters, of which one was dealt with: there the page itself.
RECORD = re.compile(r"/(?!projects/|notices/)[a-z/-]+/\d+/")


def record_of(location: str) -> str:
    """The address that the notices about a record begin with; empty where an act ends on no record's page."""
    path = urlsplit(location).path
    if re.match(r"/projects/\d+/[a-z]", path):
        return path
    found = RECORD.match(path)
    return found.group() if found else ""


class ActedMiddleware:
    """After an act that succeeded (a redirect answers the POST), the actor's notices about that record are read."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_act = request.method == "POST" and response.status_code == 302 and request.user.is_authenticated
        if is_act and (record := record_of(response["Location"])):
            mark_read_about(user=request.user, record=record)
        return response
