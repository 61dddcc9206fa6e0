"""What follows from an opinion [S]: found by the system, confirmed (or not, with a reason) by a person."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from inspections import rules
from inspections.chain import require_impartial, scope_of, unit_roles
from inspections.choices import ConsequenceKind, Decision
from inspections.models import Consequence, Inspection
from inspections.telling import executives, inspected_side, office, tell
from ledger.services import record
from notices.choices import Kind
from staff import permissions
from staff.choices import Action

PERMISSION = {
    ConsequenceKind.REINSPECTION: Action.CONFIRM_REINSPECTION,
    ConsequenceKind.ESCALATION: Action.DISPOSE,
}


def propose(inspection: Inspection, at) -> list[Consequence]:
    """The consequences that the result has by the 制度, written as proposals; part of `issue_opinion`."""
    found = []
    if reason := rules.reinspection_reason(inspection.score_sheet.grade, inspection.is_serious):
        found.append(Consequence(kind=ConsequenceKind.REINSPECTION, target_year=inspection.year + 1, reason=reason))
    flags = (inspection.touches_ethics, inspection.causes_loss, inspection.harms_reputation)
    if reason := rules.escalation_reason(*flags):
        found.append(Consequence(kind=ConsequenceKind.ESCALATION, reason=reason))
    for each in found:
        each.inspection, each.proposed_at = inspection, at
        each.save(force_insert=True)
        people = executives(inspection) if each.kind == ConsequenceKind.ESCALATION else office(inspection)
        tell(inspection, people, title=f"请确认{each.get_kind_display()}：{inspection}", body=each.reason)
    return found


@transaction.atomic
def decide(*, actor, consequence: Consequence, decision: Decision, note: str = "") -> Consequence:
    """Confirm a consequence, or refuse it with a reason. An escalation is disposed of in words either way.

    Raises ValidationError where a reason or disposition is missing, and when somebody has decided already."""
    inspection = consequence.inspection
    action = PERMISSION[ConsequenceKind(consequence.kind)]
    permissions.require(actor, action, unit_roles(actor, inspection.unit_id))
    require_impartial(actor, inspection)
    note = note.strip()
    if not note and (decision == Decision.DISMISSED or consequence.kind == ConsequenceKind.ESCALATION):
        raise ValidationError({"note": "请填写处置意见（不予实施的，说明理由）。"})
    decided = {"decision": decision, "note": note, "decided_by": actor, "decided_at": timezone.now()}
    if not Consequence.objects.filter(pk=consequence.pk, decision__isnull=True).update(**decided):
        row = Consequence.objects.select_related("decided_by").get(pk=consequence.pk)
        at = timezone.localtime(row.decided_at)
        raise ValidationError(
            f"已由（{row.decided_by.name}）于 {at:%Y-%m-%d %H:%M} 处理：{row.get_decision_display()}。"
        )
    consequence = Consequence.objects.get(pk=consequence.pk)
    words = f"{consequence.get_kind_display()}{consequence.get_decision_display()}"
    people = [*inspected_side(inspection), *office(inspection)]
    tell(inspection, people, but=actor, kind=Kind.INSPECTION, title=f"{words}：{inspection}", body=note)
    record(actor=actor, action="inspection.consequence", subject=inspection, scope=scope_of(inspection),
           data={"consequence": consequence.pk, "kind": consequence.kind, "decision": decision, "reason": note,
                 "target_year": consequence.target_year})  # fmt: skip
    return consequence
