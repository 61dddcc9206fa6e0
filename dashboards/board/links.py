"""Addresses of the lists behind the figures, with the filters of the dashboard."""

from urllib.parse import urlencode

from django.urls import reverse

from dashboards.board.filters import Filters


def _part(filters: Filters) -> dict:
    """Unit and business line; each list has its own word for the year."""
    return {key: value for key, value in filters.query.items() if key != "year"}


def _url(name: str, query: dict) -> str:
    return f"{reverse(name)}?{urlencode(query)}"


def inspections(filters: Filters, **more) -> str:
    """The year's inspections with a written opinion. A unit in `more` goes before that of the dashboard."""
    return _url("inspections:list", {"state": "concluded", **filters.query, **more})


def inspections_of_issued(filters: Filters, level: str) -> str:
    """The inspections with a written opinion that found something in what was issued in the year and had passed the level."""
    more = {f"found_{key}": value for key, value in _part(filters).items()}
    query = {"state": "concluded", "found_in": filters.year, "found_past": level, **more}
    return _url("inspections:list", query)


def inspections_now(filters: Filters, **more) -> str:
    """Inspections of any year."""
    return _url("inspections:list", {**_part(filters), **more})


def issued(filters: Filters, **more) -> str:
    """The deliverables issued in the year."""
    return _url("reviews:deliverables", {"state": "issued", "issued_in": filters.year, **_part(filters), **more})


def signed_by(filters: Filters, person: int) -> str:
    return _url("reviews:deliverables", {"signer": person, "signed_in": filters.year, **_part(filters)})


def clocks(filters: Filters, rule: str, **more) -> str:
    """The clocks of a rule that are due in the year."""
    return _url("deadlines:list", {"rule": rule, "due_year": filters.year, **_part(filters), **more})


def complaints(filters: Filters, **more) -> str:
    return _url("feedback:list", {"year": filters.year, **_part(filters), **more})


def finished_projects(filters: Filters) -> str:
    return _url("projects:list", {"finished": filters.year, **_part(filters)})
