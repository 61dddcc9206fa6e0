"""立项: of one inspection, of the projects of a sample; its inspectors; its cancelling."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from inspections.choices import Act, Kind
from inspections.forms import opening as forms
from inspections.models import Accident, Draw, Plan
from inspections.queries import inspections as queries
from inspections.services import drawn as drawn_services
from inspections.services import opening as services
from inspections.views.acting import begin, page
from inspections.views.loading import tells_lost_race
from projects.models import Project
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted
from staff.models import Unit
from staff.once import give_back, take_once

LIST = {"title": "检查", "url": "/inspections/"}
PAGE = require_http_methods(["GET", "HEAD", "POST"])


def _sent_once(request, form, act) -> bool:
    """As `accepted`, for a drawing of a form that may be sent but once; the second time says so."""
    if not form.is_valid():
        return False
    token = form.cleaned_data["once"]
    if not take_once(token):
        messages.warning(request, "该页已经提交过，没有重复立项。")
        return True
    if accepted(form, act):
        return True
    give_back(token)
    return False


# ── One ─────────────────────────────────────────────────────────────────────
@PAGE
@needs(Action.PLAN_INSPECTIONS)
def inspection_open(request):
    """The form knows what the address names: a plan, a draw, a project, a unit, a trigger, a former inspection."""
    form = forms.OpenForm(request.POST or None, user=request.user, initial=_asked_for(request))
    made = []

    def act():
        made.append(services.open_inspection(actor=request.user, **form.facts()))

    if request.method == "POST" and _sent_once(request, form, act):
        if not made:
            return redirect("inspections:list")
        messages.success(request, f"已立项：{made[0].number}。")
        return redirect("inspections:detail", made[0].pk)
    return render(request, "inspections/open_form.html", {"form": form, "crumbs": [LIST], "back": LIST["url"]})


def _asked_for(request) -> dict:
    """The initial values that the address gives; what the person may not see, or what does not exist, gives none."""
    user, found = request.user, {}
    plan = _named(request, "plan", Plan.objects.all())
    if draw := _named(request, "draw", Draw.objects.select_related("plan")):
        plan = draw.plan
        found["draw"] = draw.pk
    if plan:
        found |= {"plan": plan.pk, "kind": plan.kind}
    subject = _named(request, "project", Project.objects.visible_to(user)) or _named(request, "unit", Unit.objects)
    if complaint := _named(request, "complaint", queries.complaints_on_file(user)):
        found |= {"complaint": complaint.pk, "kind": Kind.SPECIAL_AUDIT}
        subject = complaint.project or complaint.unit
    if accident := _named(request, "accident", Accident.objects.visible_to(user).select_related("project")):
        found |= {"accident": accident.pk, "kind": Kind.SPECIAL_AUDIT}
        subject = accident.project
    if former := _named(request, "reinspection", queries.to_inspect_again(user)):
        found |= {"reinspection_of": former.pk, "kind": found.get("kind", Kind.IRREGULAR)}
        subject = former.project or former.unit
    if isinstance(subject, Project):
        found["project"] = subject.number
    elif subject:
        found["unit"] = subject.pk
    return found


def _named(request, name: str, rows):
    """The row that ?name= names, or None."""
    asked = request.GET.get(name, "")
    return rows.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 10 else None


# ── A whole sample ──────────────────────────────────────────────────────────
@PAGE
@needs(Action.PLAN_INSPECTIONS)
def draw_open(request, pk, draw_pk):
    """The drawn projects that are not opened yet, all ticked; opened together or not at all."""
    draw = get_object_or_404(Draw.objects.select_related("plan"), pk=draw_pk, plan=pk)
    projects = queries.drawn_to_open(draw)
    form = forms.DrawnForm(request.POST or None, projects=projects)
    back = reverse("inspections:draw", args=[pk, draw_pk])
    made = []

    def act():
        made.extend(drawn_services.open_drawn(actor=request.user, draw=draw, **form.facts()))

    if request.method == "POST" and _sent_once(request, form, act):
        if made:
            messages.success(request, f"已立项 {len(made)} 项检查。")
        return redirect(f"{reverse('inspections:list')}?plan={pk}&state=")
    crumbs = [
        {"title": "检查计划", "url": reverse("inspections:plan_list")},
        {"title": draw.plan.title, "url": reverse("inspections:plan_detail", args=[pk])},
        {"title": "抽样结果", "url": back},
    ]
    context = {"form": form, "draw": draw, "projects": projects, "ticked": _ticked(form, projects),
               "opened": len(draw.drawn) - len(projects), "back": back, "crumbs": crumbs}  # fmt: skip
    return render(request, "inspections/draw_open.html", context)


def _ticked(form, projects) -> set[str]:
    """The ids of the ticked projects: all at first, later those that were sent."""
    return set(form.data.getlist("projects")) if form.is_bound else {str(project.pk) for project in projects}


# ── Once it is open ─────────────────────────────────────────────────────────
def _act(request, pk, act: Act, form_class, service, *, initial, done: str, lead: str = "", danger: bool = False):
    """A page with one form that does one thing to an inspection."""
    inspection = begin(request, pk, act)
    form = form_class(request.POST or None, initial={"turn": inspection.turn, **initial(inspection)})
    if request.method == "POST" and accepted(
        form, lambda: service(actor=request.user, inspection=inspection, **form.cleaned_data)
    ):
        messages.success(request, done)
        return redirect("inspections:detail", pk)
    return page(request, "act_form", inspection, form=form, heading=act.label, lead=lead, danger=danger)


@PAGE
@tells_lost_race
def appoint(request, pk):
    def initial(inspection) -> dict:
        people = list(inspection.inspectors.all())
        return {
            "lead": next((row.user_id for row in people if row.is_lead), None),
            "inspectors": [row.user_id for row in people if not row.is_lead],
            "planned_on": inspection.planned_on,
        }

    return _act(request, pk, Act.APPOINT, forms.AppointForm, services.appoint, initial=initial,
                done="检查人员与计划检查日期已调整。", lead="新加入的检查人员会收到通知；已登记的评分记录保留。")  # fmt: skip


@PAGE
@tells_lost_race
def cancel(request, pk):
    return _act(request, pk, Act.CANCEL, forms.CancelForm, services.cancel, initial=lambda inspection: {},
                done="检查已撤销。", danger=True,
                lead="书面意见出具前可以撤销。撤销后不能恢复，需要时另行立项。")  # fmt: skip
