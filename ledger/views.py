from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ledger import checks, queries
from ledger.forms import EntryFilter
from ledger.labels import action_label
from ledger.models import Entry
from staff.choices import Action
from staff.gates import needs
from staff.spreadsheets import spreadsheet_response

PAGE_SIZE = 50
EXPORT_LIMIT = 50_000
COLUMNS = [
    ("序号", 9), ("时间", 20), ("经办人", 20), ("事项", 18), ("事项代码", 20), ("对象类别", 14), ("对象", 40),
    ("内容", 60), ("前一行哈希", 66), ("本行哈希", 66),
]  # fmt: skip


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _row(entry: Entry) -> list:
    return [
        entry.number,
        timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
        entry.actor_name,
        action_label(entry.action),
        entry.action,
        queries.subject_kind(entry),
        entry.subject_label,
        entry.data[:32_000],
        entry.previous_hash,
        entry.hash,
    ]


def _with_words(entries: list[Entry]) -> list[Entry]:
    for entry in entries:
        entry.action_label, entry.kind = action_label(entry.action), queries.subject_kind(entry)
    return entries


@require_GET
@needs(Action.READ_LEDGER)
def entry_list(request):
    form = EntryFilter(request.GET)
    found = queries.entries(**form.cleaned_data) if form.is_valid() else Entry.objects.none()
    if request.GET.get("format") == "xlsx":
        if found[EXPORT_LIMIT : EXPORT_LIMIT + 1]:
            messages.error(request, f"符合条件的超过 {EXPORT_LIMIT} 行，请缩小日期范围后分次导出。")
            return redirect("ledger:entry_list")
        return spreadsheet_response("证据链", COLUMNS, map(_row, found.iterator(chunk_size=2000)))
    rows, has_newer, has_older = queries.window(
        found, before=_number(request.GET.get("before")), after=_number(request.GET.get("after")), size=PAGE_SIZE
    )
    context = {"form": form, "entries": _with_words(rows), "has_newer": has_newer, "has_older": has_older}
    return render(request, "ledger/entry_list.html", context)


@require_GET
@needs(Action.READ_LEDGER)
def entry_detail(request, number):
    entry = get_object_or_404(Entry, number=number)
    _with_words([entry])
    near = set(Entry.objects.filter(number__in=[number - 1, number + 1]).values_list("number", flat=True))
    context = {
        "entry": entry,
        "data": queries.readable_data(entry),
        "previous": number - 1 if number - 1 in near else None,
        "next": number + 1 if number + 1 in near else None,
    }
    return render(request, "ledger/entry_detail.html", context)


@require_POST
@needs(Action.READ_LEDGER)
def verify(request):
    """Computes the chain anew and says what it found; changes nothing."""
    begun = timezone.now()
    result = checks.verify()
    context = {"result": result, "at": begun, "seconds": (timezone.now() - begun).total_seconds()}
    return render(request, "ledger/verification.html", context)
