"""Deliverables with their versions and files (§2)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from projects.choices import (
    DeliverableKind,
)
from projects.models.projects import MONEY, Discipline, Project, sees_all_projects


class DeliverableQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self if sees_all_projects(user) else self.filter(project__in=Project.objects.visible_to(user))

    def search(self, text: str):
        return self.filter(
            Q(number__icontains=text)
            | Q(title__icontains=text)
            | Q(project__name__icontains=text)
            | Q(project__number__icontains=text)
            | Q(preparer__name__icontains=text)
        )


class Deliverable(models.Model):
    """A result document (咨询成果文件) that passes the review chain. Its state is the chain's, not a column here."""

    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, related_name="deliverables")
    number = models.CharField("成果编号", max_length=50, unique=True, editable=False)
    title = models.CharField("成果名称", max_length=160)
    kind = models.CharField("成果类别", max_length=24, choices=DeliverableKind)
    discipline = models.ForeignKey(
        Discipline, verbose_name="专业", on_delete=models.PROTECT, related_name="deliverables"
    )
    preparer = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="编制人", on_delete=models.PROTECT, related_name="deliverables"
    )
    has_calculation = models.BooleanField(
        "涉及计量或计算", default=True, help_text="涉及计量或计算工作的成果文件必须经过校核。"
    )
    starts_on = models.DateField("计划开始", null=True, blank=True)
    due_on = models.DateField("计划完成", null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="建档人", on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField("建档时间", default=timezone.now, editable=False)

    objects = DeliverableQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "成果文件"
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="deliverable_newest")]
        constraints = [
            models.CheckConstraint(
                name="deliverable_dates_in_order",
                condition=Q(starts_on__isnull=True) | Q(due_on__isnull=True) | Q(due_on__gte=F("starts_on")),
                violation_error_message="计划完成日期不能早于计划开始日期。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class DeliverableVersionQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(deliverable__project__in=Project.objects.visible_to(user))


class DeliverableVersion(models.Model):
    """One version of a deliverable: its files and, where it is about money, its amounts. Sealed once submitted."""

    deliverable = models.ForeignKey(
        Deliverable, verbose_name="成果文件", on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField("版本号")
    note = models.CharField("版本说明", max_length=300, blank=True)
    submitted_amount = models.DecimalField("送审金额（元）", **MONEY)
    draft_amount = models.DecimalField("初稿金额（元）", **MONEY)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="上传人", on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField("上传时间", default=timezone.now)
    sealed_at = models.DateTimeField("封存时间", null=True, blank=True)
    manifest_sha256 = models.CharField("文件清单 SHA-256", max_length=64, blank=True)

    objects = DeliverableVersionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "成果版本"
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["deliverable", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.deliverable.number} 第 {self.number} 版"


def attachment_path(instance: "Attachment", filename: str) -> str:
    """Random name: a client's file name never reaches the disk."""
    return f"deliverables/{timezone.now():%Y%m}/{get_random_string(40)}"


class AttachmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(version__deliverable__project__in=Project.objects.visible_to(user))


class Attachment(models.Model):
    """A file of a version. `name` is the cleaned name that people see; the bytes lie under a random one."""

    version = models.ForeignKey(
        DeliverableVersion, verbose_name="版本", on_delete=models.PROTECT, related_name="attachments"
    )
    file = models.FileField("文件", upload_to=attachment_path, max_length=120)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("大小（字节）")
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "成果附件"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["version", "name"], name="attachment_name_once")]

    def __str__(self) -> str:
        return self.name
