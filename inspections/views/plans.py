"""Plans of inspection and their draws."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspections import rules, services
from inspections.choices import PlanState
from inspections.forms import plans as forms
from inspections.models import Draw, Plan
from inspections.queries import inspections as inspection_queries
from inspections.queries import plans as queries
from projects.models import Project
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, page_of

CRUMBS = [{"title": "检查计划", "url": "/inspection-plans/"}]


@require_safe
@needs(Action.READ_INSPECTIONS)
def plan_list(request):
    page = page_of(request, queries.plan_rows().order_by(*queries.newest_first()))
    return render(request, "inspections/plan_list.html", {"page": page, "can_plan": _may_plan(request)})


def _may_plan(request) -> bool:
    return request.user.may(Action.PLAN_INSPECTIONS)


def _plan(pk) -> Plan:
    return get_object_or_404(Plan.objects.select_related("created_by"), pk=pk)


@require_safe
@needs(Action.READ_INSPECTIONS)
def plan_detail(request, pk):
    plan = _plan(pk)
    page = page_of(request, inspection_queries.inspection_rows(request.user).filter(plan=plan).order_by("number"))
    page.object_list = inspection_queries.tell_clocks(page.object_list)
    context = {
        "plan": plan,
        "page": page,
        "progress": queries.progress_of(plan),
        "coverage": queries.coverage_of(plan),
        "population": queries.projects_of(plan).count(),
        "draws": plan.draws.select_related("drawn_by"),
        "can_plan": _may_plan(request),
        "crumbs": CRUMBS,
    }
    return render(request, "inspections/plan_detail.html", context)


def _plan_form(request, form, rows, *, heading: str, back: str):
    context = {"form": form, "rows": rows, "heading": heading, "back": back, "crumbs": CRUMBS}
    return render(request, "inspections/plan_form.html", context)


@needs(Action.PLAN_INSPECTIONS)
def plan_create(request):
    form = forms.PlanForm(request.POST or None, initial={"year": timezone.localdate().year})
    rows = forms.TargetRows(request.POST or None, prefix="targets")
    made = []

    def act():
        made.append(services.create_plan(actor=request.user, targets=forms.targets_of(rows), **form.cleaned_data))

    if request.method == "POST" and rows.is_valid() and accepted(form, act):
        messages.success(request, "检查计划已编制。核对覆盖率目标后开始执行，即可抽样。")
        return redirect("inspections:plan_detail", made[0].pk)
    return _plan_form(request, form, rows, heading="编制检查计划", back=reverse("inspections:plan_list"))


@needs(Action.PLAN_INSPECTIONS)
def plan_edit(request, pk):
    plan = _plan(pk)
    facts = {name: getattr(plan, name) for name in services.FACTS}
    targets = [
        {"unit": row.unit_id, "business_line": row.business_line, "percent": row.percent} for row in plan.targets.all()
    ]
    form = forms.PlanForm(request.POST or None, instance=_plan(pk), initial=facts)
    rows = forms.TargetRows(request.POST or None, prefix="targets", initial=targets)

    def act():
        services.update_plan(actor=request.user, plan=plan, targets=forms.targets_of(rows), **form.cleaned_data)

    if request.method == "POST" and rows.is_valid() and accepted(form, act):
        messages.success(request, "已保存。")
        return redirect("inspections:plan_detail", pk)
    return _plan_form(
        request, form, rows, heading=f"修改：{plan.title}", back=reverse("inspections:plan_detail", args=[pk])
    )


@require_POST
@needs(Action.PLAN_INSPECTIONS)
def plan_move(request, pk):
    """开始执行, then 结束: the one step that the plan has before it."""
    plan = _plan(pk)
    state = PlanState.IN_FORCE if request.POST.get("state") == PlanState.IN_FORCE else PlanState.ENDED
    try:
        services.move_plan(actor=request.user, plan=plan, state=state)
        messages.success(request, "计划已开始执行。" if state == PlanState.IN_FORCE else "计划已结束。")
    except ValidationError as error:
        messages.warning(request, "".join(error.messages))
    return redirect("inspections:plan_detail", pk)


@needs(Action.PLAN_INSPECTIONS)
def draw_create(request, pk):
    plan = _plan(pk)
    always = queries.always_drawn(plan.year)
    form = forms.DrawForm(request.POST or None, initial={"size": queries.suggested_size(plan)})
    made = []

    def act():
        made.append(services.draw_sample(actor=request.user, plan=plan, **form.cleaned_data))

    if request.method == "POST" and accepted(form, act):
        messages.success(request, f"已抽取 {len(made[0].drawn)} 个项目。")
        return redirect("inspections:draw", pk, made[0].pk)
    projects = list(queries.projects_of(plan, always))
    context = {
        "plan": plan, "form": form, "formula": rules.WEIGHT_FORMULA, "population": len(projects),
        "always": [(project, always[project.pk]) for project in projects if project.pk in always],
        "is_again": plan.draws.exists(), "crumbs": [*CRUMBS, {"title": plan.title, "url": _url(plan)}],
    }  # fmt: skip
    return render(request, "inspections/draw_form.html", context)


def _url(plan: Plan) -> str:
    return reverse("inspections:plan_detail", args=[plan.pk])


@require_safe
@needs(Action.READ_INSPECTIONS)
def draw(request, pk, draw_pk):
    """How the draw was made: seed, algorithm, strata, weights, exclusions, result; and whether it comes out again."""
    drawn = get_object_or_404(Draw.objects.select_related("plan", "drawn_by"), pk=draw_pk, plan=pk)
    rows = {row["number"]: row for row in drawn.population}
    projects = dict(
        Project.objects.visible_to(request.user)
        .filter(number__in=[row["number"] for row in drawn.drawn])
        .values_list("number", "pk")
    )
    opened = inspection_queries.opened_of(drawn)
    sizes: dict[str, int] = {}
    for row in drawn.population:
        sizes[row["stratum"]] = sizes.get(row["stratum"], 0) + 1
    context = {
        "draw": drawn,
        "plan": drawn.plan,
        "result": [
            {**rows[row["number"]], **row, "pk": projects.get(row["number"]), "inspection": opened.get(row["number"])}
            for row in drawn.drawn
        ],
        "strata": [(name, size, drawn.quotas.get(name, 0)) for name, size in sorted(sizes.items())],
        "comes_out_again": services.comes_out_again(drawn),
        "formula": _formula_of(drawn),
        "to_open": len(drawn.drawn) - len(opened),
        "can_plan": _may_plan(request),
        "crumbs": [*CRUMBS, {"title": drawn.plan.title, "url": _url(drawn.plan)}],
    }
    return render(request, "inspections/draw.html", context)


def _formula_of(drawn: Draw) -> str:
    """The formula that a draw was weighted by, in words; the first draws did not keep its number."""
    risk = next((row["risk"] for row in drawn.population if row["risk"]), None) or {}
    return rules.WEIGHT_FORMULAS[risk.get("formula", 1)]
