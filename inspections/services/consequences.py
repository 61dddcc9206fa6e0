"""What follows from an opinion [S]: found by the system, confirmed (or not, with a reason) by a person."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from inspections import rules
from inspections.chain import is_partial, require_impartial, scope_of, unit_roles
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


class AlreadyDecided(Exception):
    """Somebody was faster. The message says who and when, in Chinese."""

    status_code = 409

    def __init__(self, consequence: Consequence):
        self.consequence = consequence
        at = timezone.localtime(consequence.decided_at)
        super().__init__(
            f"已由（{consequence.decided_by.name}）于 {at:%Y-%m-%d %H:%M} 处理：{consequence.get_decision_display()}。"
        )


def require_may_decide(actor, consequence: Consequence) -> None:
    """Raise PermissionDenied unless `actor` may decide this kind, and does not belong to the inspected side."""
    inspection = consequence.inspection
    permissions.require(actor, PERMISSION[ConsequenceKind(consequence.kind)], unit_roles(actor, inspection.unit_id))
    require_impartial(actor, inspection)


def grants(actor, consequence: Consequence) -> bool:
    """Whether the posts of `actor` let him decide this kind there; impartiality apart."""
    roles = unit_roles(actor, consequence.inspection.unit_id)
    return permissions.allows(PERMISSION[ConsequenceKind(consequence.kind)], roles)


@transaction.atomic
def decide(*, actor, consequence: Consequence, decision: Decision, note: str = "") -> Consequence:
    """Confirm a consequence, or refuse it with a reason. An escalation is disposed of in words either way.

    Raises ValidationError where a reason or disposition is missing, AlreadyDecided when somebody was faster."""
    inspection = consequence.inspection
    require_may_decide(actor, consequence)
    note = note.strip()
    if not note and (decision == Decision.DISMISSED or consequence.kind == ConsequenceKind.ESCALATION):
        raise ValidationError({"note": "请填写处置意见（不予实施的，说明理由）。"})
    decided = {"decision": decision, "note": note, "decided_by": actor, "decided_at": timezone.now()}
    if not Consequence.objects.filter(pk=consequence.pk, decision__isnull=True).update(**decided):
        raise AlreadyDecided(Consequence.objects.select_related("decided_by", "inspection").get(pk=consequence.pk))
    consequence = Consequence.objects.select_related("inspection").get(pk=consequence.pk)
    _tell_decided(inspection, consequence, actor)
    _record(inspection, consequence, actor)
    return consequence


def _tell_decided(inspection: Inspection, consequence: Consequence, actor) -> None:
    """What is reported upward is not told to the inspected side."""
    words = f"{consequence.get_kind_display()}{consequence.get_decision_display()}"
    if consequence.kind == ConsequenceKind.ESCALATION:
        people = [*office(inspection), *executives(inspection)]
        people = [each for each in people if not is_partial(each, inspection)]
    else:
        people = [*office(inspection), *inspected_side(inspection)]
    tell(inspection, people, but=actor, kind=Kind.INSPECTION, title=f"{words}：{inspection}", body=consequence.note)


def _record(inspection: Inspection, consequence: Consequence, actor) -> None:
    """The disposition of what is reported upward has no scope: a project's timeline is read by its team."""
    data = {"consequence": consequence.pk, "kind": consequence.kind, "decision": consequence.decision,
            "target_year": consequence.target_year, "at": consequence.decided_at}  # fmt: skip
    if consequence.kind == ConsequenceKind.ESCALATION:
        record(actor=actor, action="inspection.escalation", subject=inspection,
               data={**data, "disposition": consequence.note})  # fmt: skip
    else:
        record(actor=actor, action="inspection.consequence", subject=inspection, scope=scope_of(inspection),
               data={**data, "reason": consequence.note})  # fmt: skip
