"""Messages about an inspection: each points to its page; of a secret project, or of an audit that a complaint set off,
nothing leaves the house but that there is something to read."""

from deadlines.scopes import Place, holders
from inspections.chain import scope_of
from inspections.models import Inspection
from notices.choices import Kind
from notices.services import notify
from staff.choices import Action, Role
from staff.permissions import GRANTS


def page_of(inspection: Inspection) -> str:
    return f"/inspections/{inspection.pk}/"


def inspected_side(inspection: Inspection) -> list:
    """Who answers for what is inspected: the project managers and the unit's technical directors."""
    return _holders(inspection, [role for role, actions in GRANTS.items() if Action.ANSWER_INSPECTION in actions])


def office(inspection: Inspection) -> list:
    """质量办."""
    return _holders(inspection, [Role.QUALITY_OFFICE])


def executives(inspection: Inspection) -> list:
    """Who disposes of what is escalated."""
    return _holders(inspection, [role for role, actions in GRANTS.items() if Action.DISPOSE in actions])


def _holders(inspection: Inspection, roles) -> list:
    scope = scope_of(inspection)
    places = [Place(scope.pk, role) for role in roles]
    found = holders(scope._meta.label_lower, places)
    return list({person.pk: person for place in places for person in found[place]}.values())


def inspectors(inspection: Inspection) -> list:
    return [row.user for row in inspection.inspectors.select_related("user")]


def tell_hidden(inspection: Inspection, people, *, title: str, body: str, but=None) -> None:
    """Tell the inspected side of an inspection that it does not see any more: the link leads to the project's own page."""
    url = f"/projects/{inspection.project_id}/" if inspection.project_id else "/"
    tell(inspection, people, title=title, body=body, kind=Kind.INSPECTION, but=but, url=url)


def tell(inspection: Inspection, people, *, title: str, body: str = "", kind: Kind = Kind.TO_DO, but=None,
         url: str = "") -> None:  # fmt: skip
    """One message to each of `people` but `but`; part of the caller's transaction."""
    is_confidential = bool(inspection.complaint_id or (inspection.project_id and inspection.project.is_secret))
    notify(
        recipients=[each for each in people if but is None or each.pk != but.pk], kind=kind, title=title, body=body,
        url=url or page_of(inspection), is_confidential=is_confidential,
    )  # fmt: skip
