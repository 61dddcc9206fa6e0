"""Accountability (质量问责制, §3): a problem found later, the walk along the signatures, and a sheet for each who answers."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from inspections.choices import CaseState, Origin, Outcome, Share, SheetState
from inspections.models.findings import Finding
from inspections.models.inspections import LONGEST
from inspections.models.plans import PERSON
from projects.models import MONEY, Deliverable
from reviews.choices import RemarkCategory
from reviews.models import Round, Signature
from staff.choices import Action


class LiabilityCaseQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whoever reads inspections by post, and whoever has a sheet in it that was served."""
        if not user.is_active:
            return self.none()
        if user.may(Action.READ_INSPECTIONS):
            return self
        return self.filter(pk__in=LiabilitySheet.objects.filter(person=user).order_by().values("case"))


class LiabilityCase(models.Model):
    """A problem within the three levels of review for which somebody answers (问责). The walk along the signatures is kept
    as it was found, with its digest."""

    number = models.CharField("问责编号", max_length=20, unique=True)
    origin = models.CharField("事由来源", max_length=10, choices=Origin)
    finding = models.ForeignKey(Finding, verbose_name="检查问题", null=True, blank=True, on_delete=models.PROTECT,
                                related_name="liability_cases")  # fmt: skip
    # Of a problem that no inspection found: the paper that tells of it.
    document = models.CharField("来源文书", max_length=200, blank=True, help_text="文书名称、文号和日期。")
    deliverable = models.ForeignKey(Deliverable, verbose_name="成果文件", on_delete=models.PROTECT,
                                    related_name="liability_cases")  # fmt: skip
    round = models.ForeignKey(Round, verbose_name="审签轮次", on_delete=models.PROTECT, related_name="+")
    problem = models.TextField("问题", max_length=LONGEST)
    category = models.CharField("类别", max_length=12, choices=RemarkCategory)
    amount = models.DecimalField("涉及金额（元）", **MONEY)
    found_on = models.DateField("发现日期")
    walk = models.JSONField("签署追溯", default=list)
    walk_sha256 = models.CharField("追溯摘要 SHA-256", max_length=64, blank=True)
    state = models.CharField("状态", max_length=10, choices=CaseState, default=CaseState.OPEN)
    turn = models.PositiveIntegerField(default=0, editable=False)
    opened_by = models.ForeignKey(verbose_name="提起人", editable=False, **PERSON)
    opened_at = models.DateTimeField("提起时间", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True, editable=False)
    last_actor = models.ForeignKey(verbose_name="经办人", editable=False, **PERSON)
    last_acted_at = models.DateTimeField("办理时间", default=timezone.now)

    objects = LiabilityCaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "质量问责"
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="liability_finding_or_document",
                condition=Q(origin=Origin.FINDING, finding__isnull=False)
                | (~Q(origin=Origin.FINDING) & Q(finding__isnull=True) & ~Q(document="")),
                violation_error_message="来自检查的须指明检查问题，其他来源的须填写来源文书。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.deliverable.title}"


class LiabilitySheetQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own, and all for whoever reads inspections by post."""
        if not user.is_active:
            return self.none()
        return self if user.may(Action.READ_INSPECTIONS) else self.filter(person=user)


class LiabilitySheet(models.Model):
    """问责单: what one person answers for, by which clause; the statement of that person; the decision. What is written at
    each of the three steps is closed by the database when the step is done."""

    case = models.ForeignKey(LiabilityCase, verbose_name="问责", on_delete=models.PROTECT, related_name="sheets")
    number = models.CharField("问责单编号", max_length=24, unique=True)
    person = models.ForeignKey(verbose_name="责任人", **{**PERSON, "related_name": "liability_sheets"})
    level_title = models.CharField("所在级别", max_length=40)
    signature = models.ForeignKey(Signature, verbose_name="所依签署", null=True, blank=True, on_delete=models.PROTECT,
                                  related_name="liability_sheets")  # fmt: skip
    share = models.CharField("责任类别", max_length=10, choices=Share)
    grounds = models.TextField("事实依据", max_length=LONGEST)
    clause = models.TextField("制度依据", max_length=LONGEST)
    proposal = models.TextField("处理意见", max_length=LONGEST)
    proposed_by = models.ForeignKey(verbose_name="提出人", **PERSON)
    proposed_at = models.DateTimeField("提出时间")
    proposal_digest = models.CharField("提出签署摘要", max_length=64)
    state = models.CharField("状态", max_length=10, choices=SheetState, default=SheetState.PROPOSED)
    turn = models.PositiveIntegerField(default=0, editable=False)
    answer = models.TextField("陈述申辩", max_length=LONGEST, null=True, blank=True)
    answered_at = models.DateTimeField("陈述申辩时间", null=True, blank=True)
    hearing = models.TextField("听证、核查情况", max_length=LONGEST, null=True, blank=True)
    outcome = models.CharField("决定", max_length=10, choices=Outcome, null=True, blank=True)
    decision = models.TextField("处理决定", max_length=LONGEST, null=True, blank=True)
    decided_by = models.ForeignKey(verbose_name="决定人", null=True, blank=True, **PERSON)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decision_digest = models.CharField("决定签署摘要", max_length=64, null=True, blank=True)
    pdf = models.CharField("问责单 PDF", max_length=120, null=True, blank=True)
    pdf_sha256 = models.CharField("问责单 SHA-256", max_length=64, null=True, blank=True)

    objects = LiabilitySheetQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "问责单"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "person"], name="liability_sheet_once"),
            models.CheckConstraint(
                name="liability_decided_whole",
                condition=~Q(state=SheetState.DECIDED)
                | Q(outcome__isnull=False, decision__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.person.name}"
