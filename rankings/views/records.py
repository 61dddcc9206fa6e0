"""个人奖惩档案: who has one, the record of one person, the same on paper."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rankings.printouts import records as papers
from rankings.queries import records as queries
from rankings.record_filters import RecordFilter
from rankings.views.settling import personal_pdf
from staff.choices import Action
from staff.gates import needs
from staff.lists import page_of, sort_order

# Not by the latest year: of 2,000 people and ten years that takes PostgreSQL more than a second.
SORTS = {
    "person": "employee_number", "unit": "unit__code", "rewards": "rewards", "penalties": "penalties", "notes": "notes",
}  # fmt: skip


@require_safe
@never_cache
@needs(Action.READ_SETTLEMENT)
def person_records(request):
    """Everybody with something on record."""
    filterset = RecordFilter(request.GET, queryset=queries.people_on_record(), request=request)
    rows = filterset.qs.order_by(*sort_order(request, SORTS, "person"))
    context = {"filter": filterset, "page": page_of(request, rows), "sort": "person"}
    return render(request, "rankings/record_list.html", context)


def _load(request, pk: int) -> queries.Record:
    """The record, for the person and for who reads settlements; for everybody else there is none (404)."""
    return queries.record_of(get_object_or_404(queries.people_visible_to(request.user), pk=pk))


@require_safe
@never_cache
def person_record(request, pk: int):
    found = _load(request, pk)
    reads_all = request.user.may(Action.READ_SETTLEMENT)
    back = ("奖惩档案", "rankings:person_records") if reads_all else ("我的奖惩", "rankings:awards_mine")
    best = found.best
    context = {
        "record": found, "person": found.person, "sum": found.sum, "reads_all": reads_all, "best": best,
        "best_words": f"{best.year} 年度{best.board.label}榜" if best else "",
        "crumbs": [{"title": back[0], "url": reverse(back[1])}],
    }  # fmt: skip
    return render(request, "rankings/record_detail.html", context)


@require_safe
@never_cache
def person_record_pdf(request, pk: int):
    """As it stands now, printed on demand and kept by nobody."""
    found = _load(request, pk)
    paper = papers.record_paper(found, by=request.user, at=timezone.now())
    return personal_pdf(paper, f"{papers.TITLE} {found.person.employee_number}")
