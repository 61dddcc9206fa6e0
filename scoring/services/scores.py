"""Giving a score by a published standard."""

from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from scoring import rules
from scoring.models import ScoreSheet, Standard


def _snapshot(criteria, hits: Mapping[int, Decimal], deduction_rules: Mapping[int, rules.DeductionRule]) -> list[dict]:
    """The standard as it was used: every criterion and item in words and figures, with what was hit."""
    rows = []
    for criterion in criteria:
        items, lost = [], Decimal(0)
        for item in criterion.deductions.all():
            count = hits.get(item.pk, Decimal(0))
            taken = rules.points_lost(deduction_rules[item.pk], count)
            lost += taken
            items.append(
                {
                    "text": item.text,
                    "points": str(item.points),
                    "cap": None if item.cap is None else str(item.cap),
                    "is_veto": item.is_veto,
                    "hits": str(count),
                    "lost": str(taken),
                }
            )
        rows.append(
            {
                "title": criterion.title,
                "maximum": str(criterion.maximum),
                "score": str(max(Decimal(0), criterion.maximum - lost)),
                "items": items,
            }
        )
    return rows


def compute(standard: Standard, hits: Mapping[int, Decimal]) -> tuple[Decimal, str, bool, list[dict]]:
    """(total, grade, is_vetoed, snapshot) of `hits` (deduction id → number of hits) by `standard`.

    Raises ValidationError for an item of another standard or a negative number of hits."""
    criteria = list(standard.criteria.prefetch_related("deductions"))
    deduction_rules = {
        item.pk: rules.DeductionRule(criterion.pk, item.points, item.cap, item.is_veto)
        for criterion in criteria
        for item in criterion.deductions.all()
    }
    if not set(hits) <= set(deduction_rules):
        raise ValidationError("扣分项不属于当前评分标准，请刷新页面后重试。")
    maxima = {criterion.pk: criterion.maximum for criterion in criteria}
    try:
        total = rules.total(maxima, deduction_rules, hits.items(), standard.thresholds)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    is_vetoed = any(count > 0 and deduction_rules[pk].is_veto for pk, count in hits.items())
    return total, rules.grade(total, standard.thresholds), is_vetoed, _snapshot(criteria, hits, deduction_rules)


@transaction.atomic
def give_score(*, scorer, subject: models.Model, standard: Standard, hits: Mapping[int, Decimal]) -> ScoreSheet:
    """Store a score of `subject` and freeze the standard. The caller has checked the permission and writes the ledger
    row of the act to which the score belongs."""
    if standard.published_at is None:
        raise ValidationError("评分标准尚未发布，不能用于评分。")
    total, grade, is_vetoed, snapshot = compute(standard, hits)
    Standard.objects.filter(pk=standard.pk, frozen_at__isnull=True).update(frozen_at=timezone.now())
    return ScoreSheet.objects.create(
        standard=standard,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        scorer=scorer,
        snapshot=snapshot,
        total=total,
        grade=grade,
        is_vetoed=is_vetoed,
    )
