"""Reads of scoring standards."""

from django.db.models import Count

from scoring.content import Content, Item, Part
from scoring.models import Standard
from staff.choices import Action


def standards_for(user):
    """The versions that `user` may read: what was ever in force is everybody's; a draft is the quality office's."""
    return Standard.objects.all() if user.may(Action.MANAGE_STANDARDS) else Standard.objects.published()


def listed(standards):
    """With the number of deductions, the newest version of each purpose first."""
    return (
        standards.annotate(item_count=Count("criteria__deductions"))
        .select_related("changed_by")
        .order_by("purpose", "-version")
    )


def with_criteria(standards):
    """The standards with criteria and deductions loaded."""
    return standards.prefetch_related("criteria__deductions")


def content_of(standard: Standard) -> Content:
    """What a version says, as plain values, read afresh."""
    row = Standard.objects.prefetch_related("criteria__deductions").get(pk=standard.pk)
    return Content(
        title=row.title, pass_mark=row.pass_mark, good_mark=row.good_mark, good_inclusive=row.good_inclusive,
        veto_cap=row.veto_cap, is_sample=row.is_sample,
        criteria=tuple(
            Part(criterion.title, criterion.maximum, tuple(
                Item(item.text, item.points, item.cap, item.evidence, item.is_veto)
                for item in criterion.deductions.all()
            ))
            for criterion in row.criteria.all()
        ),
    )  # fmt: skip


def version_before(standard: Standard) -> Standard | None:
    """The published version that a version is compared with unless another is asked for: the newest one before it."""
    return (
        Standard.objects.published()
        .filter(purpose=standard.purpose, version__lt=standard.version)
        .order_by("-version")
        .first()
    )
