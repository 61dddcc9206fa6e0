"""What an inspection found, what proves it, and how it was put right (整改)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from inspections.choices import EvidenceOf
from inspections.models.inspections import LONGEST, Accident, Inspection
from inspections.models.plans import PERSON
from projects.models import MONEY, Attachment, Deliverable
from reviews.choices import Severity
from reviews.models import Remark
from scoring.models import Deduction

LINK = {"null": True, "blank": True, "on_delete": models.PROTECT, "related_name": "findings"}


class FindingQuerySet(models.QuerySet):
    def to_rectify(self):
        return self.filter(needs_rectification=True)

    def unsettled(self):
        return self.to_rectify().filter(settled_at__isnull=True)


class Finding(models.Model):
    """A problem found by an inspection, linked to the deduction that it costs and to what it was found in. Free to edit
    while it is scored or discussed; closed by the database with the written opinion, but for `settled_at`."""

    inspection = models.ForeignKey(Inspection, verbose_name="检查", on_delete=models.PROTECT, related_name="findings")
    number = models.PositiveSmallIntegerField("序号")
    deduction = models.ForeignKey(Deduction, verbose_name="扣分细则", **LINK)
    deliverable = models.ForeignKey(Deliverable, verbose_name="成果文件", **LINK)
    remark = models.ForeignKey(Remark, verbose_name="校审意见", **LINK)
    attachment = models.ForeignKey(Attachment, verbose_name="成果附件", **LINK)
    place = models.CharField(
        "位置", max_length=120, blank=True, help_text="文件、表、行或页，如“土建.xlsx 第 36 行”。"
    )
    problem = models.TextField("问题", max_length=LONGEST)
    requirement = models.TextField("整改要求", max_length=LONGEST, blank=True)
    severity = models.CharField("严重程度", max_length=10, choices=Severity, default=Severity.ORDINARY)
    amount = models.DecimalField("涉及金额（元）", **MONEY)
    needs_rectification = models.BooleanField("须整改", default=True)
    raised_by = models.ForeignKey(verbose_name="提出人", editable=False, **PERSON)
    raised_at = models.DateTimeField("提出时间", default=timezone.now, editable=False)
    settled_at = models.DateTimeField("复查通过时间", null=True, blank=True, editable=False)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查问题"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["inspection", "number"], name="finding_number_once")]

    def __str__(self) -> str:
        return f"问题 {self.number}"


class RectificationQuerySet(models.QuerySet):
    def submitted(self):
        return self.filter(submitted_at__isnull=False)


class Rectification(models.Model):
    """One answer to a finding: 整改意见, 整改情况, and the re-check of it. A draft until the whole reply is submitted; then
    only the re-check may still arrive, once. Sent back, the next attempt is a new row."""

    finding = models.ForeignKey(Finding, verbose_name="问题", on_delete=models.PROTECT, related_name="rectifications")
    attempt = models.PositiveSmallIntegerField("第几次", default=1)
    plan = models.TextField("整改意见", max_length=LONGEST, blank=True)
    result = models.TextField("整改情况", max_length=LONGEST, blank=True)
    turn = models.PositiveIntegerField(default=0)
    saved_by = models.ForeignKey(verbose_name="填写人", **PERSON)
    saved_at = models.DateTimeField("填写时间", default=timezone.now)
    submitted_by = models.ForeignKey(verbose_name="回复人", null=True, blank=True, **PERSON)
    submitted_at = models.DateTimeField("回复时间", null=True, blank=True)
    is_passed = models.BooleanField("复查通过", null=True, blank=True)
    recheck_note = models.TextField("复查意见", max_length=LONGEST, null=True, blank=True)
    rechecked_by = models.ForeignKey(verbose_name="复查人", null=True, blank=True, **PERSON)
    rechecked_at = models.DateTimeField("复查时间", null=True, blank=True)

    objects = RectificationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "整改回复"
        ordering = ["attempt"]
        constraints = [
            models.UniqueConstraint(fields=["finding", "attempt"], name="rectification_attempt_once"),
            models.CheckConstraint(
                name="rectification_rechecked_when_submitted",
                condition=Q(rechecked_at__isnull=True, is_passed__isnull=True)
                | Q(submitted_at__isnull=False, rechecked_at__isnull=False, is_passed__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding} 第 {self.attempt} 次回复"


def evidence_path(instance: "Evidence", filename: str) -> str:
    """Random name: a client's file name never reaches the disk."""
    return f"inspections/{timezone.now():%Y%m}/{get_random_string(40)}"


class EvidenceQuerySet(models.QuerySet):
    def standing(self):
        return self.filter(removed_at__isnull=True)


class Evidence(models.Model):
    """A photo or document that proves something. Append-only: what is taken back is marked, not deleted."""

    of = models.CharField("用途", max_length=14, choices=EvidenceOf)
    inspection = models.ForeignKey(Inspection, verbose_name="检查", null=True, blank=True, on_delete=models.PROTECT,
                                   related_name="evidence")  # fmt: skip
    finding = models.ForeignKey(Finding, verbose_name="问题", null=True, blank=True, on_delete=models.PROTECT,
                                related_name="evidence")  # fmt: skip
    rectification = models.ForeignKey(Rectification, verbose_name="整改回复", null=True, blank=True,
                                      on_delete=models.PROTECT, related_name="evidence")  # fmt: skip
    accident = models.ForeignKey(Accident, verbose_name="事故", null=True, blank=True, on_delete=models.PROTECT,
                                 related_name="evidence")  # fmt: skip
    liability_case = models.ForeignKey("inspections.LiabilityCase", verbose_name="问责", null=True, blank=True,
                                       on_delete=models.PROTECT, related_name="evidence")  # fmt: skip
    file = models.FileField("文件", upload_to=evidence_path, max_length=120)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("大小（字节）")
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_by = models.ForeignKey(verbose_name="上传人", **PERSON)
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)
    removed_by = models.ForeignKey(verbose_name="移除人", null=True, blank=True, **PERSON)
    removed_at = models.DateTimeField("移除时间", null=True, blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "证据"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
