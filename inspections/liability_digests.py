"""What is signed in a liability case, and what the ledger keeps of it: digests. Computed again by `verify_ledger`."""

import hashlib

from inspections.models import LiabilityCase, LiabilitySheet
from ledger.rules import canonical_json


def sha256_of(content) -> str:
    """SHA-256 (hex) over the canonical JSON of plain values."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def walk_digest(case: LiabilityCase) -> str:
    """Of the kept walk with what it was walked for."""
    return sha256_of({"round": case.round_id, "category": case.category, "walk": case.walk})


def case_digest(case: LiabilityCase) -> str:
    """Of what a case says."""
    return sha256_of({
        "number": case.number, "origin": case.origin, "finding": case.finding_id, "document": case.document,
        "deliverable": case.deliverable_id, "round": case.round_id, "problem": case.problem, "category": case.category,
        "amount": None if case.amount is None else f"{case.amount:.2f}", "found_on": case.found_on,
        "opened_by": case.opened_by_id, "opened_at": case.opened_at,
    })  # fmt: skip


def proposal_digest(sheet: LiabilitySheet) -> str:
    """Of what whoever proposed a sheet has signed, the walk that it rests on included."""
    return sha256_of({
        "case": case_digest(sheet.case), "walk": sheet.case.walk_sha256, "number": sheet.number, "person": sheet.person_id,
        "level": sheet.level_title, "signature": sheet.signature_id, "share": sheet.share, "grounds": sheet.grounds,
        "clause": sheet.clause, "proposal": sheet.proposal, "by": sheet.proposed_by_id, "at": sheet.proposed_at,
    })  # fmt: skip


def answer_digest(sheet: LiabilitySheet) -> str:
    """Of what the person answered to the proposal."""
    return sha256_of({
        "proposal": sheet.proposal_digest, "by": sheet.person_id, "answer": sheet.answer, "at": sheet.answered_at,
    })  # fmt: skip


def decision_digest(sheet: LiabilitySheet) -> str:
    """Of what whoever decided has signed, proposal and answer included."""
    return sha256_of({
        "proposal": sheet.proposal_digest, "answer": answer_digest(sheet), "hearing": sheet.hearing,
        "outcome": sheet.outcome, "decision": sheet.decision, "by": sheet.decided_by_id, "at": sheet.decided_at,
    })  # fmt: skip
