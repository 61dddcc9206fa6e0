"""What was said about an inspection's result, the written opinion, its receipt, and what follows from it."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from inspections.choices import ConsequenceKind, Decision, Side, State
from inspections.models.findings import Evidence
from inspections.models.inspections import LONGEST, Inspection
from inspections.models.plans import PERSON
from scoring.models import ScoreSheet


class Talk(models.Model):
    """What one side said in the discussion (检查意见应与被检项目进行充分沟通 [S]). Append-only."""

    inspection = models.ForeignKey(Inspection, verbose_name="检查", on_delete=models.PROTECT, related_name="talks")
    side = models.CharField("发言方", max_length=10, choices=Side)
    text = models.TextField("意见", max_length=LONGEST)
    agrees = models.BooleanField("对检查结果无异议", null=True, blank=True)
    # 质量办 writes down what the inspected side said, with what proves it.
    is_recorded_by_office = models.BooleanField("质量办代为记录", default=False)
    evidence = models.ForeignKey(Evidence, verbose_name="沟通记录", null=True, blank=True, on_delete=models.PROTECT,
                                 related_name="+")  # fmt: skip
    said_by = models.ForeignKey(verbose_name="登记人", **PERSON)
    said_at = models.DateTimeField("登记时间", default=timezone.now)
    # The score that was discussed: a new score sheet needs a new discussion.
    score_sheet = models.ForeignKey(
        ScoreSheet, verbose_name="所沟通的评分表", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "沟通记录"
        ordering = ["said_at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.said_at:%Y-%m-%d}"


class Opinion(models.Model):
    """The written opinion (检查书面意见): numbered, signed, on paper. Append-only."""

    inspection = models.OneToOneField(
        Inspection, verbose_name="检查", on_delete=models.PROTECT, related_name="opinion"
    )
    number = models.CharField("意见编号", max_length=24, unique=True)
    issued_by = models.ForeignKey(verbose_name="签发人", **PERSON)
    issued_at = models.DateTimeField("签发时间")
    digest = models.CharField("签署摘要 SHA-256", max_length=64, unique=True)
    pdf = models.CharField("书面意见", max_length=120)
    pdf_sha256 = models.CharField("书面意见 SHA-256", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "书面意见"
        ordering = ["-issued_at"]

    def __str__(self) -> str:
        return self.number


class Receipt(models.Model):
    """That the inspected side has the opinion: the instant from which the ten days run [S]. Append-only, one of each."""

    opinion = models.OneToOneField(Opinion, verbose_name="书面意见", on_delete=models.PROTECT, related_name="receipt")
    received_at = models.DateTimeField("收到时间")
    confirmed_by = models.ForeignKey(verbose_name="确认人", **PERSON)
    is_recorded_by_office = models.BooleanField("质量办登记送达", default=False)
    note = models.CharField("送达说明", max_length=300, blank=True)
    evidence = models.ForeignKey(Evidence, verbose_name="送达证据", null=True, blank=True, on_delete=models.PROTECT,
                                 related_name="+")  # fmt: skip
    registered_at = models.DateTimeField("登记时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "送达回执"
        constraints = [
            models.CheckConstraint(
                name="receipt_by_office_with_evidence",
                condition=Q(is_recorded_by_office=False) | Q(evidence__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.opinion} 收到于 {self.received_at:%Y-%m-%d}"


class ConsequenceQuerySet(models.QuerySet):
    def due_in(self, year: int):
        """The re-inspections that stand for `year`, whether confirmed yet or not, and have not been opened."""
        standing = Q(decision__isnull=True) | Q(decision=Decision.CONFIRMED)
        opened = Inspection.objects.filter(reinspection_of=OuterRef("inspection")).exclude(state=State.CANCELLED)
        return self.filter(standing, ~Exists(opened), kind=ConsequenceKind.REINSPECTION, target_year=year)

    def undecided(self):
        return self.filter(decision__isnull=True)


class Consequence(models.Model):
    """What the system found to follow from an opinion [S]; a person confirms it, or not, with a reason. Append-only but for
    the decision, which arrives once."""

    inspection = models.ForeignKey(
        Inspection, verbose_name="检查", on_delete=models.PROTECT, related_name="consequences"
    )
    kind = models.CharField("后续事项", max_length=14, choices=ConsequenceKind)
    target_year = models.PositiveSmallIntegerField("复查年度", null=True, blank=True)
    reason = models.CharField("依据", max_length=300)
    proposed_at = models.DateTimeField("提出时间", default=timezone.now)
    # None: nobody has decided yet (待确认).
    decision = models.CharField("处理", max_length=10, choices=Decision, null=True, blank=True)
    note = models.TextField("处置意见", max_length=LONGEST, null=True, blank=True)
    decided_by = models.ForeignKey(verbose_name="处理人", null=True, blank=True, **PERSON)
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)

    objects = ConsequenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查后续事项"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "kind"], name="consequence_once"),
            models.CheckConstraint(
                name="consequence_reinspection_has_year",
                condition=~Q(kind=ConsequenceKind.REINSPECTION) | Q(target_year__isnull=False),
            ),
            models.CheckConstraint(
                name="consequence_decided_by_somebody",
                condition=Q(decision__isnull=True, decided_at__isnull=True)
                | Q(decision__isnull=False, decided_at__isnull=False, decided_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inspection.number} {self.get_kind_display()}"
