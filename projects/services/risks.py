"""Every write to risks."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from ledger.services import record
from notices.choices import Kind
from notices.services import notify
from projects import rules
from projects.choices import RiskStatus
from projects.models import (
    Risk,
)
from projects.queries import holders_of, roles_on
from staff import permissions
from staff.choices import Action, Role


@transaction.atomic
def register_risk(*, actor, project, description, probability, impact, measures="", owner) -> Risk:
    """Put a risk on the project's list. `owner`, who deals with it, hears of it."""
    permissions.require(actor, Action.MANAGE_RISKS, roles_on(actor, project))
    if not roles_on(owner, project):
        raise ValidationError("责任人不在本项目组。")
    risk = Risk(project=project, description=description, probability=probability, impact=impact, measures=measures,
                owner=owner, created_by=actor)  # fmt: skip
    risk.full_clean()
    risk.save()
    record(actor=actor, action="risk.register", subject=risk, data={"owner": owner.pk, "weight": risk.weight},
           scope=project)  # fmt: skip
    if owner.pk != actor.pk:
        _tell(risk, f"请处理风险：{risk}", measures and f"应对措施：{measures}")
    return risk


def _tell(risk: Risk, title: str, body: str) -> None:
    """The owner hears of the risk."""
    notify(recipients=[risk.owner], kind=Kind.RISK, title=title, body=body,
           url=f"/projects/{risk.project_id}/risks/", is_confidential=risk.project.is_secret)  # fmt: skip


@transaction.atomic
def escalate_risk(*, actor, risk: Risk, reason: str) -> Risk:
    """The owner cannot remove the risk: it climbs 造价工程师 → 专业负责人 → 项目经理 → 单位技术负责人 (§2).

    Raises ValidationError at the top of the ladder or when the next step is vacant."""
    if actor.pk != risk.owner_id:
        raise PermissionDenied("只有责任人可以上报风险。")
    if risk.status != RiskStatus.OPEN:
        raise ValidationError("该风险已处理。")
    next_role = rules.next_risk_role(roles_on(actor, risk.project))
    if next_role is None:
        raise ValidationError("已到单位技术负责人，不能再上报，请处理。")
    candidates = [person for person in holders_of(risk.project, next_role) if person.pk != actor.pk]
    if not candidates:
        raise ValidationError(f"项目尚未设置{Role(next_role).label}，请先完善项目组。")
    risk.owner = candidates[0]
    risk.save(update_fields=["owner"])
    record(actor=actor, action="risk.escalate", subject=risk, data={"to": risk.owner_id, "reason": reason},
           scope=risk.project)  # fmt: skip
    _tell(risk, f"风险上报：{risk}", reason)
    return risk


@transaction.atomic
def settle_risk(*, actor, risk: Risk, status: RiskStatus, resolution: str) -> Risk:
    """Record that a risk is removed or accepted, with how."""
    permissions.require(actor, Action.MANAGE_RISKS, roles_on(actor, risk.project))
    if actor.pk != risk.owner_id:
        raise PermissionDenied("只有责任人可以处理该风险。")
    if status not in (RiskStatus.REMOVED, RiskStatus.ACCEPTED) or not resolution.strip():
        raise ValidationError("请选择处理结果并说明处理情况。")
    if not Risk.objects.filter(pk=risk.pk, status=RiskStatus.OPEN).update(status=status, resolution=resolution):
        raise ValidationError("该风险已处理。")
    risk.refresh_from_db()
    record(actor=actor, action="risk.settle", subject=risk, data={"status": status, "resolution": resolution},
           scope=risk.project)  # fmt: skip
    return risk
