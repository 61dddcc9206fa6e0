"""Pages of the scoring standards: everybody reads what is or was in force; the quality office keeps them."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scoring import comparison, printouts, queries, services
from scoring.choices import Purpose
from scoring.content import problems
from scoring.forms import Editor
from scoring.models import Standard
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted

PAGE = require_http_methods(["GET", "HEAD", "POST"])


def _crumbs(standard: Standard | None = None) -> list[dict]:
    crumbs = [{"title": "评分标准", "url": reverse("scoring:standard_list")}]
    if standard is not None:
        crumbs.append({"title": str(standard), "url": reverse("scoring:standard_detail", args=[standard.pk])})
    return crumbs


# ── Reading ─────────────────────────────────────────────────────────────────
@require_safe
def standard_list(request):
    """The versions of each purpose; the newest published one is in force."""
    groups = [{"purpose": purpose, "versions": [], "current": None, "draft": None} for purpose in Purpose]
    by_purpose = {group["purpose"].value: group for group in groups}
    for standard in queries.listed(queries.standards_for(request.user)):
        group = by_purpose[standard.purpose]
        group["versions"].append(standard)
        kind = "draft" if standard.is_draft else "current"
        group[kind] = group[kind] or standard
    context = {"groups": groups, "can_manage": request.user.may(Action.MANAGE_STANDARDS)}
    return render(request, "scoring/standard_list.html", context)


@require_safe
def standard_detail(request, pk):
    """Everybody may read what they are scored by; a draft is the quality office's alone."""
    visible = queries.standards_for(request.user)
    standard = get_object_or_404(queries.with_criteria(visible).select_related("changed_by"), pk=pk)
    current = Standard.objects.current(standard.purpose)
    others = visible.filter(purpose=standard.purpose).exclude(pk=pk).order_by("-version")
    context = {
        "standard": standard,
        "is_in_force": current is not None and current.pk == standard.pk,
        "draft": next((each for each in others if each.is_draft), None),
        "other": queries.version_before(standard) or others.first(),
        "problems": problems(queries.content_of(standard)) if standard.is_draft else [],
        "can_manage": request.user.may(Action.MANAGE_STANDARDS),
        "crumbs": _crumbs(),
    }
    return render(request, "scoring/standard_detail.html", context)


@require_safe
def standard_compare(request, pk):
    """Two versions of one purpose side by side, the older one on the left; `?with=` names the other."""
    visible = queries.standards_for(request.user)
    standard = get_object_or_404(visible, pk=pk)
    others = list(visible.filter(purpose=standard.purpose).exclude(pk=pk).order_by("-version"))
    asked = request.GET.get("with", "")
    other = next((each for each in others if str(each.pk) == asked), None)
    if other is None and asked:
        raise Http404("没有这个版本。")
    other = other or queries.version_before(standard) or (others[0] if others else None)
    context = {"standard": standard, "others": others, "other": other, "crumbs": _crumbs(standard)}
    if other is not None:
        old, new = sorted((standard, other), key=lambda each: each.version)
        result = comparison.compare(queries.content_of(old), queries.content_of(new))
        words = {"old_word": f"第 {old.version} 版", "new_word": f"第 {new.version} 版"}
        context |= {"old": old, "new": new, "result": result, "shows_all": request.GET.get("all") == "1", **words}
    return render(request, "scoring/standard_compare.html", context)


@require_safe
def standard_print(request, pk):
    """One version as a PDF; a draft is marked as such on every page."""
    standard = get_object_or_404(queries.standards_for(request.user), pk=pk)
    response = HttpResponse(printouts.standard_paper(standard), content_type="application/pdf")
    is_attachment = request.GET.get("inline") != "1"
    response["Content-Disposition"] = content_disposition_header(is_attachment, f"{standard}.pdf")
    return response


# ── Keeping ─────────────────────────────────────────────────────────────────
@require_POST
@needs(Action.MANAGE_STANDARDS)
def standard_copy(request, pk):
    standard = get_object_or_404(Standard, pk=pk)
    try:
        draft = services.copy_standard(actor=request.user, standard=standard)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
        return redirect("scoring:standard_detail", pk)
    messages.success(request, f"已复制为第 {draft.version} 版草稿，修改后发布才生效。")
    return redirect("scoring:standard_edit", draft.pk)


