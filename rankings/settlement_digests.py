"""What is signed in a settlement, and what the ledger keeps of it: digests, no names and no amounts (more people read there).
Computed again by `verify_ledger`."""

from collections.abc import Iterable

from inspections.liability_digests import sha256_of
from rankings.models import Appeal, AwardNotice, PromotionNote, Settlement


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


def notes_digest(notes: Iterable[PromotionNote]) -> str:
    """Of the notes for promotion that came with an approval."""
    return sha256_of({"notes": sorted([note.person_id, note.ranking_id, note.text] for note in notes)})


def notice_digest(notice: AwardNotice) -> str:
    """Of a notice: whose it is, by which settlement, under which number, and the paper."""
    return sha256_of({
        "settlement": notice.settlement_id, "person": notice.person_id, "number": notice.number, "pdf": notice.pdf_sha256,
        "at": notice.issued_at,
    })  # fmt: skip
