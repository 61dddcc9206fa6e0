"""What every list page does the same way: sort by the URL, cut into pages, tell its filters in words, take a form to a service.

filterset = ProjectFilter(request.GET, queryset=…)             # the filters live in the URL
rows = filterset.qs.order_by(*sort_order(request, SORTS, default="-number"))
page = page_of(request, rows)
"""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import F

PAGE_SIZE = 25


def sort_order(request, sorts: dict[str, str], default: str) -> list:
    """What to order by for `?sort=key` or `?sort=-key`; `sorts` is key → field path. Rows without a value come last,
    and the primary key settles ties, so that pages never overlap. `default` is such a key too."""
    asked = request.GET.get("sort", "")
    if asked.lstrip("-") not in sorts:
        asked = default
    field = F(sorts[asked.lstrip("-")])
    return [field.desc(nulls_last=True), "-pk"] if asked.startswith("-") else [field.asc(nulls_last=True), "pk"]


def page_of(request, rows, size: int = PAGE_SIZE) -> Page:
    """The page that `?page=` asks for; the nearest there is for nonsense."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def filter_words(form) -> list[str]:
    """The filters in force as “名称：值”, for the head of an export."""
    words = []
    for name, value in getattr(form, "cleaned_data", {}).items():
        if value in (None, "", []):
            continue
        field = form.fields[name]
        choices = dict(field.choices) if hasattr(field, "choices") and not hasattr(field, "queryset") else {}
        words.append(f"{field.label}：{choices.get(value, value)}")
    return words


def accepted(form, act: Callable[[], object]) -> bool:
    """Whether the form was valid and `act` (a service call) took it. What the service refused stands in the form then,
    beside the field that it is about; what was typed stays. PermissionDenied passes through (403)."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            form.add_error(None, error)
            return False
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
        return False
    return True
