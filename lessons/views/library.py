"""The pages of figures and examples."""

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from lessons import exports
from lessons.forms import LibraryForm
from lessons.queries import checklists, examples
from lessons.queries import library as queries
from lessons.queries.proposals import category_of
from lessons.views.parts import kept_query, tabs
from staff.choices import Action
from staff.gates import needs
from staff.lists import filter_words, page_of

# How the table of categories may be sorted; the table is short, so it is sorted here.
SORTS = {
    "category": lambda row: row.category.label,
    "times": lambda row: row.figures.times,
    "projects": lambda row: row.figures.projects,
    "amount": lambda row: row.figures.amount,
    "change": lambda row: row.change or 0,
}
USUAL = "-times"
NOT_OF_CHECKLISTS = ("period", "severity", "source")


def _sorted(request, rows: list) -> list:
    asked = request.GET.get("sort", USUAL)
    key = asked.lstrip("-")
    if key not in SORTS:
        asked, key = USUAL, USUAL.lstrip("-")
    in_order = sorted(rows, key=lambda row: row.category.label)
    return sorted(in_order, key=SORTS[key], reverse=asked.startswith("-"))


def _found(request) -> tuple[LibraryForm, queries.Library]:
    form = LibraryForm(request.GET)
    asked = form.asked()
    found = queries.library(request.user, asked, form.trend_by)
    found.rows = _sorted(request, found.rows)
    return form, found


def _year(form: LibraryForm) -> dict:
    year = form.cleaned_data.get("year")
    return {"year": year, "is_this_year": year == timezone.localdate().year}


@require_safe
@needs(Action.READ_LESSONS)
def library(request):
    """By category, with the trend; and by level, severity, business line and unit."""
    form, found = _found(request)
    context = {
        "form": form,
        "found": found,
        "sort": USUAL,
        "tabs": tabs(request, "library"),
        "query": kept_query(request),
        "query_below": kept_query(request, without=("category",)),
        **_year(form),
        "can_propose": request.user.may(Action.PROPOSE_CHECKLIST),
    }
    return render(request, "lessons/library.html", context)


@require_safe
@needs(Action.READ_LESSONS)
def export(request):
    form, found = _found(request)
    return exports.library_response(found, filter_words(form))


def _of_category(request, key: str):
    """(the form, what is asked for with the category of the address)."""
    category = category_of(key)
    if category is None:
        raise Http404("没有这个类别。")
    form = LibraryForm(request.GET, without=("category",))
    return form, form.asked(category=category)


@require_safe
@needs(Action.READ_LESSONS)
def category(request, key):
    """One category: its figures, and what was said, where the person may read it."""
    form, asked = _of_category(request, key)
    found = queries.library(request.user, asked, form.trend_by)
    rows = examples.example_rows(request.user, asked)
    page = page_of(request, rows)
    page.object_list = examples.examples(list(page.object_list))
    context = {
        "form": form,
        "category": asked.category,
        "found": found,
        "page": page,
        "query": kept_query(request, without=("category",)),
        **_year(form),
        "can_propose": request.user.may(Action.PROPOSE_CHECKLIST),
        "crumbs": [{"title": "错误库", "url": reverse("lessons:library") + kept_query(request)}],
    }
    return render(request, "lessons/category.html", context)


@require_safe
@needs(Action.READ_LESSONS)
def category_export(request, key):
    """The same examples as a workbook, the newest of them."""
    form, asked = _of_category(request, key)
    rows = list(examples.example_rows(request.user, asked)[: examples.EXPORTED])
    notes = [f"不含人员姓名；您无权查看的项目不列出；最多列出最近 {examples.EXPORTED} 条。"]
    found = examples.examples(rows, length=2_000)
    return exports.examples_response(asked.category.label, found, filter_words(form), notes)


def _lines(request):
    form = LibraryForm(request.GET, without=NOT_OF_CHECKLISTS)
    form.fields["q"].widget.attrs["placeholder"] = "核查内容"
    return form, checklists.lines(form.asked())


@require_safe
@needs(Action.READ_LESSONS)
def checklist_lines(request):
    """By the lines of the checklists."""
    form, rows = _lines(request)
    context = {
        "form": form,
        "page": page_of(request, rows),
        "rule": checklists.MISSED_RULE,
        **_year(form),
        "tabs": tabs(request, "checklists"),
        "query": kept_query(request),
    }
    return render(request, "lessons/checklists.html", context)


@require_safe
@needs(Action.READ_LESSONS)
def checklists_export(request):
    form, rows = _lines(request)
    return exports.lines_response(rows, filter_words(form))


@require_safe
@needs(Action.READ_LESSONS)
def repeats(request):
    """What is said again and again in the same words."""
    form = LibraryForm(request.GET, without=("period",))
    context = {
        "form": form,
        "found": examples.repeats(request.user, form.asked()),
        "most": examples.READ_FOR_REPEATS,
        "tabs": tabs(request, "repeats"),
        "query": kept_query(request),
        "query_below": kept_query(request, without=("category",)),
        "can_propose": request.user.may(Action.PROPOSE_CHECKLIST),
    }
    return render(request, "lessons/repeats.html", context)
