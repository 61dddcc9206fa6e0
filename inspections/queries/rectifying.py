"""Reads of a rectification: what is written, what is missing, what waits for the re-check."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from deadlines.choices import Event
from deadlines.choices import State as ClockState
from deadlines.models import Deadline, DeadlineRule
from inspections.models import Evidence, Finding, Inspection, Rectification
from ledger.rules import canonical_json


def draft_of(finding: Finding) -> Rectification | None:
    """The answer that is being written; None where nobody has begun."""
    return finding.rectifications.filter(submitted_at__isnull=True).select_related("saved_by").first()


def files_of(rows: Iterable[Rectification]) -> dict[int, list[Evidence]]:
    """The standing proofs of each answer; one query."""
    found: dict[int, list[Evidence]] = {row.pk: [] for row in rows}
    for each in Evidence.objects.standing().filter(rectification__in=list(found)).order_by("pk"):
        found[each.rectification_id].append(each)
    return found


def clock_of(inspection: Inspection) -> Deadline | None:
    """The clock of the reply: it starts with the receipt and goes on where a reply is sent back."""
    clocks = Deadline.objects.of(inspection).filter(rule__event=Event.OPINION_RECEIVED)
    return clocks.exclude(state=ClockState.CANCELLED).select_related("rule", "responsible").order_by("-pk").first()


def awaiting_recheck(inspection: Inspection) -> list[Rectification]:
    """The answers that were handed in and are not re-checked yet."""
    rows = Rectification.objects.submitted().filter(finding__inspection=inspection, rechecked_at__isnull=True)
    return list(rows.select_related("finding", "submitted_by").order_by("finding__number"))


# ── Answer by answer ────────────────────────────────────────────────────────
@dataclass
class Answering:
    """A problem to rectify with what was handed in so far, and the answer that is being written. Each answer has its
    `proofs`."""

    finding: Finding
    attempts: list[Rectification] = field(default_factory=list)
    draft: Rectification | None = None

    @property
    def is_settled(self) -> bool:
        return self.finding.settled_at is not None

    @property
    def last(self) -> Rectification | None:
        """What was handed in last."""
        return self.attempts[-1] if self.attempts else None

    @property
    def awaits_recheck(self) -> bool:
        return bool(self.last) and self.last.is_passed is None

    @property
    def lacks(self) -> list[str]:
        """What the answer still lacks, in words."""
        row = self.draft
        parts = (("整改意见", row and row.plan), ("整改情况", row and row.result), ("整改证据", row and row.proofs))
        return [words for words, is_there in parts if not is_there]

    @property
    def is_filled(self) -> bool:
        return not self.lacks


def answering(inspection: Inspection) -> list[Answering]:
    """Every problem that needs rectification, in order, with its answers and their proofs; three queries."""
    findings = inspection.findings.to_rectify().select_related("deduction", "deliverable", "attachment", "remark")
    rows = {finding.pk: Answering(finding) for finding in findings.order_by("number")}
    answers = Rectification.objects.filter(finding__inspection=inspection).select_related(
        "finding", "saved_by", "submitted_by", "rechecked_by"
    )
    answers = list(answers.order_by("attempt"))
    proofs = files_of(answers)
    for answer in answers:
        answer.proofs = proofs[answer.pk]
        row = rows[answer.finding_id]
        if answer.submitted_at:
            row.attempts.append(answer)
        else:
            row.draft = answer
    return list(rows.values())


def gaps_of(rows: Iterable[Answering]) -> list[str]:
    """What a reply still lacks, in words: each unsettled problem wants 整改意见, 整改情况 and evidence."""
    return [
        f"问题 {row.finding.number} 缺{'、'.join(row.lacks)}。" for row in rows if not row.is_settled and row.lacks
    ]


def reply_gaps(inspection: Inspection) -> list[str]:
    return gaps_of(answering(inspection))


def seen_of(rows: Iterable[Answering]) -> str:
    """The fingerprint of a reply that is being written: a page that was drawn for another one is out of date."""
    told = [[row.draft.pk, row.draft.turn, [proof.pk for proof in row.draft.proofs]] for row in rows if row.draft]
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def reply_limit() -> str:
    """How long a reply may take by the rule in force, in words (10 日历天); empty where the rule is switched off."""
    rule = DeadlineRule.objects.in_force().filter(event=Event.OPINION_RECEIVED).first()
    return rule.amount_words if rule else ""


def replied_on_time(inspection: Inspection) -> bool:
    """Whether every reply of the inspection came before its clock ran out; True where the rule is switched off."""
    clocks = Deadline.objects.of(inspection).filter(rule__event=Event.OPINION_RECEIVED, stopped_at__isnull=False)
    return all(clock.stopped_at < clock.due_at for clock in clocks)
