"""What every list page does the same way: sort by the URL, cut into pages, tell its filters in words, take a form to a service.

filterset = ProjectFilter(request.GET, queryset=…)             # the filters live in the URL
rows = filterset.qs.order_by(*sort_order(request, SORTS, default="-number"))
page = page_of(request, rows)
"""

import hashlib
from collections.abc import Callable, Collection

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import F
from django.utils.functional import cached_property

PAGE_SIZE = 25


def sort_order(request, sorts: dict[str, str], default: str, may_be_empty: Collection[str] = ()) -> list:
    """What to order by for `?sort=key` or `?sort=-key`; `sorts` is key → field path. The primary key settles ties, so
    that pages never overlap. `default` is such a key too.

    Of the keys in `may_be_empty` rows without a value come last. The others are left alone: NULLS LAST on a column that
    has no NULL keeps PostgreSQL from walking its index, and 50,000 rows are sorted to show 25."""
    asked = request.GET.get("sort", "")
    if asked.lstrip("-") not in sorts:
        asked = default
    key, nulls_last = asked.lstrip("-"), asked.lstrip("-") in may_be_empty or None
    field = F(sorts[key])
    if asked.startswith("-"):
        return [field.desc(nulls_last=nulls_last), "-pk"]
    return [field.asc(nulls_last=nulls_last), "pk"]


LONG = 1_000
SECONDS_KEPT = 60


def kept_count(count: Callable[[], int], *of) -> int:
    """`count()`, kept for a minute where it is `LONG`: counting 50,000 rows takes longer than all the rest of a page, and
    nobody can tell them from 50,001. Shorter lists are counted afresh each time. `of` says what is counted, for whom."""
    key = f"count:{hashlib.sha256(repr(of).encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is None:
        kept = count()
        if kept >= LONG:
            cache.set(key, kept, SECONDS_KEPT)
    return kept


class _Paginator(Paginator):
    """Asks for the count of a long list once a minute, for each person, page and filters."""

    def __init__(self, request, rows, size: int):
        super().__init__(rows, size)
        self._request = request

    @cached_property
    def count(self) -> int:
        filters = sorted((name, values) for name, values in self._request.GET.lists() if name not in ("page", "sort"))
        return kept_count(lambda: Paginator.count.func(self), self._request.user.pk, self._request.path, filters)


def page_of(request, rows, size: int = PAGE_SIZE) -> Page:
    """The page that `?page=` asks for; the nearest there is for nonsense."""
    return _Paginator(request, rows, size).get_page(request.GET.get("page"))


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
