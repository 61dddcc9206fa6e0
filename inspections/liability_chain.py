"""The states of a liability case and of its sheets, and who stands aside.

责任认定中 ──出具问责单──▶ 陈述申辩中 ──各单均已决定──▶ 已决定          待陈述申辩 ──无异议、逾期──▶ 本人无异议 ──┐
    │                        ▲  │                                      │                            ├─决定─▶ 已决定
    └─撤销─▶ 已撤销            └追加┘                                      └──陈述申辩──▶ 已申辩，待决定 ──┘
"""

from collections import defaultdict
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from inspections.choices import CaseState, LiabilityAct, SheetState
from inspections.liability import answer_kind
from inspections.models import LiabilityCase, LiabilitySheet
from ledger.services import record
from reviews.models import Signature
from staff import permissions
from staff.choices import Action

C, S, A = CaseState, SheetState, LiabilityAct

CASE_TABLE: dict[tuple[CaseState, LiabilityAct], CaseState] = {
    (C.OPEN, A.PROPOSE): C.PROPOSED,
    (C.PROPOSED, A.PROPOSE): C.PROPOSED,
    (C.OPEN, A.DROP): C.DROPPED,
    (C.PROPOSED, A.CLOSE): C.DECIDED,
}
SHEET_TABLE: dict[tuple[SheetState, LiabilityAct], SheetState] = {
    (S.PROPOSED, A.ACCEPT): S.ACCEPTED,
    (S.PROPOSED, A.LAPSE): S.ACCEPTED,
    (S.PROPOSED, A.APPEAL): S.APPEALED,
    (S.ACCEPTED, A.DECIDE): S.DECIDED,
    (S.APPEALED, A.DECIDE): S.DECIDED,
}
# Nothing more is added to such a case.
ENDED = (C.DECIDED, C.DROPPED)


class AlreadyHandled(Exception):
    """Somebody was faster, or the page is stale. Says who, when and what, and where it stands now."""

    status_code = 409

    def __init__(self, *, actor: str, at, what: str, url: str):
        self.actor, self.at, self.what, self.url = actor, at, what, url
        local = timezone.localtime(at)
        day = "" if local.date() == timezone.localdate() else f"{local:%Y-%m-%d} "
        super().__init__(f"已由（{actor}）于 {day}{local:%H:%M} 处理：{what}。请查看最新状态。")


def case_page(case: LiabilityCase) -> str:
    return f"/liability/{case.pk}/"


def sheet_page(sheet: LiabilitySheet) -> str:
    return f"/liability/sheets/{sheet.pk}/"


def case_handled(case: LiabilityCase) -> AlreadyHandled:
    return AlreadyHandled(
        actor=case.last_actor.name, at=case.last_acted_at, what=case.get_state_display(), url=case_page(case)
    )


def sheet_handled(sheet: LiabilitySheet) -> AlreadyHandled:
    """Who did to a sheet what was done to it last, as its columns tell."""
    name, at = sheet.proposed_by.name, sheet.proposed_at
    if sheet.answered_at:
        name = "系统" if answer_kind(sheet.answer) == "lapsed" else sheet.person.name
        at = sheet.answered_at
    if sheet.decided_at:
        name, at = sheet.decided_by.name, sheet.decided_at
    return AlreadyHandled(actor=name, at=at, what=sheet.get_state_display(), url=sheet_page(sheet))


# ── Held ────────────────────────────────────────────────────────────────────
def held_case(case: LiabilityCase) -> LiabilityCase:
    """The case as it is now, held until the transaction ends. Everybody takes the case first, then its sheets, then their
    clocks, then the ledger."""
    list(LiabilityCase.objects.select_for_update(no_key=True).filter(pk=case.pk).values_list("pk"))
    return LiabilityCase.objects.select_related(
        "deliverable__project__unit", "deliverable__preparer", "round", "finding", "last_actor"
    ).get(pk=case.pk)


def held_sheet(sheet: LiabilitySheet) -> LiabilitySheet:
    """A sheet as it is now with its case, both held."""
    case = held_case(sheet.case)
    list(LiabilitySheet.objects.select_for_update(no_key=True).filter(pk=sheet.pk).values_list("pk"))
    found = LiabilitySheet.objects.select_related("person__unit", "proposed_by", "decided_by", "signature__level")
    sheet = found.get(pk=sheet.pk)
    sheet.case = case
    return sheet


