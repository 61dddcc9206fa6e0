"""Rewards and penalties as data: versions of the policy with their amounts (奖惩标准). Blank in the 制度, so unset until set."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from rankings.choices import Cause, Measure, Party
from rankings.models.rankings import PERSON

MONEY = {"max_digits": 12, "decimal_places": 2, "validators": [MinValueValidator(Decimal(0))]}


class PolicyQuerySet(models.QuerySet):
    def in_force(self):
        """The newest published version; None while nothing was published."""
        return self.filter(published_at__isnull=False).order_by("-version").first()


class Policy(models.Model):
    """One version: minimum samples of the ranking, and what is paid or taken for what. Edited as a draft; closed by the
    database once it is published."""

    version = models.PositiveIntegerField("版本", unique=True)
    title = models.CharField("名称", max_length=120)
    min_unit_sample = models.PositiveSmallIntegerField(
        "单位排名最少被检项目（个）", default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    min_person_sample = models.PositiveSmallIntegerField(
        "个人排名最少签署（份）", default=3, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    sent_back_from = models.PositiveSmallIntegerField(
        "成果被退回几次起计罚", default=3, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    note = models.TextField("说明", blank=True, max_length=2000)
    turn = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(verbose_name="编制人", null=True, blank=True, editable=False, **PERSON)
    created_at = models.DateTimeField("编制时间", default=timezone.now, editable=False)
    # Of a draft: when and by whom it was saved last. Who saves an older turn has not seen the newer.
    changed_by = models.ForeignKey(verbose_name="最近修改人", null=True, blank=True, editable=False, **PERSON)
    changed_at = models.DateTimeField("最近修改时间", null=True, blank=True, editable=False)
    published_by = models.ForeignKey(verbose_name="发布人", null=True, blank=True, editable=False, **PERSON)
    published_at = models.DateTimeField("发布时间", null=True, blank=True, editable=False)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "奖惩标准"
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"{self.title}（第 {self.version} 版）"

    @property
    def is_draft(self) -> bool:
        return self.published_at is None


class Amount(models.Model):
    """What one party gets or owes for one cause, in 元. None is 未设定, never 0."""

    policy = models.ForeignKey(Policy, verbose_name="奖惩标准", on_delete=models.CASCADE, related_name="amounts")
    order = models.PositiveSmallIntegerField("序号")
    # The same rule keeps its number through the versions, whatever its words become: what is on record by an older
    # version (考勤) is settled by the amount of the newer.
    line = models.PositiveSmallIntegerField("条款编号")
    cause = models.CharField("事由", max_length=20, choices=Cause)
    party = models.CharField("对象", max_length=20, choices=Party)
    # Of several rules for one cause (考勤): which one, in the words of the 制度.
    text = models.CharField("条款", max_length=300)
    amount = models.DecimalField("金额（元）", null=True, blank=True, **MONEY)
    # An optional row does not block a settlement while it is unset: its rule is not applied then.
    is_optional = models.BooleanField("可不设定", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "奖惩金额"
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "order"], name="policy_amount_order_once"),
            models.UniqueConstraint(fields=["policy", "line"], name="policy_amount_line_once"),
            models.UniqueConstraint(
                fields=["policy", "cause", "party"],
                condition=~Q(cause=Cause.ATTENDANCE),
                name="policy_amount_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} · {self.get_party_display()}"


class Target(models.Model):
    """What the firm wants to reach in one measure, in percent ([S] 满意度 90%、成功率 80%、误差率 3% …)."""

    policy = models.ForeignKey(Policy, verbose_name="奖惩标准", on_delete=models.CASCADE, related_name="targets")
    measure = models.CharField("指标", max_length=24, choices=Measure)
    percent = models.DecimalField(
        "目标值（%）", max_digits=5, decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "质量目标"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["policy", "measure"], name="policy_target_once")]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} {self.percent}%"


class TeamShare(models.Model):
    """How the team's reward is split by role, in percent of the whole; several people of one role share it evenly."""

    policy = models.ForeignKey(Policy, verbose_name="奖惩标准", on_delete=models.CASCADE, related_name="shares")
    party = models.CharField("角色", max_length=20, choices=Party)
    percent = models.DecimalField(
        "比例（%）", max_digits=5, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "项目组奖励分配"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["policy", "party"], name="policy_share_once")]

    def __str__(self) -> str:
        return f"{self.get_party_display()} {self.percent}%"
