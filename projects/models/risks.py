"""Risks of a project (§2)."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from projects.choices import (
    Degree,
    RiskStatus,
)
from projects.models.projects import Project


class Risk(models.Model):
    """A risk of the project (§2): climbs to the next person up until somebody can remove it."""

    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, related_name="risks")
    description = models.TextField("风险描述")
    probability = models.PositiveSmallIntegerField("概率", choices=Degree, default=Degree.MEDIUM)
    impact = models.PositiveSmallIntegerField("影响", choices=Degree, default=Degree.MEDIUM)
    measures = models.TextField("应对措施", blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="责任人", on_delete=models.PROTECT, related_name="risks"
    )
    status = models.CharField("状态", max_length=10, choices=RiskStatus, default=RiskStatus.OPEN)
    resolution = models.TextField("处理结果", blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField("登记时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "风险"
        ordering = ["status", "-created_at"]

    def __str__(self) -> str:
        return self.description[:60]

    @property
    def weight(self) -> int:
        """概率 × 影响, 1–9."""
        return self.probability * self.impact
