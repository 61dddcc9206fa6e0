"""One inspection on one page: where it stands, what was found, said and done, and what is to be done now."""

from decimal import Decimal

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from feedback.models import Complaint
from inspections import chain, course
from inspections.choices import CONCLUDED, SHOWN_TO_PROJECT, Side, State
from inspections.models import Inspection
from inspections.queries import inspections as queries
from inspections.queries import liability as liability_queries
from inspections.queries import score_sheets
from inspections.telling import inspected_side
from inspections.views.buttons import buttons, inspects, may_open_again
from inspections.views.loading import load
from inspections.views.parts import detail_parts
from ledger.models import Entry
from projects.models import Deliverable, Project
from scoring.content import figure
from staff import permissions
from staff.choices import Action

STATE_KINDS = {
    State.SCORING: "waiting",
    State.DISCUSSING: "waiting",
    State.ISSUED: "todo",
    State.RECTIFYING: "returned",
    State.RECHECKING: "todo",
    State.CLOSED: "signed",
    State.CANCELLED: "void",
}
# The newest rows of the evidence chain; an inspection has a few dozen.
MOST_ENTRIES = 300


@require_safe
def inspection_detail(request, pk):
    inspection = load(request, pk)
    user, is_scoring = request.user, inspection.state == State.SCORING
    acts = chain.possible_acts(inspection, user)
    roles = chain.roles_for(user, inspection)
    is_inspector = inspects(user, inspection)
    may_read = user.may(Action.READ_INSPECTIONS)
    is_office = (may_read or is_inspector) and not chain.is_partial(user, inspection)
    entries = list(Entry.objects.about(inspection).select_related("actor").order_by("-number")[:MOST_ENTRIES])
    sections = score_sheets.sections_of(inspection) if is_office else []
    sheet = inspection.score_sheet if inspection.state in SHOWN_TO_PROJECT else None
    parts = detail_parts(request, inspection)
    # Whoever may decide whether it is inspected again does so first.
    decides_again = any(row.may_decide and row.target_year for row in parts["consequences"])
    context = {
        "inspection": inspection,
        "kind": STATE_KINDS[State(inspection.state)],
        "holder": _holder(inspection),
        "clock": queries.clocks_of([inspection]).get(inspection.pk),
        "due": inspection.planned_on if is_scoring else None,
        "steps": course.steps(reversed(entries), State(inspection.state)),
        "entries": course.timeline(entries, is_office=is_office, sees_upward=is_office and may_read),
        "inspectors": inspection.inspectors.select_related("user__unit"),
        "sheet": sheet,
        "set_by": _set_by(sheet) if sheet else "",
        "criteria": _criteria(sheet, sections) if sheet else [],
        "former_sheet": inspection.score_sheet if is_scoring else None,
        "sections": sections if is_scoring else [],
        "findings": _findings(user, inspection),
        "is_office": is_office,
        "may_read_plans": may_read,
        "project_is_seen": _is_seen(user, inspection),
        "trigger": _trigger(user, inspection, is_office),
        "again": inspection.reinspections.visible_to(user).exclude(state=State.CANCELLED),
        "former": _former(user, inspection),
        "buttons": buttons(user, inspection, acts, is_inspector=is_inspector, roles=roles),
        "may_open_again": not decides_again and may_open_again(user, inspection),
        "answers": permissions.allows(Action.ANSWER_INSPECTION, roles),
        "crumbs": [{"title": "检查", "url": reverse("inspections:list")}],
        **parts,
    }
    return render(request, "inspections/inspection_detail.html", context)


def _is_seen(user, inspection: Inspection) -> bool:
    if not inspection.project_id:
        return False
    return Project.objects.visible_to(user).filter(pk=inspection.project_id).exists()


def _former(user, inspection: Inspection) -> Inspection | None:
    if not inspection.reinspection_of_id:
        return None
    return Inspection.objects.visible_to(user).filter(pk=inspection.reinspection_of_id).first()


