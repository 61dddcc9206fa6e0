"""Pages of the time standards: what they say, and how the quality office changes them with open eyes."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from deadlines import services, wording
from deadlines.forms.time_rules import RuleConfirmForm, RuleForm, posted
from deadlines.models import Deadline, DeadlineRule
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted


def _require_reader(user) -> None:
    """Whoever does business or audits reads the rules; the administrator has nothing to do with business (三员分立)."""
    if user.may(Action.CONFIGURE):
        raise PermissionDenied("时限规则由业务人员和审计员查阅。")


def _open_clocks(user):
    return Deadline.objects.visible_to(user).open().order_by()


# ── Reading ─────────────────────────────────────────────────────────────────
@require_safe
def rule_list(request):
    _require_reader(request.user)
    running = dict(_open_clocks(request.user).values_list("rule__code").annotate(count=Count("pk")))
    rows = [
        {"rule": rule, "running": running.get(rule.code, 0), **_in_words(rule)}
        for rule in DeadlineRule.objects.newest().annotate(first=_first_version()).order_by("first")
    ]
    context = {
        "rows": rows,
        "can_change": request.user.may(Action.MANAGE_TIME_RULES),
        "crumbs": [{"title": "时限", "url": reverse("deadlines:list")}, {"title": "时限规则"}],
    }
    return render(request, "deadlines/rule_list.html", context)


def _first_version() -> Subquery:
    """A rule keeps its place in the list, however often it was changed."""
    return Subquery(DeadlineRule.objects.filter(code=OuterRef("code"), version=1).values("pk")[:1])


def _in_words(rule: DeadlineRule) -> dict:
    return {
        "reminders": wording.reminder_words(rule),
        "ladder": wording.ladder(rule),
        "repeat": wording.repeat_words(rule),
        "scope": wording.scope_words(rule),
        "fulfilled": wording.fulfilled_words(rule),
    }


@require_safe
def rule_detail(request, code):
    _require_reader(request.user)
    versions = list(DeadlineRule.objects.filter(code=code).select_related("created_by").order_by("-version"))
    if not versions:
        raise Http404("没有这条时限规则。")
    rule = versions[0]
    running = dict(
        _open_clocks(request.user).filter(rule__code=code).values_list("rule__version").annotate(count=Count("pk"))
    )
    earlier = {each.version: each for each in versions}
    context = {
        "rule": rule,
        "words": _in_words(rule),
        "running": sum(running.values()),
        "versions": [
            {
                "rule": each,
                "changes": wording.changes(earlier[each.version - 1], each) if each.version - 1 in earlier else [],
                "running": running.get(each.version, 0),
            }
            for each in versions
        ],
        "can_change": request.user.may(Action.MANAGE_TIME_RULES),
        "crumbs": _crumbs(),
    }
    return render(request, "deadlines/rule_detail.html", context)


def _crumbs(rule: DeadlineRule | None = None) -> list[dict]:
    crumbs = [
        {"title": "时限", "url": reverse("deadlines:list")},
        {"title": "时限规则", "url": reverse("deadlines:rule_list")},
    ]
    if rule is not None:
        crumbs.append({"title": rule.title, "url": reverse("deadlines:rule_detail", args=[rule.code])})
    return crumbs


# ── Changing: form → what it would do → done ────────────────────────────────
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Action.MANAGE_TIME_RULES)
def rule_edit(request, code):
    """One address for both steps: what was typed travels along, and comes back with 返回修改."""
    rule = get_object_or_404(DeadlineRule.objects.newest().select_related("created_by"), code=code)
    if request.method != "POST":
        return _form_page(request, rule, RuleForm(rule=rule))
    form = RuleForm(request.POST, rule=rule)
    if request.POST.get("version") != str(rule.version):
        return _form_page(request, rule, form, is_overtaken=True)
    step = request.POST.get("step")
    if step == "back":
        return _form_page(request, rule, form)
    moves: list = []
    if not accepted(form, lambda: moves.extend(services.preview_rule(rule, form.changes()))):
        return _form_page(request, rule, form)
    following = wording.changed_rule(rule, form.changes())
    changes = wording.changes(rule, following)
    if not changes:
        form.add_error(None, "没有修改任何内容。")
        return _form_page(request, rule, form)
    return _confirm(request, rule, form, following, changes, moves, is_confirmed=step == "confirm")


def _confirm(request, rule, form, following, changes, moves, *, is_confirmed: bool):
    typed = {name: request.POST[name] for name in ("reason", "move_running") if request.POST.get(name)}
    confirm = RuleConfirmForm(request.POST if is_confirmed else None, initial=typed, asks=bool(moves))
    if is_confirmed and accepted(
        confirm,
        lambda: services.change_rule(actor=request.user, rule=rule, changes=form.changes(), **confirm.cleaned_data),
    ):
        messages.success(request, f"“{following.title}”已修订为第 {following.version} 版，即时生效。")
        return redirect("deadlines:rule_detail", rule.code)
    context = {
        "rule": rule,
        "following": following,
        "changes": changes,
        "quotes_old_clause": following.amount_words != rule.amount_words and following.clause == rule.clause,
        "moves": wording.moves_words(moves),
        "seen": services.digest_of(moves),
        "form": confirm,
        "hidden": posted(form),
        "crumbs": _crumbs(rule),
    }
    return render(request, "deadlines/rule_preview.html", context)


def _form_page(request, rule, form, *, is_overtaken: bool = False):
    """The form; with what somebody else has changed since it was first shown."""
    context = {"rule": rule, "form": form, "crumbs": _crumbs(rule), "is_overtaken": is_overtaken}
    if is_overtaken:
        context["meanwhile"] = _changed_since(rule, request.POST.get("version", ""))
    # Typed on the page that follows: it must survive 返回修改.
    context["kept"] = [(name, request.POST[name]) for name in ("reason", "move_running") if request.POST.get(name)]
    return render(request, "deadlines/rule_form.html", context)


def _changed_since(rule: DeadlineRule, version: str) -> list[wording.Change]:
    if not version.isdecimal() or len(version) > 4:
        return []
    before = DeadlineRule.objects.filter(code=rule.code, version=int(version)).first()
    return wording.changes(before, rule) if before else []
