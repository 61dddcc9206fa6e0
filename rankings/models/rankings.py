"""The annual ranking as it was frozen (§7): who stood where, on what evidence; and corrections, beside it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from rankings.choices import Board
from staff.choices import Action
from staff.permissions import is_set_apart

PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}
LONGEST = 5000


class RankingQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published_at__isnull=False)

    def reads(self, user) -> bool:
        """Whether rankings concern `user` at all (三员分立)."""
        return user.is_active and not is_set_apart(role for role, _ in user.posts_today)

    def visible_to(self, user):
        """[S] 年度考评结果在公司内部公布: once published, everybody who does business; before, who reads drafts."""
        if not self.reads(user):
            return self.none()
        return self if user.may(Action.READ_RANKING_DRAFT) else self.published()


class Ranking(models.Model):
    """One year's ranking, frozen by the signed act of a manager. Append-only but for its publication, which arrives once."""

    year = models.PositiveSmallIntegerField("年度", unique=True)
    # Minimum samples, formula, tie rule and population as they stood: what a reader needs to compute it again.
    basis = models.JSONField("计算依据")
    frozen_by = models.ForeignKey(verbose_name="冻结人", **PERSON)
    frozen_at = models.DateTimeField("冻结时间", default=timezone.now)
    digest = models.CharField("摘要 SHA-256", max_length=64)
    published_by = models.ForeignKey(verbose_name="公布人", null=True, blank=True, **PERSON)
    published_at = models.DateTimeField("公布时间", null=True, blank=True)
    pdf = models.CharField("公布文件", max_length=120, null=True, blank=True)
    pdf_sha256 = models.CharField("公布文件 SHA-256", max_length=64, null=True, blank=True)

    objects = RankingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "年度排名"
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(
                name="ranking_published_whole",
                condition=Q(published_at__isnull=True, published_by__isnull=True, pdf__isnull=True)
                | Q(published_at__isnull=False, published_by__isnull=False, pdf__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.year} 年度质量检查排名"


class RankingEntry(models.Model):
    """One line of a frozen board. `place` is None for what was not ranked, and `excluded` says why. Append-only."""

    ranking = models.ForeignKey(Ranking, verbose_name="排名", on_delete=models.PROTECT, related_name="entries")
    board = models.CharField("榜单", max_length=10, choices=Board)
    order = models.PositiveIntegerField("次序")
    place = models.PositiveIntegerField("名次", null=True, blank=True)
    subject_id = models.PositiveBigIntegerField("对象编号")
    label = models.CharField("名称", max_length=200)
    unit_name = models.CharField("单位", max_length=60, blank=True)
    score = models.DecimalField("得分", max_digits=7, decimal_places=2, null=True, blank=True)
    grade = models.CharField("等级", max_length=10, blank=True)
    sample = models.PositiveIntegerField("样本数")
    # What breaks ties and what stands beside: figures as text. And the ids of the inspections or reviews behind it.
    facts = models.JSONField("附列数据", default=dict)
    evidence = models.JSONField("依据", default=list)
    excluded = models.CharField("未列入排名的原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "排名行"
        ordering = ["board", "order"]
        indexes = [models.Index(fields=["ranking", "board", "order"], name="ranking_entry_in_order")]
        constraints = [
            models.UniqueConstraint(fields=["ranking", "board", "subject_id"], name="ranking_entry_once"),
            models.CheckConstraint(
                name="ranking_entry_placed_or_excluded",
                condition=Q(place__isnull=False, excluded="", score__isnull=False)
                | (Q(place__isnull=True) & ~Q(excluded="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_board_display()} {self.place or '—'} {self.label}"


class Correction(models.Model):
    """A later change of a frozen line, with its reason: it stands beside the frozen figures, which stay. The newest of a line
    counts; the places that follow are computed from the frozen facts and the corrections, never stored. Append-only."""

    entry = models.ForeignKey(
        RankingEntry, verbose_name="排名行", on_delete=models.PROTECT, related_name="corrections"
    )
    # None: taken out of the ranking.
    score = models.DecimalField("更正后得分", max_digits=7, decimal_places=2, null=True, blank=True)
    grade = models.CharField("更正后等级", max_length=10, blank=True)
    reason = models.TextField("更正理由", max_length=LONGEST)
    made_by = models.ForeignKey(verbose_name="更正人", **PERSON)
    made_at = models.DateTimeField("更正时间", default=timezone.now)
    digest = models.CharField("签署摘要 SHA-256", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "排名更正"
        ordering = ["made_at", "pk"]

    def __str__(self) -> str:
        return f"{self.entry} 更正于 {self.made_at:%Y-%m-%d}"
