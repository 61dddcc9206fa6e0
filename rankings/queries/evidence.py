"""What the figures of a line rest on, as far as the reader may open it: inspections; deliverables signed, problems missed."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q

from inspections.choices import CONCLUDED, State
from inspections.models import Finding, Inspection
from projects.models import Deliverable
from rankings.choices import PEOPLE_BOARDS, Board
from reviews.choices import State as RoundState
from reviews.models import Round
from scoring.rules import FAIL

# So many of those that failed are named one by one.
MOST_GRAVE = 20


@dataclass
class Behind:
    """Each list holds what the reader may open; the counts tell of what there is besides."""

    inspections: list[Inspection] = field(default_factory=list)
    other_inspections: list[Inspection] = field(default_factory=list)
    deliverables: list[Deliverable] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    hidden_inspections: int = 0
    hidden_deliverables: int = 0
    hidden_findings: int = 0


def behind(user, year: int, board: Board, subject: int, evidence: list[int], missed: list[int]) -> Behind:
    """The evidence of a line for `user`: of `evidence` and, for people, `missed` (findings). Of a project also its further
    inspections of the year, which do not count. Eight queries at most."""
    if board in PEOPLE_BOARDS:
        return _of_person(user, evidence, missed)
    seen = list(_inspections(user).filter(pk__in=evidence))
    for each in seen:
        each.sets_score = each.pk == evidence[0]
    order = {pk: at for at, pk in enumerate(evidence)}
    seen.sort(key=lambda each: order[each.pk])
    others = []
    if board == Board.PROJECT:
        others = list(_inspections(user).filter(project=subject, year=year).exclude(pk__in=evidence).order_by("pk"))
    return Behind(
        inspections=seen, other_inspections=others, hidden_inspections=len(evidence) - len(seen)
    )  # fmt: skip


def readable(user, lines) -> set[int]:
    """Of the inspections that set the score of each of `lines` (frozen.Line) those that `user` may open. One query."""
    wanted = [line.evidence[0] for line in lines if line.evidence and not line.is_hidden]
    return set(Inspection.objects.visible_to(user).filter(pk__in=wanted).order_by().values_list("pk", flat=True))


def _inspections(user):
    rows = Inspection.objects.visible_to(user).select_related("project", "unit", "score_sheet__standard")
    return rows.defer("score_sheet__snapshot")


def _of_person(user, evidence: list[int], missed: list[int]) -> Behind:
    deliverables = list(
        Deliverable.objects.visible_to(user)
        .filter(pk__in=evidence)
        .select_related("project", "discipline")
        .order_by("number")
    )
    issued = Round.objects.filter(deliverable__in=[each.pk for each in deliverables], state=RoundState.ISSUED)
    numbers = dict(issued.values_list("deliverable_id", "issue__number"))
    findings = list(
        Finding.objects.filter(pk__in=missed, inspection__in=Inspection.objects.visible_to(user).order_by())
        .select_related("inspection", "deliverable").order_by("inspection_id", "number")
    )  # fmt: skip
    counts: dict[int, int] = {}
    for each in findings:
        counts[each.deliverable_id] = counts.get(each.deliverable_id, 0) + 1
    for each in deliverables:
        each.issue_number, each.missed = numbers.get(each.pk, ""), counts.get(each.pk, 0)
    return Behind(
        deliverables=deliverables, findings=findings, hidden_deliverables=len(evidence) - len(deliverables),
        hidden_findings=len(missed) - len(findings),
    )  # fmt: skip


def counts_no_more(inspection: Inspection) -> str:
    """Why an inspection of the year does not count, in words."""
    if inspection.state == State.CANCELLED:
        return "已撤销，不计入"
    if inspection.state in CONCLUDED and inspection.state != State.CLOSED:
        return "整改未关闭，未计入"
    return "冻结以后关闭，未计入" if inspection.state == State.CLOSED else "尚未出具书面意见，未计入"


def grave(year: int):
    """The inspections of projects of `year` with a written opinion that failed or were found serious, whether closed or not."""
    rows = Inspection.objects.filter(Q(score_sheet__grade=FAIL) | Q(is_serious=True), year=year, project__isnull=False)
    rows = rows.filter(state__in=CONCLUDED).select_related("project", "score_sheet").defer("score_sheet__snapshot")
    return rows.order_by("number")


def grave_words(inspection: Inspection) -> str:
    """不合格、问题严重，整改未关闭: what is grave about one of `grave`."""
    words = [
        *(["不合格"] if inspection.score_sheet.grade == FAIL else []),
        *(["问题严重"] if inspection.is_serious else []),
    ]
    return "、".join(words) + ("" if inspection.state == State.CLOSED else "，整改未关闭")


# ── What if ─────────────────────────────────────────────────────────────────
def counted_inspection(user, year: int, number: str) -> Inspection | None:
    """The inspection of this number, if it counts in the project ranking of `year` and `user` sees it."""
    rows = Inspection.objects.visible_to(user).filter(year=year, project__isnull=False, state=State.CLOSED)
    return rows.select_related("project", "score_sheet__standard").filter(number=number.strip()).first()


def changes_for(inspection: Inspection, score: Decimal | None) -> dict:
    """What `drafts.draft` is asked for: the ranking without the inspection, or with another score of it."""
    return {"without": {inspection.pk}} if score is None else {"scores": {inspection.pk: score}}
