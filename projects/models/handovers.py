"""What the client hands over and gets back (资料交接清单, §2)."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from projects.choices import ContractKind, HandoverKind, MaterialCategory
from projects.models.projects import Discipline, Project

PERSON = {"on_delete": models.PROTECT, "related_name": "+"}


class HandoverQuerySet(models.QuerySet):
    def open(self):
        """The sets with which something is to be done: not complete yet, or not all back though the service has ended."""
        with_us = HandoverItem.objects.outstanding().filter(handover=OuterRef("pk"))
        return self.filter(
            Q(completed_on__isnull=True) | (Q(project__actual_finish_on__isnull=False) & Exists(with_us))
        )


class Handover(models.Model):
    """A set of materials from the client. The day on which it is complete starts the clocks of its kind (§6)."""

    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, related_name="handovers")
    kind = models.CharField("资料类别", max_length=24, choices=HandoverKind)
    title = models.CharField(
        "单项工程、标段或份别", max_length=100, blank=True, help_text="单项工程图纸须填写单项工程名称。"
    )
    discipline = models.ForeignKey(
        Discipline, verbose_name="专业", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    contract_kind = models.CharField("合同类别", max_length=10, choices=ContractKind, default=ContractKind.MAIN)
    handed_over_by = models.CharField("委托人移交人", max_length=60)
    note = models.TextField("说明", blank=True)
    beyond_reason = models.CharField("超过一般次数的理由", max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="登记人", **PERSON)
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    completed_on = models.DateField("资料齐全日期", null=True, blank=True)
    completed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="齐全登记人", null=True, blank=True, **PERSON
    )
    completed_at = models.DateTimeField("齐全登记时间", null=True, blank=True)
    returned_at = models.DateTimeField("全部归还时间", null=True, blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "资料交接清单"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="handover_drawings_named",
                condition=~Q(kind=HandoverKind.DRAWINGS) | (Q(discipline__isnull=False) & ~Q(title="")),
                violation_error_message="单项工程图纸须填写单项工程名称并选择专业。",
            ),
            models.CheckConstraint(
                name="handover_completed_whole",
                condition=Q(completed_on__isnull=True, completed_by__isnull=True, completed_at__isnull=True)
                | Q(completed_on__isnull=False, completed_by__isnull=False, completed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.title}" if self.title else self.get_kind_display()


class HandoverItemQuerySet(models.QuerySet):
    def present(self):
        """What was really handed over: not the rows that say “there is none”."""
        return self.filter(is_absent=False)

    def outstanding(self):
        """What is with us and must go back: neither returned nor kept by the client's written consent."""
        return self.present().filter(returned_on__isnull=True, kept_with_consent=False)


class HandoverItem(models.Model):
    """One row of the list. `is_absent`: the project has no such material, which is told and not left open."""

    handover = models.ForeignKey(Handover, verbose_name="资料清单", on_delete=models.PROTECT, related_name="items")
    category = models.CharField("类别", max_length=24, choices=MaterialCategory)
    name = models.CharField("资料名称", max_length=160)
    copies = models.PositiveSmallIntegerField("份数", null=True, blank=True, validators=[MinValueValidator(1)])
    is_absent = models.BooleanField("本项目无此类资料", default=False)
    received_on = models.DateField("接收日期", null=True, blank=True)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="接收人", null=True, blank=True, **PERSON)
    returned_on = models.DateField("归还日期", null=True, blank=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="归还人", null=True, blank=True, **PERSON)
    returned_to = models.CharField("委托人签收人", max_length=60, blank=True)
    kept_with_consent = models.BooleanField("经书面同意留存备份", default=False)
    consent_basis = models.CharField("书面同意的依据", max_length=200, blank=True)

    objects = HandoverItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "交接资料"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="material_received_or_absent",
                condition=Q(is_absent=False, copies__gte=1, received_on__isnull=False, received_by__isnull=False)
                | Q(
                    is_absent=True,
                    copies__isnull=True,
                    received_on__isnull=True,
                    received_by__isnull=True,
                    returned_on__isnull=True,
                    kept_with_consent=False,
                ),
                violation_error_message="须填写份数和接收日期；本项目无此类资料的，勾选后留空。",
            ),
            models.CheckConstraint(
                name="material_returned_after_received",
                condition=Q(returned_on__isnull=True) | Q(returned_on__gte=F("received_on")),
                violation_error_message="归还日期不能早于接收日期。",
            ),
            models.CheckConstraint(
                name="material_returned_whole",
                condition=Q(returned_on__isnull=True, returned_by__isnull=True, returned_to="")
                | (Q(returned_on__isnull=False, returned_by__isnull=False) & ~Q(returned_to="")),
                violation_error_message="归还须填写日期和委托人签收人。",
            ),
            models.CheckConstraint(
                name="material_kept_by_consent",
                condition=Q(kept_with_consent=False, consent_basis="")
                | (Q(kept_with_consent=True) & ~Q(consent_basis="")),
                violation_error_message="留存备份须有委托人书面同意的依据。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}：{self.name}"

    @property
    def is_outstanding(self) -> bool:
        return not self.is_absent and self.returned_on is None and not self.kept_with_consent
