"""Reads of a rectification: what is written, what is missing, what waits for the re-check."""

from collections.abc import Iterable

from deadlines.choices import Event
from deadlines.models import Deadline, DeadlineRule
from inspections.models import Evidence, Finding, Inspection, Rectification


def draft_of(finding: Finding) -> Rectification | None:
    """The answer that is being written; None where nobody has begun."""
    return finding.rectifications.filter(submitted_at__isnull=True).select_related("saved_by").first()


def drafts_of(inspection: Inspection) -> list[Rectification]:
    """The answers of the reply that is being written, in the order of the findings."""
    rows = Rectification.objects.filter(finding__inspection=inspection, submitted_at__isnull=True)
    return list(rows.select_related("finding").order_by("finding__number"))


def files_of(rows: Iterable[Rectification]) -> dict[int, list[Evidence]]:
    """The standing proofs of each answer; one query."""
    found: dict[int, list[Evidence]] = {row.pk: [] for row in rows}
    for each in Evidence.objects.standing().filter(rectification__in=list(found)).order_by("pk"):
        found[each.rectification_id].append(each)
    return found


def awaiting_recheck(inspection: Inspection) -> list[Rectification]:
    """The answers that were handed in and are not re-checked yet."""
    rows = Rectification.objects.submitted().filter(finding__inspection=inspection, rechecked_at__isnull=True)
    return list(rows.select_related("finding", "submitted_by").order_by("finding__number"))


def reply_gaps(inspection: Inspection) -> list[str]:
    """What a reply still lacks, in words: each unsettled finding wants 整改意见, 整改情况 and evidence."""
    drafts = {row.finding_id: row for row in drafts_of(inspection)}
    proven = set(
        inspection.evidence.standing()
        .filter(rectification__in=[row.pk for row in drafts.values()])
        .values_list("rectification", flat=True)
    )
    found = []
    for finding in inspection.findings.unsettled():
        row = drafts.get(finding.pk)
        lacks = [
            words
            for words, there in (
                ("整改意见", row and row.plan),
                ("整改情况", row and row.result),
                ("整改证据", row and row.pk in proven),
            )
            if not there
        ]
        if lacks:
            found.append(f"问题 {finding.number} 缺{'、'.join(lacks)}。")
    return found


def reply_limit() -> str:
    """How long a reply may take by the rule in force, in words (10 日历天); empty where the rule is switched off."""
    rule = DeadlineRule.objects.in_force().filter(event=Event.OPINION_RECEIVED).first()
    return rule.amount_words if rule else ""


def replied_on_time(inspection: Inspection) -> bool:
    """Whether every reply of the inspection came before its clock ran out; True where the rule is switched off."""
    clocks = Deadline.objects.of(inspection).filter(rule__event=Event.OPINION_RECEIVED, stopped_at__isnull=False)
    return all(clock.stopped_at < clock.due_at for clock in clocks)
