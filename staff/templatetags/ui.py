"""What every page draws with: figures, dates, badges, fields, icons. `{% load ui %}`.

Nothing here reads the database: a page hands in values, and gets the same words and shapes everywhere.
"""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from django import forms, template
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

BLANK = "—"
WEEKDAYS = "一二三四五六日"
ICON_DIR = Path(settings.BASE_DIR) / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
TYPED_INPUTS = (forms.widgets.Input, forms.Textarea)


# ── Figures ─────────────────────────────────────────────────────────────────


def _grouped(value, places: int) -> str | None:
    """`value` with thousands separators, rounded half up (四舍五入), or None when it is not a figure."""
    if value is None or value == "":
        return None
    try:
        return f"{Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
    except (InvalidOperation, ValueError):
        return None


@register.filter
def money(value, unit: str = "元") -> str:
    """12345.6 → “12,345.60 元”; with the argument "万元" it is converted. No figure: —."""
    if _grouped(value, 2) is None:
        return BLANK
    figure = Decimal(str(value)) / (10000 if unit == "万元" else 1)
    return f"{_grouped(figure, 2)} {unit}".rstrip()


@register.filter
def amount(value) -> str:
    """12345.6 → “12,345.60”, for a column whose head names the unit. No figure: —."""
    return _grouped(value, 2) or BLANK


@register.filter
def wan(value) -> str:
    """1234567 → “123.46 万元”, less than 1 万元 → “4,200.00 元”. No figure: —."""
    if _grouped(value, 2) is None:
        return BLANK
    return money(value, "元" if abs(Decimal(str(value))) < 10000 else "万元")


@register.filter
def signed_amount(value) -> str:
    """A difference, always with its sign: “+1,200.00”, “−350.00”, “0.00”. No figure: —."""
    text = _grouped(value, 2)
    if text is None:
        return BLANK
    figure = Decimal(str(value))
    if figure < 0:
        return "−" + text.lstrip("-")
    return f"+{text}" if figure > 0 else text


@register.filter
def percent(value, places: int = 2) -> str:
    """0.0312 → “3.12%”. No figure: 无数据."""
    if _grouped(value, 4) is None:
        return "无数据"
    return f"{_grouped(Decimal(str(value)) * 100, int(places))}%"


@register.filter
def score_figure(value) -> str:
    """86.50 → “86.5”, 80.00 → “80”. No figure: —."""
    text = _grouped(value, 2)
    return BLANK if text is None else text.rstrip("0").rstrip(".")


@register.filter
def figure(value, unit: str) -> str:
    """A value of a table by what its column holds: text as it is, “1,204”, “66.7”, “86.50”. None: 无数据."""
    if value is None:
        return "无数据"
    if unit == "text":
        return str(value)
    places = {"count": 0, "days": 1, "score": 2}.get(unit)
    if places is None:
        places = 2 if value != round(value, 1) else 1
    return _grouped(value, places) or BLANK


@register.filter
def filesize_zh(size) -> str:
    """1536000 → “1.5 MB”; no size: —."""
    return BLANK if size in (None, "") else filesizeformat(size).replace("\xa0", " ")


@register.filter
def short_hash(digest) -> str:
    """First 12 characters of a SHA-256, enough to compare by eye; none: —."""
    return str(digest)[:12] if digest else BLANK


# ── Days and hours ──────────────────────────────────────────────────────────


def _local(value):
    return timezone.localtime(value) if isinstance(value, dt.datetime) and timezone.is_aware(value) else value


def _as_date(value) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return _local(value).date()
    return value if isinstance(value, dt.date) else None


@register.filter
def date_zh(value) -> str:
    """2026-11-22 周日; none: —."""
    day = _as_date(value)
    return f"{day:%Y-%m-%d} 周{WEEKDAYS[day.weekday()]}" if day else BLANK


@register.filter
def datetime_zh(value) -> str:
    """2026-11-22 周日 10:31; none: —."""
    if not isinstance(value, dt.datetime):
        return date_zh(value)
    return f"{date_zh(value)} {_local(value):%H:%M}"


@register.filter
def date_short(value) -> str:
    """2026-11-22, for columns of figures; none: —."""
    day = _as_date(value)
    return f"{day:%Y-%m-%d}" if day else BLANK


@register.filter
def datetime_short(value) -> str:
    """11-22 10:31 in this year, 2025-11-22 10:31 in another; none: —."""
    if not isinstance(value, dt.datetime):
        return date_short(value)
    local = _local(value)
    pattern = "%m-%d %H:%M" if local.year == timezone.localdate().year else "%Y-%m-%d %H:%M"
    return local.strftime(pattern)


