"""What the pages of the library share."""

from django.urls import reverse
from django.utils.http import urlencode

FILTERS = ("q", "year", "period", "unit", "line", "category", "severity", "source")


def kept_query(request, *, without: tuple[str, ...] = ()) -> str:
    """The filters of the URL, for the links to the other pages of the library: “?year=2026&line=settlement” or nothing."""
    kept = [(name, request.GET[name]) for name in FILTERS if name in request.GET and name not in without]
    return f"?{urlencode(kept)}" if kept else ""


def tabs(request, active: str) -> list[dict]:
    """The pages of the library beside one another, filters kept."""
    query = kept_query(request)
    pages = [
        ("类别", "library", query),
        ("核查清单条目", "checklists", query),
        ("重复出现", "repeats", query),
        ("补充建议", "proposals", ""),
    ]
    return [
        {"title": title, "url": reverse(f"lessons:{name}") + kept, "is_active": name == active}
        for title, name, kept in pages
    ]
