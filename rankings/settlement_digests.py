"""What is signed in a settlement, and what the ledger keeps of it: digests, no names and no amounts (more people read there).
Computed again by `verify_ledger`."""

from inspections.liability_digests import sha256_of
from rankings.models import Appeal, Settlement


def appeal_digest(appeal: Appeal) -> str:
    """Of what the person appealed against, and in which words."""
    award = appeal.award
    return sha256_of({
        "award": award.pk, "amount": f"{award.amount:.2f}", "by": award.person_id, "text": appeal.text,
        "at": appeal.appealed_at,
    })  # fmt: skip


def decision_digest(appeal: Appeal) -> str:
    """Of what whoever decided has signed, the appeal included."""
    return sha256_of({
        "appeal": appeal_digest(appeal), "outcome": appeal.outcome, "decision": appeal.decision,
        "amount": None if appeal.amount is None else f"{appeal.amount:.2f}", "by": appeal.decided_by_id,
        "at": appeal.decided_at,
    })  # fmt: skip


def approval_digest(settlement: Settlement, awards) -> str:
    """Of what the approval binds: the settlement as it was posted, and what each line came to."""
    return sha256_of({
        "settlement": settlement.digest, "by": settlement.approved_by_id, "at": settlement.approved_at,
        "final": [[award.pk, f"{award.final_amount:.2f}"] for award in sorted(awards, key=lambda each: each.pk)],
    })  # fmt: skip
