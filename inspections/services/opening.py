"""立项: an inspection is opened, its inspectors are appointed, it is cancelled."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from inspections.chain import held, is_partial, move, scope_of, unit_roles
from inspections.choices import CONCLUDED, SHOWN_TO_PROJECT, Act, Decision, Kind, PlanState, State
from inspections.models import Consequence, Draw, Inspection, Inspector, Plan, Section
from inspections.services.numbers import next_number
from inspections.telling import inspected_side, tell, tell_hidden
from ledger.services import record
from notices.choices import Kind as NoticeKind
from scoring.choices import Purpose
from scoring.models import Standard
from staff import permissions
from staff.choices import Action


@transaction.atomic
def open_inspection(*, actor, kind: Kind, lead, planned_on: date, project=None, unit=None, inspectors: Iterable = (),
                    plan: Plan | None = None, draw: Draw | None = None, complaint=None, accident=None,
                    reinspection_of: Inspection | None = None, note: str = "", year: int | None = None,
                    announce: bool = False) -> Inspection:  # fmt: skip
    """Open an inspection of `project`, or of `unit` itself, with its score sheet by the standard in force.

    Raises ValidationError where the plan, the trigger of a 专项稽查 or the re-inspection does not fit, a project of a plan
    was not drawn and `note` does not say why it is inspected all the same, and for an inspector who may not inspect or
    belongs to the inspected side. `announce` tells the inspected side of the date."""
    permissions.require_post(actor, Action.PLAN_INSPECTIONS)
    unit = project.unit if project else unit
    if unit is None:
        raise ValidationError({"project": "请指明被检项目或被检单位。"})
    _check_trigger(actor, kind, project, unit, complaint, accident)
    _check_plan(kind, plan, draw, project, note)
    _check_reinspection(reinspection_of, project, unit)
    purpose = Purpose.INSPECTION if project else Purpose.UNIT_INSPECTION
    standard = Standard.objects.current(purpose)
    if standard is None:
        raise ValidationError(f"“{purpose.label}”还没有发布的评分标准，请先发布。")
    now = timezone.now()
    inspection = Inspection(
        number=next_number("JC"), kind=kind, year=year or (plan.year if plan else planned_on.year), plan=plan, draw=draw,
        project=project, unit=unit, standard=standard, planned_on=planned_on, note=note.strip(), complaint=complaint,
        accident=accident, reinspection_of=reinspection_of, opened_by=actor, opened_at=now, last_actor=actor,
        last_acted_at=now,
    )  # fmt: skip
    inspection.full_clean()
    inspection.save(force_insert=True)
    people = _set_inspectors(inspection, lead, inspectors)
    Section.objects.bulk_create(Section(inspection=inspection, criterion=each) for each in standard.criteria.all())
    record(actor=actor, action=f"inspection.{Act.OPEN}", subject=inspection, scope=scope_of(inspection), data={
        "kind": kind, "year": inspection.year, "project": getattr(project, "pk", None), "unit": unit.pk,
        "standard": [standard.purpose, standard.version], "planned_on": planned_on, "inspectors": people,
        "plan": getattr(plan, "pk", None), "draw": getattr(draw, "pk", None), "note": inspection.note,
        "trigger": _trigger_number(complaint, accident), "reinspection_of": getattr(reinspection_of, "number", None),
        "state": inspection.state, "turn": 0,
    })  # fmt: skip
    _tell_opened(inspection, actor, announce)
    return inspection


def _trigger_number(complaint, accident) -> str | None:
    trigger = complaint or accident
    return trigger.number if trigger else None


def _tell_opened(inspection: Inspection, actor, announce: bool) -> None:
    day = f"{inspection.planned_on:%Y-%m-%d}"
    team = [row.user for row in inspection.inspectors.select_related("user")]
    tell(inspection, team, but=actor, title=f"请检查：{inspection}", body=f"计划检查日期 {day}。")
    if announce:
        tell(inspection, inspected_side(inspection), but=actor, kind=NoticeKind.INSPECTION,
             title=f"检查通知：{inspection.get_kind_display()} · {inspection.subject_words}",
             body=f"计划检查日期 {day}，请准备咨询成果与过程资料。")  # fmt: skip


def _check_trigger(actor, kind: Kind, project, unit, complaint, accident) -> None:
    """[S] 专项稽查依据投诉、举报和重大质量事故."""
    if kind != Kind.SPECIAL_AUDIT:
        if complaint or accident:
            raise ValidationError("只有专项稽查才指明投诉、举报或事故。")
        return
    if bool(complaint) == bool(accident):
        raise ValidationError("专项稽查须且只须指明一项投诉、举报或重大质量事故。")
    if complaint is not None:
        if not type(complaint).objects.visible_to(actor).filter(pk=complaint.pk).exists():
            raise PermissionDenied("您不能办理该投诉举报。")
        # On file once it was accepted; one that was refused, or found to be nothing, sets nothing off.
        if not complaint.is_on_file:
            raise ValidationError({"complaint": f"{complaint.number} 尚未受理、不予受理或不属实，不能据以稽查。"})
        meant = complaint.project_id == project.pk if project else complaint.unit_id == unit.pk
        if not meant:
            raise ValidationError({"complaint": f"{complaint.number} 没有登记涉及该项目（单位），请先登记。"})
    elif project is None or accident.project_id != project.pk:
        raise ValidationError({"accident": f"{accident.number} 不是该项目的事故。"})


def _check_plan(kind: Kind, plan: Plan | None, draw: Draw | None, project, note: str) -> None:
    if plan is None:
        if kind in (Kind.REGULAR, Kind.SPOT_CHECK):
            raise ValidationError({"plan": f"{kind.label}须列入检查计划。"})
        if draw is not None:
            raise ValidationError({"draw": "抽样须属于检查计划。"})
        return
    if plan.state != PlanState.IN_FORCE:
        raise ValidationError({"plan": "只能为执行中的计划立项。"})
    if plan.kind != kind:
        raise ValidationError({"kind": f"该计划的检查方式为{plan.get_kind_display()}。"})
    if draw is not None and draw.plan_id != plan.pk:
        raise ValidationError({"draw": "该抽样不属于所选计划。"})
    if project is None:
        return
    drawn = {row["number"] for rows in plan.draws.values_list("drawn", flat=True) for row in rows}
    if project.number not in drawn and not note.strip():
        raise ValidationError({"note": "该项目不在本计划的抽样结果中，请在检查内容中说明列入检查的理由。"})


def _check_reinspection(former: Inspection | None, project, unit) -> None:
    if former is None:
        return
    former = held(former)
    if former.project_id != (project.pk if project else None) or former.unit_id != unit.pk:
        raise ValidationError({"reinspection_of": "复查的对象须与原检查相同。"})
    if former.state not in CONCLUDED:
        raise ValidationError({"reinspection_of": f"{former.number} 尚未出具书面意见，不能复查。"})
    if again := former.reinspections.exclude(state=State.CANCELLED).first():
        raise ValidationError({"reinspection_of": f"{former.number} 的复查已经立项：{again.number}。"})
    if Consequence.objects.filter(inspection=former, decision=Decision.DISMISSED, target_year__isnull=False).exists():
        raise ValidationError({"reinspection_of": "该检查已决定不予复查。"})


def _set_inspectors(inspection: Inspection, lead, others: Iterable) -> list[int]:
    """Appoint the lead and the others; returns their ids, the lead first."""
    people = list({person.pk: person for person in [lead, *others]}.values())
    for person in people:
        _require_fit(person, inspection)
    inspection.inspectors.exclude(user__in=people).delete()
    inspection.inspectors.update(is_lead=False)
    for person in people:
        Inspector.objects.update_or_create(
            inspection=inspection, user=person, defaults={"is_lead": person.pk == lead.pk}
        )
    return [person.pk for person in people]


def _require_fit(person, inspection: Inspection) -> None:
    if not person.is_active or not permissions.allows(Action.INSPECT, unit_roles(person, inspection.unit_id)):
        raise ValidationError({"inspectors": f"{person.name}没有检查评分的权限，不能担任检查人员。"})
    if is_partial(person, inspection):
        raise ValidationError({"inspectors": f"{person.name}在被检项目或单位任职（或曾任职），须回避。"})


@transaction.atomic
def appoint(*, actor, inspection: Inspection, turn: int, lead, inspectors: Iterable, planned_on: date,
            reason: str) -> Inspection:  # fmt: skip
    """Change the inspectors or the date while it is being scored, with the reason. Raises AlreadyHandled."""
    if not reason.strip():
        raise ValidationError({"reason": "请说明调整理由。"})

    def write(inspection: Inspection) -> dict:
        before = list(inspection.inspectors.values_list("user", flat=True))
        after = _set_inspectors(inspection, lead, inspectors)
        new = [row.user for row in inspection.inspectors.select_related("user") if row.user_id not in before]
        tell(inspection, new, but=actor, title=f"请检查：{inspection}", body=f"计划检查日期 {planned_on:%Y-%m-%d}。")
        return {"inspectors": [before, after], "planned_on": [inspection.planned_on, planned_on],
                "reason": reason.strip(), "changes": {"planned_on": planned_on}}  # fmt: skip

    return move(inspection=inspection, act=Act.APPOINT, actor=actor, turn=turn, write=write)


@transaction.atomic
def cancel(*, actor, inspection: Inspection, turn: int, reason: str) -> Inspection:
    """撤销检查, before a written opinion is out, with the reason. Raises AlreadyHandled."""
    if not reason.strip():
        raise ValidationError({"reason": "请说明撤销理由。"})

    def write(inspection: Inspection) -> dict:
        people = [row.user for row in inspection.inspectors.select_related("user")]
        told = {"title": f"检查已撤销：{inspection}", "body": reason.strip(), "but": actor}
        tell(inspection, people, kind=NoticeKind.INSPECTION, **told)
        if inspection.state in SHOWN_TO_PROJECT:
            tell_hidden(inspection, inspected_side(inspection), **told)
        return {"reason": reason.strip()}

    return move(inspection=inspection, act=Act.CANCEL, actor=actor, turn=turn, write=write)
