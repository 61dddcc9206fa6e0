"""What the parts of an inspection's page need that are drawn by templates of their own: _talks.html, _opinion.html,
_rectification.html, _consequences.html. A constant number of queries, whatever they show."""

from deadlines import services as deadline_services
from deadlines.choices import Decision
from inspections import chain
from inspections.choices import CONCLUDED, SHOWN_TO_PROJECT, State
from inspections.models import Inspection
from inspections.queries import concluding as queries
from inspections.queries import inspections as inspection_queries
from inspections.queries import rectifying
from inspections.services import consequences
from inspections.views.rectifying import may_rectify
from staff.choices import Action


def detail_parts(request, inspection: Inspection) -> dict:
    """The context of the talks, the opinion, the rectification and the consequences."""
    is_shown, is_concluded = inspection.state in SHOWN_TO_PROJECT, inspection.state in CONCLUDED
    is_discussed = inspection.state == State.DISCUSSING
    opinion = queries.opinion_of(inspection) if is_concluded else None
    return {
        "talks": queries.talks_of(inspection) if is_shown or inspection.score_sheet_id else [],
        "silent_sides": inspection_queries.sides_to_speak(inspection) if is_discussed else [],
        "opinion": opinion,
        "receipt": getattr(opinion, "receipt", None),
        "rectification": _rectification(request.user, inspection) if is_concluded else None,
        "consequences": _consequences(request.user, inspection) if is_concluded else [],
    }


def _rectification(user, inspection: Inspection) -> dict:
    rows = rectifying.answering(inspection)
    wanted = [row for row in rows if not row.is_settled]
    clock = rectifying.clock_of(inspection)
    is_open = inspection.state == State.RECTIFYING
    return {
        "rows": rows,
        "settled": len(rows) - len(wanted),
        "wanted": len(wanted),
        "filled": sum(1 for row in wanted if row.is_filled),
        "is_open": is_open,
        # A draft is its writers'.
        "writes": may_rectify(user, inspection),
        "clock": clock,
        "request": _pending(clock) if clock and is_open else None,
        "deciders": deadline_services.deciders(clock) if clock and is_open else [],
    }


def _pending(clock):
    return clock.requests.filter(decision=Decision.PENDING).select_related("requested_by").first()


def _consequences(user, inspection: Inspection) -> list:
    """Those that `user` may know of; of what nobody has decided whether he may."""
    rows = list(queries.consequences_seen(user).filter(inspection=inspection).select_related("decided_by"))
    is_free = bool(rows) and user.may(Action.READ_INSPECTIONS) and not chain.is_partial(user, inspection)
    for row in rows:
        row.inspection = inspection
        row.may_decide = row.decision is None and is_free and consequences.grants(user, row)
    return rows
