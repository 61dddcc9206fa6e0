"""Plans of inspection and the samples drawn for them (监管检查, §4)."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from inspections.choices import PLANNED_KINDS, PlanState
from projects.choices import BusinessLine
from staff.models import Unit

PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}
QUARTERS = [(number, f"第 {number} 季度") for number in range(1, 5)]


class Plan(models.Model):
    """A year's or a quarter's plan of the quality office (检查计划), with its targets of coverage."""

    year = models.PositiveSmallIntegerField("年度", validators=[MinValueValidator(2000), MaxValueValidator(2100)])
    quarter = models.PositiveSmallIntegerField("季度", null=True, blank=True, choices=QUARTERS)
    kind = models.CharField("检查方式", max_length=20, choices=PLANNED_KINDS)
    title = models.CharField("名称", max_length=120, unique=True)
    note = models.TextField("说明", blank=True)
    state = models.CharField("状态", max_length=10, choices=PlanState, default=PlanState.DRAFT, editable=False)
    created_by = models.ForeignKey(verbose_name="编制人", editable=False, **PERSON)
    created_at = models.DateTimeField("编制时间", default=timezone.now, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "检查计划"
        ordering = ["-year", "-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def period(self) -> str:
        return f"{self.year} 年" + (f"第 {self.quarter} 季度" if self.quarter else "")


class Target(models.Model):
    """How many of a unit's (or a business line's) projects are to be inspected, in percent."""

    plan = models.ForeignKey(Plan, verbose_name="计划", on_delete=models.CASCADE, related_name="targets")
    unit = models.ForeignKey(
        Unit, verbose_name="单位", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    business_line = models.CharField("业务类型", max_length=30, choices=BusinessLine, blank=True)
    percent = models.PositiveSmallIntegerField(
        "覆盖率目标（%）", validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = verbose_name_plural = "覆盖率目标"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="target_is_a_percentage", condition=Q(percent__gte=1, percent__lte=100)),
            models.UniqueConstraint(
                fields=["plan", "unit", "business_line"], condition=Q(unit__isnull=False), name="target_of_unit_once"
            ),
            models.UniqueConstraint(
                fields=["plan", "business_line"], condition=Q(unit__isnull=True), name="target_of_firm_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit or '全部单位'} · {self.get_business_line_display() or '全部业务'} {self.percent}%"


class Draw(models.Model):
    """A sample as it was drawn (抽样): everything that is needed to draw it again, and its digest. Append-only."""

    plan = models.ForeignKey(Plan, verbose_name="计划", on_delete=models.PROTECT, related_name="draws")
    seed = models.CharField("种子", max_length=64)
    size = models.PositiveSmallIntegerField("样本量")
    algorithm = models.PositiveSmallIntegerField("算法版本")
    is_weighted = models.BooleanField("按风险加权")
    population = models.JSONField("总体")
    excluded = models.JSONField("排除")
    quotas = models.JSONField("各层配额")
    drawn = models.JSONField("结果")
    digest = models.CharField("摘要 SHA-256", max_length=64)
    drawn_by = models.ForeignKey(verbose_name="抽样人", **PERSON)
    drawn_at = models.DateTimeField("抽样时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "抽样"
        ordering = ["-drawn_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.plan} 第 {self.pk} 次抽样"
