"""The score sheet as it stands: sections, running total, what is still missing (§5)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count, Prefetch, Q

from inspections.choices import EvidenceOf
from inspections.models import Evidence, Finding, Hit, Inspection, Section
from scoring import rules
from scoring.content import figure
from scoring.models import Criterion


@dataclass(frozen=True)
class Standing:
    """A running total: what 评分定稿 would give now."""

    total: Decimal
    grade: str
    # The veto deductions that were hit, in words; `before_veto` is the total without them.
    vetoes: tuple[str, ...]
    before_veto: Decimal
    veto_cap: Decimal
    # Criterion → points that are left.
    scores: dict[int, Decimal]

    @property
    def is_vetoed(self) -> bool:
        return bool(self.vetoes)

    @property
    def set_by(self) -> str:
        """What set the total where it is not the sum alone."""
        if not self.vetoes:
            return ""
        words = f"一票否决：{'；'.join(self.vetoes)}。"
        if self.before_veto > self.veto_cap:
            return words + f"得分 {figure(self.before_veto)}，按否决上限 {figure(self.veto_cap)} 分计。"
        return words


@dataclass(frozen=True)
class Gap:
    """Something that stands in the way of 评分定稿: where, and in words."""

    criterion: int
    deduction: int | None
    words: str


def section_rows(inspection: Inspection):
    """The sections, each with criterion, deductions, hits, and who saved it."""
    hits = Prefetch("hits", Hit.objects.order_by("deduction__order"))
    rows = Section.objects.filter(inspection=inspection).select_related("criterion", "saved_by")
    return rows.prefetch_related("criterion__deductions", hits)


def sections_of(inspection: Inspection) -> list[Section]:
    """The sections in the order of the standard."""
    return list(section_rows(inspection).order_by("criterion__order"))


def findings_of(inspection: Inspection):
    """The problems with what they are linked to and their standing proofs, in their order. What proves that a problem was put
    right is not among them."""
    proofs = Evidence.objects.standing().filter(of=EvidenceOf.FINDING)
    return (
        Finding.objects.filter(inspection=inspection)
        .select_related("deduction__criterion", "deliverable", "remark", "attachment__version", "raised_by")
        .prefetch_related(Prefetch("evidence", proofs, to_attr="proofs"))
        .order_by("number")
    )


def standing(inspection: Inspection, sections: list[Section]) -> Standing:
    """The running total of loaded sections, by scoring.rules."""
    thresholds = inspection.standard.thresholds
    criteria = [section.criterion for section in sections]
    maxima = {criterion.pk: criterion.maximum for criterion in criteria}
    items = {item.pk: item for criterion in criteria for item in criterion.deductions.all()}
    deductions = _rules_of(criteria)
    hits = [(hit.deduction_id, hit.count) for section in sections for hit in section.hits.all()]
    total = rules.total(maxima, deductions, hits, thresholds)
    lost = dict.fromkeys(maxima, Decimal(0))
    for pk, count in hits:
        lost[deductions[pk].criterion] += rules.points_lost(deductions[pk], count)
    scores = {pk: max(Decimal(0), maximum - lost[pk]) for pk, maximum in maxima.items()}
    whole = sum(scores.values(), Decimal(0)).quantize(rules.CENT, rounding=ROUND_HALF_UP)
    vetoes = tuple(items[pk].text for pk, _ in hits if deductions[pk].is_veto)
    return Standing(total, rules.grade(total, thresholds), vetoes, whole, thresholds.veto_cap, scores)


def _rules_of(criteria: list[Criterion]) -> dict[int, rules.DeductionRule]:
    return {
        item.pk: rules.DeductionRule(criterion.pk, item.points, item.cap, item.is_veto)
        for criterion in criteria
        for item in criterion.deductions.all()
    }


def current_total(inspection: Inspection) -> Standing:
    """The running total, grade and vetoes of what is saved. Always the same number of queries."""
    return standing(inspection, sections_of(inspection))


def gap_rows(inspection: Inspection, sections: list[Section]) -> list[Gap]:
    """What stands in the way of 评分定稿, in the order of the sheet: a criterion that is not done, a deduction without a
    problem on record (扣分须有问题记录), a veto without a proof."""
    linked = dict(
        Finding.objects.filter(inspection=inspection, deduction__isnull=False)
        .order_by()
        .values("deduction")
        .annotate(proofs=Count("evidence", filter=Q(evidence__removed_at__isnull=True)))
        .values_list("deduction", "proofs")
    )
    found = []
    for section in sections:
        title = section.criterion.title
        if not section.is_done:
            found.append(Gap(section.criterion_id, None, f"“{title}”尚未检查完。"))
        items = {item.pk: item for item in section.criterion.deductions.all()}
        for hit in section.hits.all():
            item = items[hit.deduction_id]
            if item.pk not in linked:
                found.append(Gap(section.criterion_id, item.pk, f"“{title}”的“{item.text}”已扣分，但没有登记问题。"))
            elif item.is_veto and not linked[item.pk]:
                found.append(
                    Gap(section.criterion_id, item.pk, f"一票否决“{item.text}”的问题没有证据（照片或文件）。")
                )
    return found


def gaps(inspection: Inspection) -> list[str]:
    """The words of `gap_rows`; empty when the score may be final."""
    return [gap.words for gap in gap_rows(inspection, sections_of(inspection))]
