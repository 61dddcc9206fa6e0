"""Pages of the working calendar: a year at a glance for everybody, and how the quality office changes it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from deadlines import queries, services, wording
from deadlines.forms.calendar import CalendarConfirmForm, DaysForm, HoursForm
from deadlines.forms.time_rules import posted
from deadlines.models import Shift
from deadlines.year import FIRST_YEAR, LAST_YEAR, Year, year_of
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted

PAGE = require_http_methods(["GET", "HEAD", "POST"])


def _require_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404("没有这一年的工作日历。")


def _crumbs(year: int | None = None) -> list[dict]:
    crumbs = [{"title": "工作日历", "url": reverse("deadlines:calendar")}]
    if year is not None:
        crumbs.append({"title": f"{year} 年", "url": reverse("deadlines:calendar_year", args=[year])})
    return crumbs


# ── Reading ─────────────────────────────────────────────────────────────────
@require_safe
def calendar(request):
    return redirect("deadlines:calendar_year", timezone.localdate().year)


@require_safe
def calendar_year(request, year):
    _require_year(year)
    return _year_page(request, year, DaysForm(year=year))


def _year_page(request, number: int, form: DaysForm):
    year, this_year = year_of(number), timezone.localdate().year
    years = sorted(queries.known_years() | {this_year, this_year + 1, number})
    context = {
        "year": year,
        "form": form,
        "tabs": [
            {
                "title": f"{each} 年",
                "url": reverse("deadlines:calendar_year", args=[each]),
                "is_active": each == number,
            }
            for each in years
        ],
        "missing": [each for each in queries.missing_years() if each != number],
        "can_change": request.user.may(Action.MANAGE_TIME_RULES),
        "shifts": Shift.objects.all(),
    }
    return render(request, "deadlines/calendar_year.html", context)


# ── Changing days: tick → what would move → done ────────────────────────────
@PAGE
@needs(Action.MANAGE_TIME_RULES)
def calendar_change(request, year):
    """One address for both steps; a reload of it leads back to the year."""
    _require_year(year)
    if request.method != "POST":
        return redirect("deadlines:calendar_year", year)
    form, step, moves = DaysForm(request.POST, year=year), request.POST.get("step"), []
    if step == "back" or not accepted(form, lambda: moves.extend(services.preview_calendar(form.days()))):
        return _year_page(request, year, form)
    is_confirmed = step == "confirm"
    shown = wording.moves_words(moves, only_moved=True)
    confirm = CalendarConfirmForm(request.POST if is_confirmed else None, asks=bool(shown.moved))
    terms = {"days": form.days(), "note": form.cleaned_data["note"]}
    if is_confirmed and accepted(
        confirm, lambda: services.change_days(actor=request.user, **terms, **confirm.cleaned_data)
    ):
        messages.success(request, f"已调整 {year} 年工作日历：{_days_words(form)}。")
        return redirect("deadlines:calendar_year", year)
    context = {
        "heading": f"调整 {year} 年工作日历",
        "words": _days_words(form),
        "note": form.cleaned_data["note"],
        "hidden": posted(form),
        "is_step_two": True,
        "submit": "确认调整",
    }
    return _confirm_page(request, year, confirm, moves, shown, context)


def _days_words(form: DaysForm) -> str:
    days = form.cleaned_data["day"]
    named = "、".join(f"{day.month} 月 {day.day} 日" for day in days[:10]) + (
        f"等 {len(days)} 天" if days[10:] else ""
    )
    return f"{named}设为{dict(form.fields['value'].choices)[form.cleaned_data['value']]}"


def _confirm_page(request, year: int, form, moves, shown, context: dict):
    context |= {"year": year, "form": form, "moves": shown, "seen": services.digest_of(moves), "crumbs": _crumbs(year)}
    return render(request, "deadlines/calendar_confirm.html", context)


# ── Filling a year ──────────────────────────────────────────────────────────
@PAGE
@needs(Action.MANAGE_TIME_RULES)
def calendar_import(request, year):
    """What the published year would move, then the import. Days that the firm has set stay as they are."""
    _require_year(year)
    try:
        moves = services.preview_import(year)
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
        return redirect("deadlines:calendar_year", year)
    found: Year = year_of(year)
    if not found.missing:
        messages.info(request, f"{year} 年的工作日历已完整，无须导入。")
        return redirect("deadlines:calendar_year", year)
    shown = wording.moves_words(moves, only_moved=True)
    form = CalendarConfirmForm(request.POST or None, asks=bool(shown.moved))
    added: list[int] = []
    if request.method == "POST" and accepted(
        form, lambda: added.append(services.import_year(actor=request.user, year=year, **form.cleaned_data))
    ):
        messages.success(request, f"已导入 {year} 年工作日历，共 {added[0]} 天。")
        return redirect("deadlines:calendar_year", year)
    words = f"将按已公布的放假与调休安排补全 {found.missing} 天" + (
        f"，已设置的 {found.known} 天保持不变" if found.known else ""
    )
    context = {"heading": f"导入 {year} 年工作日历", "words": words, "submit": "确认导入"}
    return _confirm_page(request, year, form, moves, shown, context)


# ── Working hours ───────────────────────────────────────────────────────────
@PAGE
@needs(Action.MANAGE_TIME_RULES)
def calendar_hours(request):
    form = HoursForm(request.POST or None, shifts=list(Shift.objects.values_list("starts_at", "ends_at")))
    if request.method == "POST" and accepted(
        form,
        lambda: services.change_shifts(actor=request.user, shifts=form.shifts(), reason=form.cleaned_data["reason"]),
    ):
        messages.success(request, "作业时间已调整，对此后起算的时限有效。")
        return redirect("deadlines:calendar")
    return render(request, "deadlines/calendar_hours.html", {"form": form, "crumbs": _crumbs()})
