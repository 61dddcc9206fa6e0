"""Reads of complaints that are used in more than one place."""

from deadlines import queries as deadline_queries
from deadlines.choices import Event
from deadlines.models import DeadlineRule
from feedback.choices import CONFIRMING, ENDED, ComplaintState
from feedback.models import Complaint
from feedback.rules import code_digest

LABEL = "feedback.complaint"


def complaint_rows(user):
    """The complaints that `user` sees, as a list shows them."""
    return Complaint.objects.visible_to(user).select_related("unit", "project")


def by_number_and_code(number: str, code: str) -> Complaint | None:
    """What the sender asks for; None for a wrong number and a wrong code alike, found in one and the same question."""
    return Complaint.objects.filter(number=number.strip().upper(), code_sha256=code_digest(code)).first()


def clocks_of(complaints) -> dict[int, list]:
    """The clocks of each complaint, the most urgent first; one query."""
    return deadline_queries.of_subjects(LABEL, [each.pk for each in complaints])


def confirmed_projects(year: int) -> set[int]:
    """The ids of the projects with a complaint or report found true, wholly or in part, in `year`: always drawn (§4)."""
    found = Complaint.objects.filter(verdict__in=CONFIRMING, verdict_on__year=year, project__isnull=False)
    return set(found.order_by().values_list("project", flat=True))


def time_limits() -> dict[str, str]:
    """How long 受理 and 办结 take by the rules in force, in words; a rule that is switched off is not promised."""
    rules = DeadlineRule.objects.in_force().filter(event__in=(Event.COMPLAINT_RECEIVED, Event.COMPLAINT_ACCEPTED))
    return {rule.event: f"{rule.amount} 个{rule.get_measure_display()}" for rule in rules}


def counts(rows) -> dict[str, int]:
    """How many wait, are under way, are answered; one query."""
    states = list(rows.order_by().exclude(state__in=ENDED).values_list("state", flat=True))
    return {
        "pending": states.count(ComplaintState.PENDING),
        "under_way": states.count(ComplaintState.INVESTIGATING) + states.count(ComplaintState.HANDLING),
        "answered": states.count(ComplaintState.ANSWERED),
    }
