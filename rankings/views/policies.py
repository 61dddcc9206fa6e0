"""Pages of the policy of rewards and penalties (奖惩标准): everybody in the business reads what is or was in force; 质量办 and
管理层 keep it, 管理层 publishes it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rankings import policy_content
from rankings.choices import KIND_OF, Cause, Kind, Measure
from rankings.forms.policies import Editor, PublishForm
from rankings.models import Policy
from rankings.queries import policies as queries
from rankings.rules import AT_MOST
from rankings.services import policies as services
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted
from staff.services import confirm_password

PAGE = require_http_methods(["GET", "HEAD", "POST"])


def _crumbs(policy: Policy | None = None) -> list[dict]:
    crumbs = [{"title": "奖惩标准", "url": reverse("rankings:policy_list")}]
    if policy is not None:
        crumbs.append({"title": str(policy), "url": reverse("rankings:policy", args=[policy.pk])})
    return crumbs


# ── Reading ─────────────────────────────────────────────────────────────────
@require_safe
def policy_list(request):
    """The versions; the newest published one is in force."""
    if not queries.reads(request.user):
        raise PermissionDenied("奖惩标准与您的岗位无关。")
    rows = queries.with_rows(queries.policies_for(request.user)).select_related("changed_by", "published_by")
    policies = list(rows.order_by("-version"))
    for policy in policies:
        policy.lacks = policy_content.unset(queries.content_of(policy, is_loaded=True))
    context = {
        "policies": policies,
        "current": next((each for each in policies if not each.is_draft), None),
        "draft": next((each for each in policies if each.is_draft), None),
        "can_manage": request.user.may(Action.MANAGE_POLICY),
    }
    return render(request, "rankings/policy_list.html", context)


@require_safe
def policy(request, pk):
    """One version, whole: amounts by cause, shares, targets, and how it differs from the one before."""
    rows = queries.with_rows(queries.policies_for(request.user)).select_related("changed_by", "published_by")
    found = get_object_or_404(rows, pk=pk)
    content = queries.content_of(found, is_loaded=True)
    before, current = queries.version_before(found), queries.in_force()
    can_manage = request.user.may(Action.MANAGE_POLICY)
    context = {
        "policy": found,
        "content": content,
        "groups": _groups(content),
        "shares": found.shares.all(),
        "target_rows": _target_rows(content),
        "lacks": policy_content.unset(content),
        "problems": policy_content.problems(content) if found.is_draft else [],
        "before": before,
        "changes": policy_content.compare(queries.content_of(before), content) if before else [],
        "is_in_force": current is not None and current.pk == found.pk,
        "draft": Policy.objects.filter(published_at__isnull=True).first() if can_manage else None,
        "can_manage": can_manage,
        "can_publish": request.user.may(Action.PUBLISH_POLICY),
        "crumbs": _crumbs(),
    }
    return render(request, "rankings/policy_detail.html", context)


def _groups(content) -> list[dict]:
    """The rules by cause, each with the words of the 制度."""
    found = [
        {
            "cause": cause, "is_reward": KIND_OF[cause] == Kind.REWARD, "clause": policy_content.CLAUSES[cause],
            "rows": [row for row in content.lines if row.cause == cause],
        }
        for cause in Cause
    ]  # fmt: skip
    return [group for group in found if group["rows"]]


def _target_rows(content) -> list[dict]:
    """Every measure with its target, at least or at most; None where none is set."""
    known = dict(content.targets)
    return [
        {"label": measure.label, "percent": known.get(measure), "sign": "≤" if measure in AT_MOST else "≥"}
        for measure in Measure
    ]


# ── Keeping ─────────────────────────────────────────────────────────────────
@require_POST
@needs(Action.MANAGE_POLICY)
def policy_copy(request):
    """A new draft from the version in force."""
    try:
        draft = services.copy_policy(actor=request.user)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
        return redirect("rankings:policy_list")
    messages.success(request, f"已编制第 {draft.version} 版草稿，修改后发布才生效。")
    return redirect("rankings:policy_edit", draft.pk)


@PAGE
@needs(Action.MANAGE_POLICY)
def policy_edit(request, pk):
    """The editor of a draft. 保存 keeps what was typed; every other button changes the page alone."""
    found = get_object_or_404(Policy.objects.select_related("changed_by"), pk=pk)
    if request.method != "POST":
        if not found.is_draft:
            messages.info(request, "该版本已发布，不能修改；请编制新版本。")
            return redirect("rankings:policy", pk)
        return _editor_page(request, found, Editor.of(queries.content_of(found)), found.turn)
    base, turn, act = queries.content_of(found), _number(request.POST.get("turn")), request.POST.get("do", "save")
    if act not in ("save", "publish"):
        return _editor_page(request, found, Editor.posted(base, request.POST).apply(act), turn, is_changed=True)
    editor = Editor.posted(base, request.POST, is_checked=True)
    known = queries.known_lines(found)
    if not accepted(
        editor,
        lambda: services.save_draft(actor=request.user, policy=found, turn=turn, content=editor.content(known)),
    ):
        return _refused(request, found, editor, turn)
    if act == "publish":
        return redirect("rankings:policy_publish", pk)
    messages.success(request, f"草稿已保存。{_next_step(request.user, found)}")
    return redirect("rankings:policy_edit", pk)


def _next_step(user, draft: Policy) -> str:
    """What follows a saved draft: what is still to be set, or who is to publish it."""
    content = queries.content_of(draft)
    if lacks := policy_content.unset(content):
        return f"尚有 {len(lacks)} 项未设定，全部设定并发布后才能结算年度奖惩。"
    if not queries.is_ready(content):
        return "由管理层核对并发布后生效。"
    return "请核对并发布，发布后生效。" if user.may(Action.PUBLISH_POLICY) else "已告知管理层核对，发布后生效。"


def _refused(request, found: Policy, editor: Editor, turn: int):
    """The page with what is wrong. Where somebody was faster: what is saved now against what is typed here, and the turn
    to save over it knowingly."""
    if not editor.is_overtaken:
        return _editor_page(request, found, editor, turn, is_changed=True)
    found.refresh_from_db()
    typed = editor.content(queries.known_lines(found))
    changes = policy_content.compare(queries.content_of(found), typed)
    return _editor_page(request, found, editor, found.turn, is_changed=True, status=409, changes=changes)


def _editor_page(request, found: Policy, editor: Editor, turn: int, *, status=200, is_changed=False, **more):
    context = {
        "policy": found, "editor": editor, "turn": turn, "is_changed": is_changed, "crumbs": _crumbs(found), **more,
        "problems": [] if is_changed else policy_content.problems(editor.base),
        "lacks": [] if is_changed else policy_content.unset(editor.base),
        "can_publish": request.user.may(Action.PUBLISH_POLICY),
    }  # fmt: skip
    return render(request, "rankings/policy_edit.html", context, status=status)


def _number(typed: str | None) -> int:
    """The turn that the page carries; what is none is a turn that never was."""
    return int(typed) if typed and typed.isdecimal() and typed.isascii() and len(typed) < 9 else -1


@PAGE
@needs(Action.PUBLISH_POLICY)
def policy_publish(request, pk):
    """What would change against the version in force; then the signature."""
    found = get_object_or_404(Policy.objects.select_related("changed_by"), pk=pk)
    if request.method != "POST" and not found.is_draft:
        return redirect("rankings:policy", pk)
    current = queries.in_force()
    shown = {"turn": found.turn, "against": current.version if current else None}
    form, status = PublishForm(request.POST or None, initial=shown), 200
    if request.method == "POST":
        if _published(request, form, found):
            messages.success(request, f"“{found.title}”第 {found.version} 版已发布，即时生效。")
            return redirect("rankings:policy", pk)
        status = 409 if form.has_error("__all__", code="overtaken") else 200
        found.refresh_from_db()
        form.data = form.data.copy()  # the page drawn now shows the newest state: whoever sends it again has seen that
        form.data.update({name: "" if value is None else str(value) for name, value in _shown_now(found).items()})
    content = queries.content_of(found)
    context = {
        "policy": found, "form": form, "current": current, "problems": policy_content.problems(content),
        "lacks": policy_content.unset(content), "changes": policy_content.compare(queries.content_of(current), content) if current else [],
        "digest": content.digest, "crumbs": _crumbs(found), "is_late": status == 409,
    }  # fmt: skip
    return render(request, "rankings/policy_publish.html", context, status=status)


def _shown_now(found: Policy) -> dict:
    current = queries.in_force()
    return {"turn": found.turn, "against": current.version if current else None}


def _published(request, form: PublishForm, found: Policy) -> bool:
    """Whether the form was valid, the password right, and the service took it."""
    if not form.is_valid():
        return False
    try:
        confirmation = confirm_password(request, request.user, form.cleaned_data["password"])
    except ValidationError as error:
        form.add_error("password", error)
        return False
    shown = {name: form.cleaned_data[name] for name in ("turn", "against")}
    return accepted(
        form, lambda: services.publish_policy(actor=request.user, confirmation=confirmation, policy=found, **shown)
    )


@PAGE
@needs(Action.MANAGE_POLICY)
def policy_discard(request, pk):
    """Asks once more, then deletes a draft."""
    found = get_object_or_404(Policy.objects.select_related("changed_by"), pk=pk)
    if request.method != "POST" and not found.is_draft:
        return redirect("rankings:policy", pk)
    refusals = []
    if request.method == "POST":
        try:
            services.discard_draft(actor=request.user, policy=found, turn=_number(request.POST.get("turn")))
        except ValidationError as error:
            refusals = error.messages
            found.refresh_from_db()
        else:
            messages.success(request, f"“{found.title}”第 {found.version} 版草稿已删除。")
            return redirect("rankings:policy_list")
    context = {"policy": found, "refusals": refusals, "crumbs": _crumbs(found)}
    return render(request, "rankings/policy_discard.html", context, status=409 if refusals else 200)
