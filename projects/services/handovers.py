"""Every write to the lists of what the client hands over and gets back (资料交接清单)."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import services as deadlines
from deadlines.choices import Event, State
from deadlines.models import Deadline
from ledger.services import record
from projects import rules
from projects.choices import HandoverKind, MaterialCategory
from projects.models import Discipline, Handover, HandoverItem, Project
from projects.queries import roles_on
from projects.services import clocks
from staff import permissions
from staff.choices import Action

EVENTS = {
    HandoverKind.MATERIALS: Event.MATERIALS_COMPLETE,
    HandoverKind.SETTLEMENT_DOCUMENTS: Event.SETTLEMENT_RECEIVED,
    HandoverKind.DRAWINGS: Event.DRAWINGS_RECEIVED,
    HandoverKind.BIDS: Event.BIDS_RECEIVED,
}


def _hold(handover: Handover) -> Handover:
    """The set as it is now. Its project is held first: whether everything is back is asked of the whole project."""
    project = Project.objects.select_for_update(no_key=True, of=("self",)).select_related("unit").get(
        pk=handover.project_id
    )  # fmt: skip
    handover = Handover.objects.select_for_update(of=("self",)).select_related("discipline").get(pk=handover.pk)
    handover.project = project
    return handover


def _require(actor, action: Action, project: Project) -> None:
    permissions.require(actor, action, roles_on(actor, project))


def _require_incomplete(handover: Handover) -> None:
    if handover.completed_on is not None:
        raise ValidationError("该份资料已登记齐全，清单不能再修改。补充的资料请另建清单登记。")


def _item_facts(item: HandoverItem) -> dict:
    return {"category": item.category, "name": item.name, "copies": item.copies, "absent": item.is_absent,
            "received_on": item.received_on}  # fmt: skip


# ── The list ────────────────────────────────────────────────────────────────
@transaction.atomic
def create_handover(*, actor, project: Project, kind: HandoverKind, handed_over_by: str, title: str = "",
                    discipline: Discipline | None = None, contract_kind: str = "", note: str = "") -> Handover:  # fmt: skip
    """Open a list for materials of the client. Drawings need the name of their 单项工程 and a discipline, for its lead
    owes the result."""
    _require(actor, Action.MANAGE_MATERIALS, project)
    handover = Handover(
        project=project, kind=kind, title=title, discipline=discipline, handed_over_by=handed_over_by, note=note,
        contract_kind=contract_kind or project.contract_kind, created_by=actor, created_at=timezone.now(),
    )  # fmt: skip
    handover.full_clean()
    handover.save(force_insert=True)
    record(actor=actor, action="handover.create", subject=handover, scope=project,
           data={"kind": kind, "title": title, "contract_kind": handover.contract_kind,
                 "discipline": discipline.name if discipline else None, "handed_over_by": handed_over_by})  # fmt: skip
    return handover


FACTS = ("kind", "title", "discipline", "contract_kind", "handed_over_by", "note")


@transaction.atomic
def update_handover(*, actor, handover: Handover, **fields) -> Handover:
    """Correct the facts of a set (FACTS) while it is not complete."""
    _require(actor, Action.MANAGE_MATERIALS, handover.project)
    handover = _hold(handover)
    _require_incomplete(handover)
    plain = {name: handover._meta.get_field(name).attname for name in FACTS}
    before = {name: getattr(handover, plain[name]) for name in FACTS}
    for name, value in fields.items():
        setattr(handover, name, value)
    handover.full_clean()
    changed = {name: [before[name], getattr(handover, plain[name])] for name in FACTS}
    changed = {name: values for name, values in changed.items() if values[0] != values[1]}
    if changed:
        handover.save(update_fields=list(changed))
        record(actor=actor, action="handover.update", subject=handover, data=changed, scope=handover.project)
    return handover


@transaction.atomic
def remove_handover(*, actor, handover: Handover) -> None:
    """Take back a list that was opened in error: only while nothing is on it."""
    _require(actor, Action.MANAGE_MATERIALS, handover.project)
    handover = _hold(handover)
    _require_incomplete(handover)
    if handover.items.exists():
        raise ValidationError("清单中已有资料，请先移除资料。")
    if Deadline.objects.of(handover).exists():
        raise ValidationError("该份资料曾登记齐全并起算时限，不能删除。")
    record(actor=actor, action="handover.remove", subject=handover, scope=handover.project,
           data={"kind": handover.kind, "title": handover.title})  # fmt: skip
    handover.delete()


@transaction.atomic
def add_item(*, actor, handover: Handover, category: MaterialCategory, name: str = "", copies: int | None = None,
             received_on: date | None = None, is_absent: bool = False) -> HandoverItem:  # fmt: skip
    """Put a row on the list: so many copies received on a day, or “the project has none of this”."""
    _require(actor, Action.MANAGE_MATERIALS, handover.project)
    handover = _hold(handover)
    _require_incomplete(handover)
    item = HandoverItem(handover=handover)
    _fill(item, actor=actor, category=category, name=name, copies=copies, received_on=received_on, is_absent=is_absent)
    item.save(force_insert=True)
    record(actor=actor, action="handover.item_add", subject=item, data=_item_facts(item), scope=handover.project)
    clocks.start_return(actor=actor, project=handover.project)
    return item


def _fill(item: HandoverItem, *, actor, category, name, copies, received_on, is_absent) -> None:
    if received_on and received_on > timezone.localdate():
        raise ValidationError({"received_on": "接收日期不能晚于今天。"})
    item.category, item.is_absent = category, is_absent
    item.name = name.strip() or (f"无{MaterialCategory(category).label}" if is_absent else "")
    item.copies, item.received_on = (None, None) if is_absent else (copies, received_on)
    item.received_by = None if is_absent else item.received_by or actor
    if not is_absent:
        missing = {"copies": copies, "received_on": received_on}
        if empty := {name: "请填写。" for name, value in missing.items() if not value}:
            raise ValidationError(empty)
    item.full_clean()


@transaction.atomic
def update_item(*, actor, item: HandoverItem, category: MaterialCategory, name: str = "", copies: int | None = None,
                received_on: date | None = None, is_absent: bool = False) -> HandoverItem:  # fmt: skip
    """Correct a row while the set is not complete."""
    _require(actor, Action.MANAGE_MATERIALS, item.handover.project)
    handover = _hold(item.handover)
    _require_incomplete(handover)
    item = HandoverItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    before = _item_facts(item)
    if item.returned_on or item.kept_with_consent:
        raise ValidationError("该项资料已归还或留存，不能再修改。")
    if is_absent and not item.is_absent:
        clocks.require_no_return(handover.project)
    _fill(item, actor=actor, category=category, name=name, copies=copies, received_on=received_on, is_absent=is_absent)
    item.save()
    after = _item_facts(item)
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if changed:
        record(actor=actor, action="handover.item_update", subject=item, data=changed, scope=handover.project)
        clocks.start_return(actor=actor, project=handover.project)
    return item


@transaction.atomic
def remove_item(*, actor, item: HandoverItem) -> None:
    """Take a row off the list while the set is not complete."""
    _require(actor, Action.MANAGE_MATERIALS, item.handover.project)
    handover = _hold(item.handover)
    _require_incomplete(handover)
    item = HandoverItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if item.returned_on or item.kept_with_consent:
        raise ValidationError("该项资料已归还或留存，不能移除。")
    if not item.is_absent:
        clocks.require_no_return(handover.project)
    record(actor=actor, action="handover.item_remove", subject=item, data=_item_facts(item), scope=handover.project)
    item.delete()


# ── Complete, or not ────────────────────────────────────────────────────────
def _require_complete(handover: Handover, items: list[HandoverItem]) -> None:
    missing = rules.missing_categories(handover.kind, {item.category for item in items})
    if missing:
        names = "、".join(each.label for each in missing)
        raise ValidationError(f"资料尚不齐全，还缺：{names}。本项目没有的，请登记“本项目无此类资料”。")
    if all(item.is_absent for item in items):
        raise ValidationError("清单中还没有收到的资料，请先登记资料。")


@transaction.atomic
def complete_handover(*, actor, handover: Handover, completed_on: date, beyond_reason: str = "") -> Handover:
    """The set is complete since `completed_on`: the clocks of its kind start on that day (§6).

    Raises ValidationError that lists what is missing, for a day in the future or before the last receipt, and where the
    usual number of times is used up (投标书 at most 3 rounds) and no `beyond_reason` is told."""
    _require(actor, Action.MANAGE_MATERIALS, handover.project)
    handover = _hold(handover)
    _require_incomplete(handover)
    items = list(handover.items.all())
    _require_complete(handover, items)
    if completed_on > timezone.localdate():
        raise ValidationError({"completed_on": "资料齐全日期不能晚于今天。"})
    last = max(item.received_on for item in items if not item.is_absent)
    if completed_on < last:
        raise ValidationError({"completed_on": f"资料齐全日期不能早于最后一项资料的接收日期 {last}。"})
    handover.completed_on, handover.completed_by, handover.completed_at = completed_on, actor, timezone.now()
    handover.beyond_reason = beyond_reason.strip()
    handover.full_clean()
    handover.save(update_fields=["completed_on", "completed_by", "completed_at", "beyond_reason"])
    record(actor=actor, action="handover.complete", subject=handover, scope=handover.project,
           data={"completed_on": completed_on, "items": len(items), "beyond_reason": handover.beyond_reason})  # fmt: skip
    if event := EVENTS.get(handover.kind):
        clocks.start(
            actor=actor, event=event, subject=handover, project=handover.project,
            event_at=clocks.instant_of(completed_on), contract_kind=handover.contract_kind,
            discipline_id=handover.discipline_id, beyond_reason=handover.beyond_reason,
            url=f"/projects/{handover.project_id}/handovers/{handover.pk}/",
        )  # fmt: skip
    return handover


@transaction.atomic
def reopen_handover(*, actor, handover: Handover, reason: str) -> Handover:
    """Completion was registered in error: the set is open again and its running clocks are void.

    Raises PermissionDenied for who owes or has owed one of these clocks, ValidationError once one of them was fulfilled."""
    _require(actor, Action.DECIDE_TIME, handover.project)
    handover = _hold(handover)
    if handover.completed_on is None:
        raise ValidationError("该份资料尚未登记齐全。")
    if not reason.strip():
        raise ValidationError({"reason": "请说明撤销理由。"})
    own = Deadline.objects.of(handover)
    if own.filter(state=State.FULFILLED).exists():
        raise ValidationError("该份资料的时限已有完成的，不能撤销齐全登记。")
    if any(actor.pk in deadlines.owners(each) for each in own.open()):
        raise PermissionDenied("责任人不能撤销自己时限的起算，请由其他审批人办理。")
    was = handover.completed_on
    handover.completed_on = handover.completed_by = handover.completed_at = None
    handover.beyond_reason = ""
    handover.save(update_fields=["completed_on", "completed_by", "completed_at", "beyond_reason"])
    deadlines.withdraw_of(actor=actor, subject=handover, reason=f"撤销资料齐全登记：{reason.strip()}")
    record(actor=actor, action="handover.reopen", subject=handover, scope=handover.project,
           data={"reason": reason.strip(), "completed_on": was})  # fmt: skip
    return handover


# ── Back to the client ──────────────────────────────────────────────────────
def _chosen(handover: Handover, items: Iterable[int], still) -> list[HandoverItem]:
    """The rows of the set by id, held. Raises ValidationError for none, a stranger, or one that is not `still` free."""
    wanted = set(items)
    found = list(handover.items.select_for_update(of=("self",)).filter(pk__in=wanted))
    if not wanted or len(found) != len(wanted):
        raise ValidationError({"items": "请选择本清单中的资料。"})
    if not all(still(item) for item in found):
        raise ValidationError({"items": "所选资料中有已办理的，请刷新后重新选择。"})
    return found


def _close(actor, handover: Handover) -> None:
    """After rows were returned or kept: is the set back, and the whole project?"""
    if handover.returned_at is None and not handover.items.outstanding().exists():
        handover.returned_at = timezone.now()
        handover.save(update_fields=["returned_at"])
    clocks.stop_return(actor=actor, project=handover.project)


@transaction.atomic
def return_items(*, actor, handover: Handover, items: Iterable[int], returned_on: date, returned_to: str) -> Handover:
    """Rows (by id) went back to the client on a day, against the signature of `returned_to`. When everything of the whole
    project is back, the clock of the return ends, now: the day on which it is registered counts."""
    _require(actor, Action.MANAGE_MATERIALS, handover.project)
    handover = _hold(handover)
    rows = _chosen(handover, items, still=lambda item: not item.is_absent and item.returned_on is None)
    if returned_on > timezone.localdate():
        raise ValidationError({"returned_on": "归还日期不能晚于今天。"})
    if not returned_to.strip():
        raise ValidationError({"returned_to": "请填写委托人签收人。"})
    if late := [item for item in rows if returned_on < item.received_on]:
        raise ValidationError({"returned_on": f"归还日期不能早于“{late[0].name}”的接收日期 {late[0].received_on}。"})
    for item in rows:
        item.returned_on, item.returned_by, item.returned_to = returned_on, actor, returned_to.strip()
        item.full_clean()
        item.save(update_fields=["returned_on", "returned_by", "returned_to"])
    _close(actor, handover)
    record(actor=actor, action="handover.return", subject=handover, scope=handover.project,
           data={"items": [item.pk for item in rows], "names": [item.name for item in rows],
                 "returned_on": returned_on, "returned_to": returned_to.strip()})  # fmt: skip
    return handover


@transaction.atomic
def keep_items(*, actor, handover: Handover, items: Iterable[int], consent_basis: str) -> Handover:
    """We keep a copy of these rows because the client consents in writing; `consent_basis` says where the consent is on
    file [S: 未经委托人事先书面同意，咨询人不得留存任何资料备份]."""
    _require(actor, Action.MANAGE_MATERIALS, handover.project)
    handover = _hold(handover)
    rows = _chosen(handover, items, still=lambda item: not item.is_absent and not item.kept_with_consent)
    if not consent_basis.strip():
        raise ValidationError({"consent_basis": "未经委托人书面同意不得留存备份，请填写书面同意的名称与日期。"})
    for item in rows:
        item.kept_with_consent, item.consent_basis = True, consent_basis.strip()
        item.full_clean()
        item.save(update_fields=["kept_with_consent", "consent_basis"])
    _close(actor, handover)
    record(actor=actor, action="handover.keep", subject=handover, scope=handover.project,
           data={"items": [item.pk for item in rows], "names": [item.name for item in rows],
                 "reason": consent_basis.strip()})  # fmt: skip
    return handover
