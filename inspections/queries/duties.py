"""What somebody still owes to inspections: to be handed over before the account is closed."""

from collections.abc import Iterable

from django.urls import reverse

from deadlines.models import Deadline
from inspections.choices import State
from inspections.models import Inspection, Inspector
from inspections.queries.inspections import LABEL
from staff.duties import Duty


def duties_before_leaving(user) -> Iterable[Duty]:
    """The places of an inspector until the written opinion is out, and the replies whose clock runs for `user`."""
    return [*_inspecting(user), *_replying(user)]


def _inspecting(user) -> list[Duty]:
    """In 沟通确认 the crew stays as it is: it is scored again first, or the opinion goes out."""
    rows = Inspector.objects.filter(user=user, inspection__state__in=(State.SCORING, State.DISCUSSING))
    found = []
    for row in rows.select_related("inspection").order_by("inspection"):
        page = "appoint" if row.inspection.state == State.SCORING else "detail"
        words = f"{row.inspection.number} {'检查组长' if row.is_lead else '检查人员'}"
        found.append(Duty(words, reverse(f"inspections:{page}", args=[row.inspection_id])))
    return found


def _replying(user) -> list[Duty]:
    """The project manager hands over by the project team; a unit's reply stays on the inspection's page."""
    owed = Deadline.objects.open().filter(subject_type=LABEL, responsible=user).order_by().values("subject_id")
    found = []
    for row in Inspection.objects.filter(pk__in=owed, state=State.RECTIFYING).order_by("pk"):
        url = (
            reverse("projects:team", args=[row.project_id])
            if row.project_id
            else reverse("inspections:detail", args=[row.pk])
        )
        found.append(Duty(f"{row.number} 检查整改回复", url))
    return found
