"""What the error library leads to: additions to the checklists of the review levels. The library itself is a query."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from lessons.choices import ProposalState
from reviews.choices import RemarkCategory
from reviews.models import ChecklistItem, Level

PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}


class ChecklistProposal(models.Model):
    """A line that somebody proposes for the checklist of a level, with what in the library speaks for it."""

    level = models.ForeignKey(Level, verbose_name="级别", on_delete=models.PROTECT, related_name="+")
    text = models.CharField("核查内容", max_length=300)
    category = models.CharField("类别", max_length=12, choices=RemarkCategory)
    basis = models.CharField("依据（错误库统计）", max_length=300)
    state = models.CharField("状态", max_length=10, choices=ProposalState, default=ProposalState.PROPOSED)
    proposed_by = models.ForeignKey(verbose_name="建议人", **PERSON)
    proposed_at = models.DateTimeField("建议时间", default=timezone.now)
    decided_by = models.ForeignKey(verbose_name="审定人", null=True, blank=True, **PERSON)
    decided_at = models.DateTimeField("审定时间", null=True, blank=True)
    note = models.CharField("审定意见", max_length=300, blank=True)
    item = models.OneToOneField(
        ChecklistItem,
        verbose_name="新增条目",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="proposal",
    )

    class Meta:
        verbose_name = verbose_name_plural = "核查清单建议"
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="checklist_proposal_decided_whole",
                condition=Q(state=ProposalState.PROPOSED, decided_at__isnull=True)
                | (~Q(state=ProposalState.PROPOSED) & Q(decided_at__isnull=False, decided_by__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["level", "text"], condition=Q(state=ProposalState.PROPOSED), name="checklist_proposal_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level}：{self.text}"