@register.filter
def iso(value) -> str:
    """For <time datetime="…">."""
    return _local(value).isoformat() if isinstance(value, dt.date) else ""


# ── Badges and small parts ──────────────────────────────────────────────────
# Two badges stand in every row of every list: written here, each saves the drawing of a template.


@register.simple_tag
def state_badge(kind: str, word: str = "") -> SafeString:
    """A state as word + colour + shape. Kinds: todo, waiting, returned, overdue, signed, issued, draft, void, info."""
    return format_html('<span class="state state-{}">{}</span>', kind or "draft", word)


def due_state(due, today: dt.date) -> tuple[str, str]:
    """(kind, word) of a due date seen from `today`: “剩 N 天”, “今天到期”, “逾期 N 天”."""
    left = (_as_date(due) - today).days
    if left < 0:
        return "overdue", f"逾期 {-left} 天"
    if left == 0:
        return "soon", "今天到期"
    return ("soon" if left <= 3 else "calm"), f"剩 {left} 天"


@register.simple_tag
def due_badge(due, today=None) -> SafeString:
    """A due date: how many days are left, or how many it is over. Without a date nothing is drawn."""
    if _as_date(due) is None:
        return mark_safe("")
    kind, word = due_state(due, today or timezone.localdate())
    return format_html('<span class="due due-{}" title="{}">{}</span>', kind, date_zh(due), word)


CLOCK_KINDS = {
    "green": "calm", "amber": "soon", "red": "overdue", "paused": "paused", "done": "done", "late": "overdue", "void": "void",
}  # fmt: skip


@register.simple_tag
def clock_badge(clock) -> SafeString:
    """The traffic light of a time limit: shape, colour and words (剩 12 天, 逾期 3 天, 中止中). None draws nothing."""
    if clock is None:
        return mark_safe("")
    kind = CLOCK_KINDS.get(str(clock.light), "calm")
    return format_html(
        '<span class="due due-clock due-{}" title="{}">{}</span>', kind, date_zh(clock.due_on), clock.left_words
    )


@register.inclusion_tag("components/person.html")
def person(user, role: str = "") -> dict:
    """A person: name, and small beneath it role or unit. `user` is a User, a plain name, or None."""
    name = getattr(user, "name", user)
    note = role
    if not note and "unit" in getattr(getattr(user, "_state", None), "fields_cache", {}):
        note = user.unit.name  # only when already loaded: a badge must not cost a query per row
    return {"name": name or "", "note": note}


@register.inclusion_tag("components/grade.html")
def grade(total, word: str = "", set_by: str = "", passing=60, excellent=80) -> dict:
    """A score on its scale with the two marks, the grade's word, and what set it (a veto, the lowest project …)."""
    if _grouped(total, 2) is None:
        return {"total": None}
    figure = min(max(Decimal(str(total)), Decimal(0)), Decimal(100))
    kind = "low" if figure < Decimal(str(passing)) else "high" if figure > Decimal(str(excellent)) else "middle"
    # The drawing is 2 units wide per point, so that the marks fall on whole units.
    return {
        "total": total, "word": word, "set_by": set_by, "kind": kind, "width": f"{figure * 2:.1f}",
        "passing": score_figure(passing), "excellent": score_figure(excellent),
        "passing_x": f"{Decimal(str(passing)) * 2:.1f}", "excellent_x": f"{Decimal(str(excellent)) * 2:.1f}",
    }  # fmt: skip


@register.filter
def seal_lines(title: str) -> list[str]:
    """The characters of a seal, line by line: 校/核, 专家/评审/组."""
    title = str(title).strip()
    step = 1 if len(title) <= 3 else 2
    return [title[i : i + step] for i in range(0, len(title), step)][:4]


@lru_cache(maxsize=256)
def _icon_svg(name: str) -> str:
    path = ICON_DIR / f"{name}.svg"
    if not name.replace("-", "").isalnum() or not path.is_file():
        return ""
    svg = path.read_text(encoding="utf-8")
    return svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Tabler's outline icon `name`, inline; decoration beside a word, so an unknown name draws nothing."""
    return mark_safe(_icon_svg(str(name or "")))  # noqa: S308 — our own package's file, the name is checked


@register.simple_tag
def firm_name() -> str:
    return settings.FIRM_NAME


# ── Lists ───────────────────────────────────────────────────────────────────


def _query_with(request, **changes) -> str:
    """The page's query string with `changes`; None drops a key."""
    query = request.GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None:
            query[key] = value
    return f"?{query.urlencode()}" if query else request.path