# ── Moves ───────────────────────────────────────────────────────────────────
def require_case(case: LiabilityCase, act: LiabilityAct, turn: int) -> CaseState:
    """The state to which `act` leads. Raises AlreadyHandled for another turn or a state without such an act."""
    target = CASE_TABLE.get((C(case.state), act))
    if target is None or case.turn != turn:
        raise case_handled(case)
    return target


def require_sheet(sheet: LiabilitySheet, act: LiabilityAct, turn: int) -> SheetState:
    """As `require_case`, for a sheet."""
    target = SHEET_TABLE.get((S(sheet.state), act))
    if target is None or sheet.turn != turn:
        raise sheet_handled(sheet)
    return target


def move_case(
    case: LiabilityCase, act: LiabilityAct, *, actor, turn: int, now, data: dict, **changes
) -> LiabilityCase:
    """Claim a held case by compare-and-set on `turn`, change it, and leave its row in the ledger. Raises AlreadyHandled."""
    target = require_case(case, act, turn)
    changes |= {"state": target, "turn": turn + 1, "last_actor": actor, "last_acted_at": now}
    if not LiabilityCase.objects.filter(pk=case.pk, state=case.state, turn=turn).update(**changes):
        raise case_handled(held_case(case))
    case = held_case(case)
    record(actor=actor, action=f"liability.{act}", subject=case, scope=case, data={"state": target, **data})
    return case


def move_sheet(sheet: LiabilitySheet, act: LiabilityAct, *, actor, now, data: dict, **changes) -> LiabilitySheet:
    """As `move_case`, for a held sheet at its turn; `actor` None is the clockwork."""
    target = require_sheet(sheet, act, sheet.turn)
    changes |= {"state": target, "turn": sheet.turn + 1}
    if not LiabilitySheet.objects.filter(pk=sheet.pk, state=sheet.state, turn=sheet.turn).update(**changes):
        raise sheet_handled(held_sheet(sheet))
    if actor is not None:
        LiabilityCase.objects.filter(pk=sheet.case_id).update(last_actor=actor, last_acted_at=now)
    sheet = held_sheet(sheet)
    record(actor=actor, action=f"liability.{act}", subject=sheet, scope=sheet.case, data={"state": target, **data})
    return sheet


# ── Who stands aside ────────────────────────────────────────────────────────
def signers_of(round_ids: Iterable[int]) -> dict[int, set[int]]:
    """Round → the ids of all who prepared or signed it; one query."""
    found = defaultdict(set)
    signed = Signature.objects.filter(round__in=list(round_ids), revoked_at__isnull=True).order_by()
    for round_id, signer, preparer in signed.values_list("round", "signer", "round__deliverable__preparer"):
        found[round_id] |= {signer, preparer}
    return found


def barred_of(cases: Iterable[LiabilityCase]) -> dict[int, set[int]]:
    """Case → the ids of those who do not decide in it: who opened it, who signed or prepared the round, who has a sheet in
    it and who proposed one. Two queries, however many cases."""
    cases = list(cases)
    signers = signers_of({case.round_id for case in cases})
    found = {case.pk: signers[case.round_id] | {case.opened_by_id} for case in cases}
    rows = LiabilitySheet.objects.filter(case__in=list(found)).order_by()
    for case, person, proposer in rows.values_list("case", "person", "proposed_by"):
        found[case] |= {person, proposer}
    return found


def require_proposer(actor, round_id: int) -> None:
    """Raise PermissionDenied unless `actor` may propose liability and has neither prepared nor signed the round."""
    permissions.require_post(actor, Action.PROPOSE_LIABILITY)
    if actor.pk in signers_of([round_id])[round_id]:
        raise PermissionDenied("您参与了该成果本轮的编制或审签，须回避。")


def require_decider(actor, case: LiabilityCase) -> None:
    """Raise PermissionDenied unless `actor` may decide and stands apart: never the person concerned, the proposer, or somebody who
    prepared or signed that round."""
    permissions.require_post(actor, Action.DECIDE_LIABILITY)
    if actor.pk in barred_of([case])[case.pk]:
        raise PermissionDenied(
            "提起人、提出人、当事人和本轮的编制、审签人员不能作出处理决定，请由其他管理层人员办理。"
        )
