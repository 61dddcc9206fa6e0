"""What the client asks for: an answer, people on the spot (§2)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from projects.choices import (
    InquiryChannel,
)
from projects.models.projects import Project


class Inquiry(models.Model):
    """A client's question and the answer to it; both instants are kept (§2)."""

    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, related_name="inquiries")
    question = models.TextField("询问内容")
    asked_by = models.CharField("询问人", max_length=60)
    asked_at = models.DateTimeField("收到时间")
    channel = models.CharField("方式", max_length=20, choices=InquiryChannel, default=InquiryChannel.WRITTEN)
    answer = models.TextField("答复内容", blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="答复人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "委托人询问"
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return self.question[:60]


class UrgentRequest(models.Model):
    """The client wants people on the spot (委托人紧急任务): within a day, so both instants are kept (§6)."""

    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, related_name="urgent_requests")
    need = models.TextField("支援内容")
    asked_by = models.CharField("提出人", max_length=60)
    asked_at = models.DateTimeField("收到时间")
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    arrived_at = models.DateTimeField("到岗时间", null=True, blank=True)
    arrival_note = models.CharField("到岗人员与情况", max_length=300, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="到岗登记人", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "紧急支援"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="urgent_arrival_whole",
                condition=Q(arrived_at__isnull=True, closed_by__isnull=True)
                | Q(arrived_at__gte=F("asked_at"), closed_by__isnull=False),
                violation_error_message="到岗时间不能早于收到时间。",
            )
        ]

    def __str__(self) -> str:
        return self.need[:60]