@register.simple_tag(takes_context=True)
def sort_header(context, field: str, title: str, align: str = "") -> SafeString:
    """A table head that sorts by `?sort=field` / `?sort=-field` and keeps the filters. align="end" for figures."""
    request = context["request"]
    current = request.GET.get("sort", context.get("sort") or "")
    direction = "ascending" if current == field else "descending" if current == f"-{field}" else "none"
    target = _query_with(request, sort=f"-{field}" if current == field else field, page=None)
    return format_html(
        '<th scope="col" class="{}" aria-sort="{}"><a class="sort-link" href="{}">{}<span class="sort-mark"'
        ' aria-hidden="true"></span></a></th>',
        "text-end" if align == "end" else "", direction, target, title,
    )  # fmt: skip


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context, page, unit: str = "条") -> dict:
    """Page links under a list, filters kept. `page` is a Page of Django's Paginator."""
    request = context["request"]
    links = [
        {"number": number, "url": _query_with(request, page=number), "is_current": number == page.number}
        if isinstance(number, int)
        else {"number": "…", "url": "", "is_current": False}
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    ]
    return {
        "page": page,
        "links": links,
        "unit": unit,
        "previous": _query_with(request, page=page.number - 1) if page.has_previous() else "",
        "next": _query_with(request, page=page.number + 1) if page.has_next() else "",
    }


@register.simple_tag(takes_context=True)
def query_with(context, **changes) -> str:
    """A link to the page itself with changes in its query: `{% query_with page=None %}`. Not to be put behind another
    address: without any query it is the path. An export is `{% url … %}?{{ request.GET.urlencode }}`."""
    return _query_with(context["request"], **changes)


# ── Forms ───────────────────────────────────────────────────────────────────


def _widget_class(widget, has_errors: bool) -> str:
    if isinstance(widget, forms.CheckboxInput):
        base = "form-check-input"
    elif isinstance(widget, forms.Select) and not isinstance(widget, forms.RadioSelect):
        base = "form-select"
    elif isinstance(widget, TYPED_INPUTS):
        base = "form-control"
    else:
        return ""
    figures = " figure-input" if isinstance(widget, forms.NumberInput) else ""
    return f"{base}{figures}{' is-invalid' if has_errors else ''}"


def _browser_widget(widget):
    """The widget with the browser's own date picker; it wants ISO, whatever the language of the page."""
    if isinstance(widget, forms.DateTimeInput):
        return forms.DateTimeInput(attrs={**widget.attrs, "type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    if isinstance(widget, forms.DateInput):
        return forms.DateInput(attrs={**widget.attrs, "type": "date"}, format="%Y-%m-%d")
    return widget


@register.simple_tag
def widget(bound_field, extra_class: str = "") -> SafeString:
    """A form field's input in the look of the site, whatever widget the form chose."""
    chosen = _browser_widget(bound_field.field.widget)
    classes = [chosen.attrs.get("class", ""), _widget_class(chosen, bool(bound_field.errors)), extra_class]
    attrs = {"class": " ".join(name for name in classes if name)} if any(classes) else {}
    if isinstance(chosen, forms.Textarea) and chosen.attrs.get("rows") in (None, "10", 10):
        attrs["rows"] = 3
    return bound_field.as_widget(widget=chosen, attrs=attrs)


@register.simple_tag
def hidden_filter(bound_field) -> SafeString:
    """A filter that only links set (what a chart leads to): nothing while it is not in force, else its words and its value,
    so that it stays when the others change. 清除条件 lifts it."""
    value = getattr(bound_field.form, "cleaned_data", {}).get(bound_field.name)
    if value in (None, ""):
        return mark_safe("")
    field = bound_field.field
    if hasattr(field, "queryset"):
        word = value
    else:
        word = dict(getattr(field, "choices", ())).get(value, bound_field.value())
    return format_html(
        '<div class="field"><span class="form-label d-block">{}</span><span class="filter-fixed">{}</span>{}</div>',
        bound_field.label, word, bound_field.as_hidden(),
    )  # fmt: skip


@register.filter
def widget_kind(bound_field) -> str:
    """checkbox, choices (radio or many checkboxes), file or text: how the field is laid out."""
    chosen = bound_field.field.widget
    if isinstance(chosen, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    if isinstance(chosen, forms.CheckboxInput):
        return "checkbox"
    return "file" if isinstance(chosen, forms.FileInput) else "text"


@register.filter
def message_kind(message) -> str:
    """Django's message level as the alert's colour."""
    return {"error": "danger", "debug": "info"}.get(message.level_tag, message.level_tag)