# ── Who has it now ──────────────────────────────────────────────────────────
def _holder(inspection: Inspection) -> str:
    """Whose turn it is, in words; empty once it is over."""
    match State(inspection.state):
        case State.SCORING:
            return "、".join(row.user.name for row in inspection.inspectors.select_related("user") if row.is_lead)
        case State.DISCUSSING:
            sides = queries.sides_to_speak(inspection)
            return "、".join(Side(side).label for side in sides) or "质量办"
        case State.ISSUED | State.RECTIFYING:
            return "、".join(person.name for person in _answering(inspection)[:2]) or "被检方（暂缺人员）"
        case State.RECHECKING:
            return "质量办"
        case _:
            return ""


def _answering(inspection: Inspection) -> list:
    """Who answers for it, those on the project's team first."""
    people = inspected_side(inspection)
    if not inspection.project_id:
        return people
    team = set(inspection.project.assignments.in_force().values_list("user", flat=True))
    return sorted(people, key=lambda person: person.pk not in team)


# ── The score ───────────────────────────────────────────────────────────────
def _set_by(sheet) -> str:
    """What set the total: the veto, or the criterion that lost most."""
    items = [item for row in sheet.snapshot for item in row["items"]]
    vetoes = [item["text"] for item in items if item["is_veto"] and Decimal(item["hits"])]
    if vetoes:
        return f"一票否决：{'；'.join(vetoes)}"
    lost = [(Decimal(row["maximum"]) - Decimal(row["score"]), row["title"]) for row in sheet.snapshot]
    most, title = max(lost, default=(Decimal(0), ""), key=lambda pair: pair[0])
    return f"扣分最多：{title} −{figure(most)} 分" if most else "没有扣分"


def _criteria(sheet, sections) -> list[dict]:
    """The snapshot row by row, with what was hit; for the office also what the inspectors noted."""
    notes = {section.criterion.title: section.note for section in sections}
    return [
        {**row, "items": [item for item in row["items"] if Decimal(item["hits"])], "note": notes.get(row["title"], "")}
        for row in sheet.snapshot
    ]


def _findings(user, inspection: Inspection) -> list:
    """The problems; `is_seen`: whether the person may open what they were found in. With the case of liability that came of
    one, or whether the person may open it."""
    rows = list(score_sheets.findings_of(inspection))
    cases = liability_queries.cases_of(rows, user)
    may_propose = inspection.state in CONCLUDED and user.may(Action.PROPOSE_LIABILITY)
    linked = {row.deliverable_id for row in rows if row.deliverable_id}
    linked |= {row.attachment.version.deliverable_id for row in rows if row.attachment_id}
    seen = set(Deliverable.objects.visible_to(user).filter(pk__in=linked).order_by().values_list("pk", flat=True))
    for row in rows:
        row.deliverable_seen = row.deliverable_id in seen
        row.liability = cases.get(row.pk)
        row.may_propose = may_propose and bool(row.deliverable_id or row.remark_id or row.attachment_id)
        row.attachment_seen = bool(row.attachment_id) and row.attachment.version.deliverable_id in seen
    return rows


# ── What set it off ─────────────────────────────────────────────────────────
def _trigger(user, inspection: Inspection, is_office: bool) -> dict | None:
    """The trigger of a 专项稽查: words, and the page for whoever may see it. A complaint's number is told to nobody else;
    the inspected side is not told that there was one."""
    if complaint := inspection.complaint:
        if Complaint.objects.visible_to(user).filter(pk=complaint.pk).exists():
            url = reverse("feedback:detail", args=[complaint.pk])
            return {"words": f"{complaint.get_kind_display()} {complaint.number}", "url": url}
        return {"words": "投诉举报（限办理人员查看）" if is_office else "已登记在案", "url": ""}
    if accident := inspection.accident:
        if not user.may(Action.READ_INSPECTIONS):
            return {"words": "重大质量事故", "url": ""}
        url = reverse("inspections:accident", args=[accident.pk])
        return {"words": f"重大质量事故 {accident.number} {accident.title}", "url": url}
    return None