@PAGE
@needs(Action.MANAGE_STANDARDS)
def standard_edit(request, pk):
    """The editor of a draft. 保存 keeps what was typed; every other button changes the page alone."""
    standard = get_object_or_404(Standard.objects.select_related("changed_by"), pk=pk)
    if request.method != "POST":
        if not standard.is_draft:
            messages.info(request, "该版本已发布，不能修改；请复制为新版本。")
            return redirect("scoring:standard_detail", pk)
        return _editor_page(request, standard, Editor.of(queries.content_of(standard)), standard.turn)
    turn, act = _number(request.POST.get("turn")), request.POST.get("do", "save")
    if act not in ("save", "publish"):
        return _editor_page(request, standard, Editor.posted(request.POST).apply(act), turn, is_changed=True)
    editor = Editor.posted(request.POST, is_checked=True)
    if not accepted(
        editor,
        lambda: services.save_draft(actor=request.user, standard=standard, turn=turn, content=editor.content()),
    ):
        return _refused(request, standard, editor, turn)
    if act == "publish":
        return redirect("scoring:standard_publish", pk)
    messages.success(request, "草稿已保存。")
    return redirect("scoring:standard_edit", pk)


def _refused(request, standard: Standard, editor: Editor, turn: int):
    """The page with what is wrong. Where somebody was faster: what is saved now against what is typed here, and the turn
    to save over it knowingly."""
    if not editor.is_overtaken:
        return _editor_page(request, standard, editor, turn, is_changed=True)
    standard.refresh_from_db()
    found = comparison.compare(queries.content_of(standard), editor.content())
    return _editor_page(request, standard, editor, standard.turn, is_changed=True, status=409, result=found)


def _editor_page(request, standard: Standard, editor: Editor, turn: int, *, status=200, is_changed=False, **more):
    context = {
        "standard": standard, "editor": editor, "turn": turn, "is_changed": is_changed, "crumbs": _crumbs(standard), **more,
        "problems": [] if is_changed else problems(queries.content_of(standard)),
    }  # fmt: skip
    return render(request, "scoring/standard_edit.html", context, status=status)


def _number(typed: str | None) -> int:
    """The turn that the page carries; what is none is a turn that never was."""
    return int(typed) if typed and typed.isdecimal() and len(typed) < 9 else -1


@PAGE
@needs(Action.MANAGE_STANDARDS)
def standard_publish(request, pk):
    """What would change against the version in force; then the deed."""
    standard = get_object_or_404(Standard.objects.select_related("changed_by"), pk=pk)
    if request.method != "POST" and not standard.is_draft:
        return redirect("scoring:standard_detail", pk)
    current = Standard.objects.current(standard.purpose)
    refusals, status = [], 200
    if request.method == "POST":
        against = request.POST.get("against") or None
        try:
            services.publish_standard(
                actor=request.user, standard=standard, turn=_number(request.POST.get("turn")),
                against=None if against is None else _number(against),
            )  # fmt: skip
        except ValidationError as error:
            refusals, status = error.messages, 409 if _is_stale(error) else 200
            standard.refresh_from_db()
        else:
            messages.success(request, f"“{standard.title}”第 {standard.version} 版已发布，即时生效。")
            return redirect("scoring:standard_detail", pk)
    content = queries.content_of(standard)
    context = {
        "standard": standard, "current": current, "refusals": refusals, "problems": problems(content),
        "result": comparison.compare(queries.content_of(current), content) if current else None,
        "crumbs": _crumbs(standard),
    }  # fmt: skip
    return render(request, "scoring/standard_publish.html", context, status=status)


def _is_stale(error: ValidationError) -> bool:
    return any(each.code == "overtaken" for each in error.error_list)


@PAGE
@needs(Action.MANAGE_STANDARDS)
def standard_discard(request, pk):
    """Asks once more, then deletes a draft."""
    standard = get_object_or_404(Standard.objects.select_related("changed_by"), pk=pk)
    refusals = []
    if request.method != "POST" and not standard.is_draft:
        return redirect("scoring:standard_detail", pk)
    if request.method == "POST":
        turn = _number(request.POST.get("turn"))
        try:
            services.discard_draft(actor=request.user, standard=standard, turn=turn)
        except ValidationError as error:
            refusals = error.messages
            standard.refresh_from_db()
        else:
            messages.success(request, f"“{standard.title}”第 {standard.version} 版草稿已删除。")
            return redirect("scoring:standard_list")
    context = {"standard": standard, "refusals": refusals, "crumbs": _crumbs(standard)}
    return render(request, "scoring/standard_discard.html", context, status=409 if refusals else 200)
