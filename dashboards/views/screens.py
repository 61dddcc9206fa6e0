from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboards import blocks
from dashboards.forms import InboxFilter
from dashboards.queries import chain
from dashboards.queries import inbox as inbox_queries
from dashboards.queries import search as search_queries
from dashboards.queries.inbox import Counts
from staff.choices import Action
from staff.lists import PAGE_SIZE, sort_order

INBOX_SORTS = {
    "due": "deliverable__due_on",
    "since": "since",
    "number": "deliverable__number",
    "project": "deliverable__project__number",
    "preparer": "deliverable__preparer__name",
    "level": "level__order",
}


@require_safe
def home(request):
    context = {"blocks": blocks.first_screen(request.user), "today": timezone.localdate()}
    return render(request, "dashboards/home.html", context)


def _tabs(counts: Counts, active: str) -> list[dict]:
    tabs = (
        ("待办", "dashboards:inbox", counts.todo),
        ("已办", "dashboards:inbox_handled", counts.handled),
        ("我发起", "dashboards:inbox_started", counts.started),
    )
    return [
        {"title": title, "url": reverse(name), "count": count, "is_active": name == active}
        for title, name, count in tabs
    ]


def _inbox_page(request, rounds, *, tab: str, total: int, counts: Counts, default: str, first=()):
    """One tab: searched, sorted (by `first` too, unless another order was asked for), cut into pages."""
    form = InboxFilter(request.GET)
    if text := form.text:
        rounds = inbox_queries.search(rounds, text)
    order = sort_order(request, INBOX_SORTS, default, may_be_empty={"due"})
    if request.GET.get("sort", "").lstrip("-") not in INBOX_SORTS:
        order = [*first, *order]
    paginator = Paginator(chain.as_rows(rounds).order_by(*order), PAGE_SIZE)
    if not text:
        paginator.count = total  # the tab has counted them already
    page = paginator.get_page(request.GET.get("page"))
    page.object_list = chain.tell(page.object_list, request.user)
    return {"form": form, "page": page, "sort": default, "tabs": _tabs(counts, tab), "text": text}


@require_safe
def inbox(request):
    """待办, 被退回 first, then by due date."""
    counts = inbox_queries.counts(request.user)
    context = _inbox_page(
        request, inbox_queries.todo(request.user), tab="dashboards:inbox", total=counts.todo, counts=counts,
        default="due", first=[chain.returned_first()],
    )  # fmt: skip
    return render(request, "dashboards/inbox.html", context)


@require_safe
def inbox_handled(request):
    counts = inbox_queries.counts(request.user)
    rounds = inbox_queries.with_my_part(inbox_queries.handled(request.user), request.user)
    context = _inbox_page(
        request, rounds, tab="dashboards:inbox_handled", total=counts.handled, counts=counts, default="-since"
    )
    inbox_queries.tell_present(context["page"].object_list, request.user)
    return render(request, "dashboards/inbox_handled.html", context)


@require_safe
def inbox_started(request):
    counts = inbox_queries.counts(request.user)
    rounds = inbox_queries.started(request.user)
    context = _inbox_page(
        request, rounds, tab="dashboards:inbox_started", total=counts.started, counts=counts, default="-since"
    )
    return render(request, "dashboards/inbox_started.html", context)


@require_safe
def search(request):
    text = request.GET.get("q", "").strip()[:80]
    results = search_queries.find(request.user, text) if text else None
    context = {
        "search_text": text,
        "results": results,
        "query": urlencode({"q": text}),
        "may_manage_people": request.user.may(Action.MANAGE_PEOPLE),
    }
    return render(request, "dashboards/search.html", context)


@require_safe
def help_page(request):
    return render(request, "dashboards/help.html")
