"""整改回复单: each problem with all answers to it and how each was re-checked. Drawn up from the record when it is asked for,
marked with the time up to which it tells, and not stored."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch

from deadlines import queries as deadline_queries
from inspections.models import Evidence, Finding, Inspection, Rectification
from inspections.printouts import parts
from printing import pdf
from reviews.printouts.parts import BLANK, Grid, date_words, time_words

TITLE = "整改回复单"


@dataclass(frozen=True)
class Attempt:
    """One answer, as it was handed in, and its re-check."""

    number: int
    plan: str
    result: str
    files: list[tuple[str, str]]
    by: str
    at: str
    verdict: str
    is_passed: bool | None
    note: str
    checked_by: str
    checked_at: str


@dataclass(frozen=True)
class Answered:
    problem: parts.Problem
    state: str
    attempts: list[Attempt]


@dataclass(frozen=True)
class RectificationPaper:
    firm: str
    title: str
    number: str
    at: str
    facts: Grid
    totals: str
    rows: list[Answered]


def rectification_paper(inspection: Inspection) -> bytes:
    """The answers to an inspection's opinion so far, as a PDF. Only for one whose opinion was issued."""
    paper = build(inspection)
    return pdf.render(
        "inspections/print/rectification.html",
        {"paper": paper},
        title=f"{TITLE} {paper.number}",
        created_at=inspection.last_acted_at,
        stylesheets=parts.CSS,
    )


def build(inspection: Inspection) -> RectificationPaper:
    """Everything that the paper says; an answer that is not handed in yet is its writers' and does not appear."""
    answers = (
        Rectification.objects.submitted()
        .select_related("submitted_by", "rechecked_by")
        .prefetch_related(Prefetch("evidence", Evidence.objects.standing()))
    )
    findings = parts.findings_of(inspection).to_rectify().prefetch_related(Prefetch("rectifications", answers))
    rows = [_row(finding) for finding in findings]
    settled = sum(1 for finding in findings if finding.settled_at)
    return RectificationPaper(
        firm=settings.FIRM_NAME,
        title=TITLE,
        number=inspection.opinion.number,
        at=time_words(inspection.last_acted_at),
        facts=_facts(inspection),
        totals=f"须整改 {len(rows)} 条，复查通过 {settled} 条",
        rows=rows,
    )


def _facts(inspection: Inspection) -> Grid:
    opinion = inspection.opinion
    receipt = getattr(opinion, "receipt", None)
    clocks = deadline_queries.of_subjects(inspection._meta.label_lower, [inspection.pk])[inspection.pk]
    due = date_words(clocks[0].due_on) if clocks else BLANK
    by = "质量办登记送达" if receipt and receipt.is_recorded_by_office else "被检方确认收到"
    received = f"{time_words(receipt.received_at)}（{by}）" if receipt else "尚未确认收到"
    return [
        *parts.subject_facts(inspection),
        [("书面意见编号", opinion.number), ("签发时间", time_words(opinion.issued_at))],
        [("收到时间", received), ("回复期限", due)],
        [("检查人员", parts.team_words(inspection)), ("状态", inspection.get_state_display())],
    ]


def _row(finding: Finding) -> Answered:
    attempts = [_attempt(row) for row in finding.rectifications.all()]
    if finding.settled_at:
        state = "复查通过"
    elif attempts and attempts[-1].is_passed is None:
        state = "待复查"
    else:
        state = "复查未通过，继续整改" if attempts else "尚未回复"
    return Answered(parts.problem(finding), state, attempts)


def _attempt(row: Rectification) -> Attempt:
    return Attempt(
        number=row.attempt,
        plan=row.plan,
        result=row.result,
        files=[(file.name, file.sha256) for file in row.evidence.all()],
        by=row.submitted_by.name,
        at=time_words(row.submitted_at),
        verdict={True: "通过", False: "不通过"}.get(row.is_passed, "尚未复查"),
        is_passed=row.is_passed,
        note=row.recheck_note or "",
        checked_by=row.rechecked_by.name if row.rechecked_by else "",
        checked_at=time_words(row.rechecked_at) if row.rechecked_at else "",
    )
