"""Pages of the client's materials: the sets of a project, one set with its rows, what starts and what goes back."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from deadlines.queries import rules_in_force
from projects import clocks, forms, queries, rules, services
from projects.choices import HandoverKind, MaterialCategory
from projects.models import Handover
from projects.services.handovers import EVENTS
from projects.views.parts import form_page, project_form_page, project_or_404, project_page, require, started_words
from staff.choices import Action
from staff.lists import accepted, page_of


# ── Parts ───────────────────────────────────────────────────────────────────
def _set(request, pk: int, handover_pk: int, action: Action | None = None):
    """The project and one of its sets; 404 for strangers, 403 without the right to `action`."""
    project = project_or_404(request, pk)
    found = project.handovers.select_related("project__unit", "discipline", "created_by", "completed_by")
    handover = get_object_or_404(found, pk=handover_pk)
    if action is not None:
        require(request, action, project)
    return project, handover


def _page_of(handover) -> str:
    return reverse("projects:handover", args=[handover.project_id, handover.pk])


def _coming_rules(handover) -> list:
    """The rules whose clocks start once the set is complete."""
    if handover.completed_on or handover.kind not in EVENTS:
        return []
    business_line = handover.project.business_line
    found = rules_in_force(EVENTS[HandoverKind(handover.kind)])
    return [rule for rule in found if rule.covers(business_line, handover.contract_kind)]


def _categories(handover, items) -> list[dict]:
    """Of settlement materials how each of the four stands: there, told to be absent, or missing."""
    if handover.kind != HandoverKind.MATERIALS:
        return []
    there = {item.category for item in items if not item.is_absent}
    told = {item.category for item in items}
    return [
        {"title": each.label, "is_there": each in there, "is_absent": each in told - there}
        for each in rules.SETTLEMENT_MATERIALS
    ]


def _set_page(request, project, handover, *, item_form=None, complete_form=None):
    items = list(handover.items.select_related("received_by", "returned_by"))
    deadlines = clocks.of_records(Handover, [handover.pk])[handover.pk]
    coming = _coming_rules(handover)
    received = [item.received_on for item in items if item.received_on]
    context = {
        "handover": handover,
        "items": items,
        "deadlines": deadlines,
        "coming": coming,
        "categories": _categories(handover, items),
        "present": [item for item in items if not item.is_absent],
        "returnable": any(not item.is_absent and item.returned_on is None for item in items),
        "keepable": any(not item.is_absent and not item.kept_with_consent for item in items),
        "owes_a_clock": any(each.is_open and each.responsible_id == request.user.pk for each in deadlines),
        "item_form": item_form or forms.ItemForm(initial=_next_item(handover, items)),
        "complete_form": complete_form or forms.CompleteForm(last=max(received, default=None), coming=coming),
    }
    return project_page(request, "projects/handover.html", project, "projects:handovers", **context)


def _next_item(handover, items) -> dict:
    """What the next row most likely is: of settlement materials the first of the four that is missing."""
    missing = rules.missing_categories(handover.kind, {item.category for item in items})
    usual = {
        HandoverKind.SETTLEMENT_DOCUMENTS: MaterialCategory.SETTLEMENT_DOCUMENTS,
        HandoverKind.DRAWINGS: MaterialCategory.DRAWINGS,
        HandoverKind.BIDS: MaterialCategory.BIDS,
    }
    return {"category": missing[0] if missing else usual.get(handover.kind, MaterialCategory.OTHER)}


# ── The list ────────────────────────────────────────────────────────────────
@require_safe
def handovers(request, pk):
    project = project_or_404(request, pk)
    page = page_of(request, queries.handover_rows(project))
    found = clocks.of_records(Handover, [each.pk for each in page])
    for each in page:
        each.clocks = found[each.pk]
    return project_page(request, "projects/handovers.html", project, "projects:handovers", page=page)


def handover_create(request, pk):
    project = project_or_404(request, pk)
    require(request, Action.MANAGE_MATERIALS, project)
    form = forms.HandoverForm(request.POST or None, initial={"contract_kind": project.contract_kind})
    made = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(services.create_handover(actor=request.user, project=project, **form.cleaned_data))
    ):
        messages.success(request, "清单已建立，请逐项登记收到的资料。")
        return redirect(_page_of(made[0]))
    return project_form_page(request, form, project, "登记委托人资料", "projects:handovers", submit="建立清单")


# ── One set ─────────────────────────────────────────────────────────────────
@require_safe
def handover(request, pk, handover_pk):
    return _set_page(request, *_set(request, pk, handover_pk))


def _set_form_page(request, form, handover, heading: str, submit: str, **context):
    crumbs = [
        {"title": "项目", "url": reverse("projects:list")},
        {"title": handover.project.number, "url": reverse("projects:detail", args=[handover.project_id])},
        {"title": "资料交接", "url": reverse("projects:handovers", args=[handover.project_id])},
    ]
    back = _page_of(handover)
    context = {"back": back, "crumbs": crumbs, "note": f"{handover.project.name} · {handover}", **context}
    return form_page(request, form, heading=heading, submit=submit, **context)


def handover_edit(request, pk, handover_pk):
    _, handover = _set(request, pk, handover_pk, Action.MANAGE_MATERIALS)
    form = forms.HandoverForm(request.POST or None, instance=handover)
    if request.method == "POST" and accepted(
        form, lambda: services.update_handover(actor=request.user, handover=handover, **form.cleaned_data)
    ):
        messages.success(request, "已保存。")
        return redirect(_page_of(handover))
    return _set_form_page(request, form, handover, "修改资料清单", "保存")


@require_POST
def handover_remove(request, pk, handover_pk):
    _, handover = _set(request, pk, handover_pk, Action.MANAGE_MATERIALS)
    try:
        services.remove_handover(actor=request.user, handover=handover)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(_page_of(handover))
    messages.success(request, "空的清单已删除。")
    return redirect("projects:handovers", pk)


@require_POST
def item_add(request, pk, handover_pk):
    project, handover = _set(request, pk, handover_pk, Action.MANAGE_MATERIALS)
    form = forms.ItemForm(request.POST)
    if accepted(form, lambda: services.add_item(actor=request.user, handover=handover, **form.cleaned_data)):
        messages.success(request, "已登记。")
        return redirect(_page_of(handover))
    return _refused(request, project, handover, form, item_form=form)


def _refused(request, project, handover, form, **forms):
    """The set's page with what was typed; a set that is complete shows no forms, so there a message tells why."""
    if handover.completed_on is None:
        return _set_page(request, project, handover, **forms)
    messages.error(request, " ".join(form.non_field_errors()) or "该份资料已登记齐全，没有保存。")
    return redirect(_page_of(handover))


