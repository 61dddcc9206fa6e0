"""Every write of the library: proposing a line for the checklists, and deciding about it."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from ledger.services import record
from lessons.choices import ProposalState
from lessons.models import ChecklistProposal
from lessons.queries import proposals as queries
from notices.choices import Kind
from notices.services import notify
from reviews import rules as review_rules
from reviews.models import Level
from reviews.services import add_item, require_new_line
from staff.choices import Action
from staff.permissions import require_post


class AlreadyDecided(Exception):
    """Somebody was faster. The message says who and when, in Chinese."""

    status_code = 409

    def __init__(self, proposal: ChecklistProposal):
        self.proposal = proposal
        at = timezone.localtime(proposal.decided_at)
        super().__init__(
            f"已由（{proposal.decided_by.name}）于 {at:%Y-%m-%d %H:%M} 处理：{proposal.get_state_display()}。"
        )


def page_of(proposal: ChecklistProposal) -> str:
    return f"/lessons/proposals/{proposal.pk}/"


@transaction.atomic
def propose(*, actor, levels: Iterable[Level], text: str, category: str, basis: str) -> list[ChecklistProposal]:
    """Propose a line for the checklist of each of `levels`; all of them or none. `basis` are the figures that speak for it.

    Raises ValidationError where a level has such a line, or such a proposal waits for it."""
    require_post(actor, Action.PROPOSE_CHECKLIST)
    # Held until the end: the same line proposed twice at once would pass both checks.
    wanted = {level.pk for level in levels}
    held = list(
        Level.objects.select_for_update(of=["self"]).filter(pk__in=wanted).select_related("route").order_by("pk")
    )
    if not held:
        raise ValidationError({"levels": "请选择级别。"})
    text = text.strip()
    made = [_written(actor, level, text, category, basis) for level in held]
    for proposal in made:
        record(actor=actor, action="checklist.propose", subject=proposal, data=facts(proposal))
    notify(recipients=[each for each in queries.deciders() if each.pk != actor.pk], kind=Kind.TO_DO,
           title=f"请审定核查清单建议：{text}", body=basis, url=_page(made))  # fmt: skip
    return made


def _page(made: list[ChecklistProposal]) -> str:
    return page_of(made[0]) if len(made) == 1 else "/lessons/proposals/"


def _written(actor, level: Level, text: str, category: str, basis: str) -> ChecklistProposal:
    require_new_line(level, text)
    for waiting in ChecklistProposal.objects.filter(level=level, state=ProposalState.PROPOSED):
        if review_rules.same_words(waiting.text, text):
            raise ValidationError(
                {"text": f"“{level.route} · {level.title}”已有相同的建议待审定（建议 {waiting.pk}）。"}
            )
    proposal = ChecklistProposal(level=level, text=text, category=category, basis=basis, proposed_by=actor)
    proposal.full_clean()
    proposal.save()
    return proposal


def facts(proposal: ChecklistProposal) -> dict:
    """What is proposed, for the ledger and its verification."""
    return {"level": proposal.level_id, "of_level": str(proposal.level), "route": proposal.level.route.code,
            "text": proposal.text, "category": proposal.category, "basis": proposal.basis}  # fmt: skip


def require_may_decide(actor, proposal: ChecklistProposal) -> None:
    """Raise PermissionDenied unless `actor` may decide about checklists and did not propose this [D]."""
    require_post(actor, Action.DECIDE_CHECKLIST)
    if proposal.proposed_by_id == actor.pk:
        raise PermissionDenied("建议须由建议人以外的人审定。")


@transaction.atomic
def accept(*, actor, proposal: ChecklistProposal, note: str = "") -> ChecklistProposal:
    """Take the line into the level's checklist, at its end: it is answered by whoever signs the level from now on.

    Raises AlreadyDecided when somebody was faster, ValidationError where the checklist has such a line by now."""
    proposal = _decided(actor, proposal, ProposalState.ACCEPTED, note)
    clause = f"公司自定（错误库建议 {proposal.pk}）"
    proposal.item = add_item(actor=actor, level=proposal.level, text=proposal.text, clause=clause)
    proposal.save(update_fields=["item"])
    data = {**facts(proposal), "item": proposal.item_id, "order": proposal.item.order, "note": proposal.note}
    return _tell(actor, proposal, "checklist.accept", data)


@transaction.atomic
def refuse(*, actor, proposal: ChecklistProposal, note: str) -> ChecklistProposal:
    """Not take it, with the reason. Raises AlreadyDecided when somebody was faster."""
    require_may_decide(actor, proposal)
    if not note.strip():
        raise ValidationError({"note": "不采纳的，请填写理由。"})
    proposal = _decided(actor, proposal, ProposalState.REFUSED, note)
    return _tell(actor, proposal, "checklist.refuse", {**facts(proposal), "note": proposal.note})


def _decided(actor, proposal: ChecklistProposal, state: ProposalState, note: str) -> ChecklistProposal:
    """The proposal in its new state, claimed by compare-and-set."""
    require_may_decide(actor, proposal)
    note = note.strip()
    longest = ChecklistProposal._meta.get_field("note").max_length
    if len(note) > longest:
        raise ValidationError({"note": f"最多 {longest} 字。"})
    told = {"state": state, "decided_by": actor, "decided_at": timezone.now(), "note": note}
    claimed = ChecklistProposal.objects.filter(pk=proposal.pk, state=ProposalState.PROPOSED).update(**told)
    stored = queries.proposal_rows().get(pk=proposal.pk)
    if not claimed:
        raise AlreadyDecided(stored)
    return stored


def _tell(actor, proposal: ChecklistProposal, action: str, data: dict) -> ChecklistProposal:
    record(actor=actor, action=action, subject=proposal, data=data)
    notify(recipients=[proposal.proposed_by], kind=Kind.TO_DO, body=proposal.note, url=page_of(proposal),
           title=f"核查清单建议{proposal.get_state_display()}：{proposal.text}")  # fmt: skip
    return proposal
