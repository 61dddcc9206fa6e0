"""The issue (签发): the gate, the number without gaps, the final documents (rule 9)."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from notices.choices import Kind
from printing.papers import keep_paper
from projects import services as project_services
from reviews import printouts, queries
from reviews.chain import move
from reviews.choices import Act
from reviews.models import Issue, IssueCounter, IssueNumberRule, Round, new_verification_code
from reviews.services.signing import SignContent, told, write_signature
from reviews.telling import tell
from staff.confirmation import Confirmation, require_confirmation


@transaction.atomic
def issue(*, actor, round: Round, turn: int, content: SignContent, confirmation: Confirmation) -> Round:
    """Sign the issue, give the number, render and keep the final documents: all of it or nothing.

    Raises ValidationError that lists what is missing and who owes it while the gate is closed."""
    require_confirmation(confirmation, actor)

    def write(round: Round) -> dict:
        if gaps := queries.issue_gaps(round):
            raise ValidationError([f"{gap.text}（责任人：{gap.owed_by}）" for gap in gaps])
        facts = write_signature(round=round, actor=actor, content=content)
        issued = _issue_row(round, actor)
        project_services.fulfil_by_issue(
            actor=actor, deliverable=round.deliverable, number=issued.number, unissued=_disciplines_under_way(round)
        )
        tell(round, recipients=told(round, actor), kind=Kind.ISSUED,
             title=f"{round.deliverable} 已签发，编号 {issued.number}")  # fmt: skip
        return {**facts, "number": issued.number, "flow_sheet_sha256": issued.flow_sheet_sha256,
                "review_record_sha256": issued.review_record_sha256}  # fmt: skip

    return move(round=round, act=Act.ISSUE, actor=actor, turn=turn, write=write)


def _disciplines_under_way(round: Round) -> set[int]:
    """The disciplines of the project's other deliverables of the same kind that are not issued yet."""
    deliverable = round.deliverable
    others = Round.objects.live().filter(
        deliverable__project=deliverable.project_id, deliverable__kind=deliverable.kind
    )
    others = others.exclude(deliverable=deliverable).order_by()
    return set(others.values_list("deliverable__discipline", flat=True))


def _issue_row(round: Round, actor) -> Issue:
    series, serial, number = next_number(round)
    issued = Issue(
        round=round, number=number, series=series, serial=serial, issued_by=actor, issued_at=timezone.now(),
        verification_code=new_verification_code(),
    )  # fmt: skip
    issued.flow_sheet, issued.flow_sheet_sha256 = keep_paper("issued", printouts.flow_sheet(round, issued))
    issued.review_record, issued.review_record_sha256 = keep_paper("issued", printouts.review_record(round, issued))
    issued.save(force_insert=True)
    return issued


def next_number(round: Round) -> tuple[str, int, str]:
    """(series, serial, number) by the rule in force. The counter's row is taken by an UPDATE in the issue's own
    transaction: two issues never get one serial, and an issue that fails gives its serial back."""
    rule = IssueNumberRule.objects.get(is_active=True)
    project = round.deliverable.project
    parts = {
        "year": timezone.localdate().year,
        "unit": project.unit.code,
        "line": rule.line_codes.get(project.business_line, "QT"),
    }
    series = _series(rule.pattern, parts)
    IssueCounter.objects.get_or_create(series=series)
    IssueCounter.objects.filter(series=series).update(last=F("last") + 1)
    serial = IssueCounter.objects.get(series=series).last
    return series, serial, rule.pattern.format(serial=serial, **parts)


def _series(pattern: str, parts: dict) -> str:
    """The pattern with a star for its serial: what the serial counts within."""
    start = pattern.index("{serial")
    end = pattern.index("}", start) + 1
    return (pattern[:start] + "*" + pattern[end:]).format(**parts)
