"""The score sheet while it is filled in: one criterion at a time, each saved by itself (§5)."""

from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from inspections import chain
from inspections.choices import State
from inspections.models import Hit, Inspection, Section
from inspections.models.inspections import LONGEST
from inspections.queries.score_sheets import section_rows
from inspections.rules import CENT, MOST_HITS
from scoring.models import Criterion


class SectionConflict(Exception):
    """Somebody else saved this criterion after the page was drawn. `section` is what is stored, with its hits."""

    status_code = 409

    def __init__(self, section: Section):
        self.section = section
        if section.saved_by is None:  # a turn that never was
            super().__init__(f"“{section.criterion.title}”的页面已失效，请刷新后重试。")
            return
        at = timezone.localtime(section.saved_at)
        day = "" if at.date() == timezone.localdate() else f"{at:%Y-%m-%d} "
        super().__init__(
            f"“{section.criterion.title}”已由（{section.saved_by.name}）于 {day}{at:%H:%M} 保存。"
            "请比对两份内容，选择保留哪一份。"
        )


@transaction.atomic
def save_section(*, actor, inspection: Inspection, criterion: Criterion, turn: int, hits: Mapping[int, Decimal],
                 note: str = "", is_done: bool = False) -> Section:  # fmt: skip
    """Save what was found under one criterion: `hits` (deduction id → how often), the inspector's note, whether it is done.

    By compare-and-set on the section's `turn`: what was saved in between by anybody raises SectionConflict, unless it is
    exactly what is sent, for then a request whose answer was lost comes a second time. Nothing is written when nothing
    changes. Raises PermissionDenied for all but the inspectors, AlreadyHandled when it is not being scored any more,
    ValidationError for a deduction of another criterion and for counts that are none.

    No row of the ledger: this is saved while it is typed, many times a minute, and binds nobody. What binds is the score
    that 评分定稿 signs; that row carries the whole sheet with the hash of its snapshot."""
    chain.require_inspector(inspection, actor)
    inspection = chain.touch(inspection=inspection)
    if inspection.state != State.SCORING:
        raise chain.already_handled(inspection)
    section = _section(inspection, criterion)
    hits = _checked(section.criterion, hits)
    note = note.replace("\r\n", "\n").strip()
    if len(note) > LONGEST:
        raise ValidationError({"note": f"检查记录最多 {LONGEST} 字。"})
    if (stored_hits(section), section.note, section.is_done) == (hits, note, is_done):
        return section
    if section.turn != turn:
        raise SectionConflict(section)
    claimed = Section.objects.filter(pk=section.pk, turn=turn).update(
        turn=turn + 1, note=note, is_done=is_done, saved_by=actor, saved_at=timezone.now()
    )
    if not claimed:
        raise SectionConflict(_section(inspection, criterion))
    _set_hits(section, hits)
    return _section(inspection, criterion)


def _section(inspection: Inspection, criterion: Criterion) -> Section:
    section = section_rows(inspection).filter(criterion=criterion).first()
    if section is None:
        raise ValidationError("该评分项不属于本次检查的评分标准，请刷新页面后重试。")
    return section


def stored_hits(section: Section) -> dict[int, Decimal]:
    """Deduction id → how often, of a section whose hits are loaded."""
    return {hit.deduction_id: hit.count for hit in section.hits.all()}


def _checked(criterion: Criterion, hits: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """The hits as they are stored. Raises ValidationError by the key “hits”."""
    own = {item.pk: item for item in criterion.deductions.all()}
    if not set(hits) <= set(own):
        raise ValidationError({"hits": "扣分细则不属于该评分项，请刷新页面后重试。"})
    for pk, count in hits.items():
        if not isinstance(count, Decimal) or not count.is_finite() or not 0 < count <= MOST_HITS:
            raise ValidationError({"hits": f"“{own[pk].text}”的处数须大于 0，且不超过 {MOST_HITS}。"})
        if count != count.quantize(CENT):
            raise ValidationError({"hits": f"“{own[pk].text}”的处数最多两位小数。"})
    return dict(hits)


def _set_hits(section: Section, hits: Mapping[int, Decimal]) -> None:
    before = stored_hits(section)
    changed = {pk for pk in {*before, *hits} if before.get(pk) != hits.get(pk)}
    section.hits.filter(deduction__in=changed & set(before)).delete()
    Hit.objects.bulk_create(
        Hit(section=section, deduction_id=pk, count=hits[pk]) for pk in sorted(changed & set(hits))
    )