def _item(handover, item_pk: int):
    item = get_object_or_404(handover.items, pk=item_pk)
    item.handover = handover
    return item


def item_edit(request, pk, handover_pk, item_pk):
    _, handover = _set(request, pk, handover_pk, Action.MANAGE_MATERIALS)
    item = _item(handover, item_pk)
    form = forms.ItemForm(request.POST or None, instance=item)
    if request.method == "POST" and accepted(
        form, lambda: services.update_item(actor=request.user, item=item, **form.cleaned_data)
    ):
        messages.success(request, "已保存。")
        return redirect(_page_of(handover))
    return _set_form_page(request, form, handover, "修改交接资料", "保存")


@require_POST
def item_remove(request, pk, handover_pk, item_pk):
    _, handover = _set(request, pk, handover_pk, Action.MANAGE_MATERIALS)
    item = _item(handover, item_pk)
    name = item.name
    try:
        services.remove_item(actor=request.user, item=item)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"已移除“{name}”。")
    return redirect(_page_of(handover))


# ── Complete, or not ────────────────────────────────────────────────────────
@require_POST
def handover_complete(request, pk, handover_pk):
    project, handover = _set(request, pk, handover_pk, Action.MANAGE_MATERIALS)
    form = forms.CompleteForm(request.POST, coming=_coming_rules(handover))
    if accepted(form, lambda: services.complete_handover(actor=request.user, handover=handover, **form.cleaned_data)):
        messages.success(request, f"资料已登记齐全。{started_words(handover)}")
        return redirect(_page_of(handover))
    return _refused(request, project, handover, form, complete_form=form)


def handover_reopen(request, pk, handover_pk):
    _, handover = _set(request, pk, handover_pk, Action.DECIDE_TIME)
    form = forms.ReopenForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.reopen_handover(actor=request.user, handover=handover, **form.cleaned_data)
    ):
        messages.success(request, "已撤销齐全登记，其时限已作废。")
        return redirect(_page_of(handover))
    return _set_form_page(request, form, handover, "撤销资料齐全登记", "撤销登记")


# ── Back to the client ──────────────────────────────────────────────────────
def _items_page(request, form, handover, heading: str, submit: str, note: str):
    crumbs = [
        {"title": "项目", "url": reverse("projects:list")},
        {"title": handover.project.number, "url": reverse("projects:detail", args=[handover.project_id])},
        {"title": "资料交接", "url": reverse("projects:handovers", args=[handover.project_id])},
    ]
    context = {
        "form": form, "heading": heading, "submit": submit, "note": note, "crumbs": crumbs, "handover": handover,
        "back": _page_of(handover),
    }  # fmt: skip
    return render(request, "projects/handover_items.html", context)


def items_return(request, pk, handover_pk):
    _, handover = _set(request, pk, handover_pk, Action.MANAGE_MATERIALS)
    rows = handover.items.present().filter(returned_on__isnull=True)
    form = forms.ReturnForm(request.POST or None, rows=rows)
    if request.method == "POST" and accepted(
        form, lambda: services.return_items(actor=request.user, handover=handover, **form.cleaned_data)
    ):
        messages.success(request, f"已登记归还 {len(form.cleaned_data['items'])} 项资料。")
        return redirect(_page_of(handover))
    note = "这次不归还的，去掉勾选"
    return _items_page(request, form, handover, "归还资料", "登记归还", note)


def items_keep(request, pk, handover_pk):
    _, handover = _set(request, pk, handover_pk, Action.MANAGE_MATERIALS)
    rows = handover.items.present().filter(kept_with_consent=False)
    form = forms.KeepForm(request.POST or None, rows=rows)
    if request.method == "POST" and accepted(
        form, lambda: services.keep_items(actor=request.user, handover=handover, **form.cleaned_data)
    ):
        messages.success(request, f"已登记 {len(form.cleaned_data['items'])} 项资料经书面同意留存备份。")
        return redirect(_page_of(handover))
    note = "勾选委托人书面同意留存的"
    return _items_page(request, form, handover, "留存备份", "登记留存", note)
