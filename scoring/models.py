"""Scoring standards (质量检查评分标准, §5) and the sheets scored with them."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from scoring import rules
from scoring.choices import Purpose

POINTS = {"max_digits": 5, "decimal_places": 2}
_NOT_NEGATIVE = [MinValueValidator(Decimal(0))]


class StandardQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published_at__isnull=False)

    def drafts(self):
        return self.filter(published_at__isnull=True)

    def current(self, purpose: Purpose):
        """The version in force for a purpose: the newest one that is published."""
        return self.published().filter(purpose=purpose).order_by("-version").first()


class Standard(models.Model):
    """One version of a scoring standard. A draft is edited freely; what it says is fixed once it is published, by the
    database itself (migration 0006), and `frozen_at` tells when it was first used."""

    purpose = models.CharField("用途", max_length=20, choices=Purpose)
    version = models.PositiveIntegerField("版本")
    title = models.CharField("名称", max_length=120)
    is_sample = models.BooleanField(
        "示例", default=False, help_text="制度未附评分细则，系统预置的为示例，可由公司另定。"
    )
    pass_mark = models.DecimalField("合格线（含）", **POINTS, default=Decimal(60))
    good_mark = models.DecimalField("优良线", **POINTS, default=Decimal(80))
    good_inclusive = models.BooleanField(
        "优良线本身为优良", default=False, help_text="制度原文 60 至 80 为合格、80 以上为优良，80 分默认合格。"
    )
    veto_cap = models.DecimalField("一票否决后最高分", **POINTS, default=Decimal(59))
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    frozen_at = models.DateTimeField("首次使用（冻结）时间", null=True, blank=True, editable=False)
    # Of a draft: how often it was saved, when and by whom last. Who saves an older turn has not seen the newer.
    turn = models.PositiveIntegerField("保存次数", default=0, editable=False)
    changed_at = models.DateTimeField("最近修改时间", null=True, blank=True, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="最近修改人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    objects = StandardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评分标准"
        ordering = ["purpose", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version"], name="standard_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title}（第 {self.version} 版）"

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def thresholds(self) -> rules.Thresholds:
        return rules.Thresholds(self.pass_mark, self.good_mark, self.good_inclusive, self.veto_cap)


class Criterion(models.Model):
    """A heading of the standard with its share of the 100 points."""

    standard = models.ForeignKey(Standard, verbose_name="评分标准", on_delete=models.CASCADE, related_name="criteria")
    order = models.PositiveSmallIntegerField("序号")
    title = models.CharField("评分项", max_length=80)
    maximum = models.DecimalField("满分", **POINTS, validators=_NOT_NEGATIVE)

    class Meta:
        verbose_name = verbose_name_plural = "评分项"
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["standard", "order"], name="criterion_order_once")]

    def __str__(self) -> str:
        return f"{self.title}（{self.maximum.normalize():f} 分）"


class Deduction(models.Model):
    """One thing that costs points: so many for each hit, up to a cap."""

    criterion = models.ForeignKey(
        Criterion, verbose_name="评分项", on_delete=models.CASCADE, related_name="deductions"
    )
    order = models.PositiveSmallIntegerField("序号")
    text = models.CharField("扣分内容", max_length=200)
    points = models.DecimalField("每处扣分", **POINTS, validators=_NOT_NEGATIVE)
    cap = models.DecimalField("扣分上限", **POINTS, null=True, blank=True, validators=_NOT_NEGATIVE)
    evidence = models.CharField("所需依据", max_length=120, blank=True)
    is_veto = models.BooleanField("一票否决", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "扣分细则"
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["criterion", "order"], name="deduction_order_once")]

    def __str__(self) -> str:
        return self.text


class ScoreSheet(models.Model):
    """A score given once and kept, with a snapshot of the standard it was given by. Append-only."""

    standard = models.ForeignKey(Standard, verbose_name="评分标准", on_delete=models.PROTECT, related_name="sheets")
    subject_type = models.CharField("对象类别", max_length=60)
    subject_id = models.BigIntegerField("对象编号")
    scorer = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="评分人", on_delete=models.PROTECT, related_name="+"
    )
    snapshot = models.JSONField("标准快照", help_text="评分时所用标准的全文、命中次数与每项得分。")
    total = models.DecimalField("总分", **POINTS, validators=[*_NOT_NEGATIVE, MaxValueValidator(Decimal(100))])
    grade = models.CharField("等级", max_length=10)
    is_vetoed = models.BooleanField("一票否决", default=False)
    scored_at = models.DateTimeField("评分时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "评分表"
        ordering = ["-scored_at"]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="scoresheet_subject")]
        constraints = [
            models.CheckConstraint(
                name="score_within_0_100", condition=models.Q(total__gte=0) & models.Q(total__lte=100)
            )
        ]

    def __str__(self) -> str:
        return f"{self.total} 分 · {self.grade}"
