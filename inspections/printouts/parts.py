"""What both papers show: whose work was inspected and how, and a problem with where it was found."""

from dataclasses import dataclass
from decimal import Decimal

from inspections.choices import Kind
from inspections.models import Finding, Inspection
from reviews.choices import Severity
from reviews.printouts.parts import BLANK, Grid

CSS = ("css/print_review.css", "css/print_inspection.css")


def subject_facts(inspection: Inspection) -> Grid:
    """The head of both papers: whom it inspects."""
    project = inspection.project
    if project is None:
        return [
            [("被检单位", inspection.unit.name)],
            [("检查编号", inspection.number), ("检查方式", inspection.get_kind_display())],
        ]
    return [
        [("被检项目", project.name)],
        [("项目编号", project.number), ("承办单位", inspection.unit.name)],
        [("委托人", project.client.name), ("业务类型", project.get_business_line_display())],
        [("检查编号", inspection.number), ("检查方式", inspection.get_kind_display())],
    ]


def ground(inspection: Inspection) -> tuple[str, str]:
    """Why it was inspected: the plan, or what set a 专项稽查 off. The inspected side reads this, and is told nothing of a
    complaint: not even its number."""
    if inspection.kind == Kind.SPECIAL_AUDIT:
        return "稽查事由", f"重大质量事故 {inspection.accident.number}" if inspection.accident else "已登记在案"
    return "检查计划", inspection.plan.title if inspection.plan else BLANK


def team_words(inspection: Inspection) -> str:
    """甲（组长）、乙."""
    rows = inspection.inspectors.select_related("user")
    return "、".join(f"{row.user.name}（组长）" if row.is_lead else row.user.name for row in rows) or BLANK


@dataclass(frozen=True)
class Problem:
    """A finding as it stands on paper. `sources` says what it was found in, from the deliverable down to the line."""

    number: int
    sources: list[str]
    deduction: str
    problem: str
    severity: str
    is_grave: bool
    amount: Decimal | None
    requirement: str
    must: bool


def problem(row: Finding) -> Problem:
    sources = [
        row.deliverable.title if row.deliverable else "",
        row.attachment.name if row.attachment else "",
        row.place,
    ]
    if row.remark_id:
        sources.append(f"校审意见 {row.remark.number}")
    return Problem(
        number=row.number,
        sources=[text for text in sources if text],
        deduction=row.deduction.text if row.deduction else "",
        problem=row.problem,
        severity=row.get_severity_display(),
        is_grave=row.severity != Severity.ORDINARY,
        amount=row.amount,
        requirement=row.requirement,
        must=row.needs_rectification,
    )


def findings_of(inspection: Inspection):
    """The findings with all that a paper says of them; one query."""
    return inspection.findings.select_related("deduction", "deliverable", "attachment", "remark").order_by("number")
