"""An inspection of a project or a unit: who inspects, by which standard, what was hit (§4, §5)."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from feedback.models import Complaint
from inspections.choices import CONCLUDED, ENDED, SHOWN_TO_PROJECT, AccidentSource, Act, Kind, State
from inspections.models.plans import PERSON, Draw, Plan
from projects.models import MONEY, Assignment, Project
from scoring.models import Criterion, Deduction, ScoreSheet, Standard
from staff.choices import Action, Role
from staff.models import Unit

LONGEST = 5000


class Counter(models.Model):
    """The last number given in a series (JC-2026). Taken by an UPDATE inside the act's own transaction: no gaps."""

    series = models.CharField(max_length=16, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "检查流水号"

    def __str__(self) -> str:
        return self.series


class AccidentQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whoever reads inspections sees them all."""
        return self if user.is_active and user.may(Action.READ_INSPECTIONS) else self.none()


class Accident(models.Model):
    """A serious quality accident (重大质量事故) on file: one of the three triggers of a 专项稽查 [S]. Append-only."""

    number = models.CharField("编号", max_length=20, unique=True)
    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, related_name="accidents")
    title = models.CharField("名称", max_length=120)
    happened_on = models.DateField("发生日期")
    source = models.CharField("来源", max_length=10, choices=AccidentSource)
    description = models.TextField("经过与后果", max_length=LONGEST)
    amount_lost = models.DecimalField("涉及金额（元）", **MONEY)
    registered_by = models.ForeignKey(verbose_name="登记人", **PERSON)
    registered_at = models.DateTimeField("登记时间", default=timezone.now)

    objects = AccidentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "重大质量事故"
        ordering = ["-happened_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class InspectionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whoever reads inspections by post; the inspectors; from 沟通确认 on the inspected side: whoever answers for the
        project (its team today) or the unit (单位技术负责人)."""
        if not user.is_active:
            return self.none()
        if user.may(Action.READ_INSPECTIONS):
            return self
        inspects = Q(pk__in=Inspector.objects.filter(user=user).order_by().values("inspection"))
        teams = Assignment.objects.in_force().filter(user=user).order_by().values("project")
        shown = Q(project__in=teams)
        units = {unit for role, units in user.reach if role == Role.TECHNICAL_DIRECTOR for unit in units or ()}
        if units:
            shown |= Q(unit__in=units)
        return self.filter(inspects | (shown & Q(state__in=SHOWN_TO_PROJECT)))

    def live(self):
        return self.exclude(state__in=ENDED)

    def concluded(self):
        """With a written opinion: these count."""
        return self.filter(state__in=CONCLUDED)

    def search(self, text: str):
        return self.filter(
            Q(number__icontains=text)
            | Q(project__name__icontains=text)
            | Q(project__number__icontains=text)
            | Q(unit__name__icontains=text)
        )


class Inspection(models.Model):
    """One inspection, from 立项 to 关闭. `turn` counts its moves, as that of a review round does."""

    number = models.CharField("检查编号", max_length=20, unique=True)
    kind = models.CharField("检查方式", max_length=20, choices=Kind)
    year = models.PositiveSmallIntegerField("所属年度", validators=[MinValueValidator(2000), MaxValueValidator(2100)])
    plan = models.ForeignKey(Plan, verbose_name="检查计划", null=True, blank=True, on_delete=models.PROTECT,
                             related_name="inspections")  # fmt: skip
    draw = models.ForeignKey(Draw, verbose_name="抽样", null=True, blank=True, on_delete=models.PROTECT,
                             related_name="inspections")  # fmt: skip
    # None: the unit itself is inspected, by the standard for units.
    project = models.ForeignKey(Project, verbose_name="被检项目", null=True, blank=True, on_delete=models.PROTECT,
                                related_name="inspections")  # fmt: skip
    unit = models.ForeignKey(Unit, verbose_name="被检单位", on_delete=models.PROTECT, related_name="inspections")
    standard = models.ForeignKey(Standard, verbose_name="评分标准", on_delete=models.PROTECT, related_name="+")
    planned_on = models.DateField("计划检查日期")
    note = models.TextField("检查内容", max_length=LONGEST, blank=True)
    complaint = models.ForeignKey(Complaint, verbose_name="投诉举报", null=True, blank=True, on_delete=models.PROTECT,
                                  related_name="special_audits")  # fmt: skip
    accident = models.ForeignKey(Accident, verbose_name="重大质量事故", null=True, blank=True, on_delete=models.PROTECT,
                                 related_name="special_audits")  # fmt: skip
    reinspection_of = models.ForeignKey("self", verbose_name="复查自", null=True, blank=True, on_delete=models.PROTECT,
                                        related_name="reinspections")  # fmt: skip
    state = models.CharField("状态", max_length=12, choices=State, default=State.SCORING)
    turn = models.PositiveIntegerField(default=0, editable=False)
    # What the lead concludes with the score; with it go the consequences.
    is_serious = models.BooleanField("问题严重", default=False)
    touches_ethics = models.BooleanField("涉及个人职业道德", default=False)
    causes_loss = models.BooleanField("造成严重经济损失", default=False)
    harms_reputation = models.BooleanField("造成名誉损失", default=False)
    conclusion = models.TextField("综合意见", max_length=LONGEST, blank=True)
    score_sheet = models.OneToOneField(ScoreSheet, verbose_name="评分表", null=True, blank=True,
                                       on_delete=models.PROTECT, related_name="inspection")  # fmt: skip
    # What breaks a tie at the year's end, fixed with the score and at the close: rankings read 100,000 of these.
    lowest_share = models.DecimalField("最低评分项得分率（%）", max_digits=5, decimal_places=2, null=True, blank=True)
    finding_count = models.PositiveSmallIntegerField("问题数", null=True, blank=True)
    was_on_time = models.BooleanField("整改按时回复", null=True, blank=True)
    opened_by = models.ForeignKey(verbose_name="立项人", editable=False, **PERSON)
    opened_at = models.DateTimeField("立项时间", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True, editable=False)
    last_actor = models.ForeignKey(verbose_name="经办人", editable=False, **PERSON)
    last_act = models.CharField("最近办理", max_length=16, choices=Act, default=Act.OPEN)
    last_acted_at = models.DateTimeField("办理时间", default=timezone.now)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查"
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "planned_on"], name="inspection_by_state"),
            models.Index(fields=["year", "unit"], name="inspection_of_year"),
        ]
        constraints = [
            models.CheckConstraint(
                name="inspection_special_needs_trigger",
                condition=(~Q(kind=Kind.SPECIAL_AUDIT) & Q(complaint__isnull=True, accident__isnull=True))
                | Q(kind=Kind.SPECIAL_AUDIT, complaint__isnull=False, accident__isnull=True)
                | Q(kind=Kind.SPECIAL_AUDIT, complaint__isnull=True, accident__isnull=False),
                violation_error_message="专项稽查须且只须指明一项投诉、举报或重大质量事故。",
            ),
            models.CheckConstraint(
                name="inspection_concluded_with_score",
                condition=~Q(state__in=[State.DISCUSSING, *CONCLUDED]) | Q(score_sheet__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["plan", "project"], name="inspection_once_in_plan",
                condition=Q(plan__isnull=False, project__isnull=False) & ~Q(state=State.CANCELLED),
                violation_error_message="该项目在本计划中已经立项。",
            ),
            models.UniqueConstraint(
                fields=["plan", "unit"], name="inspection_of_unit_once_in_plan",
                condition=Q(plan__isnull=False, project__isnull=True) & ~Q(state=State.CANCELLED),
                violation_error_message="该单位在本计划中已经立项。",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.subject_words}"

    @property
    def subject_words(self) -> str:
        """Whom it inspects."""
        return self.project.name if self.project_id else self.unit.name

    @property
    def needs_escalation(self) -> bool:
        """[S] 涉及个人职业道德或造成严重经济损失、名誉损失的，按规定程序上报。"""
        return self.touches_ethics or self.causes_loss or self.harms_reputation

    @property
    def is_live(self) -> bool:
        return self.state not in ENDED


class Inspector(models.Model):
    """Somebody who inspects (检查人员). Never a person with an assignment on the project [D]."""

    inspection = models.ForeignKey(
        Inspection, verbose_name="检查", on_delete=models.PROTECT, related_name="inspectors"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="检查人员", on_delete=models.PROTECT,
                             related_name="inspecting")  # fmt: skip
    is_lead = models.BooleanField("检查组长", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "检查人员"
        ordering = ["-is_lead", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "user"], name="inspector_once"),
            models.UniqueConstraint(fields=["inspection"], condition=Q(is_lead=True), name="inspector_one_lead"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Section(models.Model):
    """One criterion of an inspection's score sheet while it is filled in. Each is saved by itself, by compare-and-set on
    `turn`: two inspectors on two criteria never meet, two on one are told."""

    inspection = models.ForeignKey(Inspection, verbose_name="检查", on_delete=models.PROTECT, related_name="sections")
    criterion = models.ForeignKey(Criterion, verbose_name="评分项", on_delete=models.PROTECT, related_name="+")
    note = models.TextField("检查记录", max_length=LONGEST, blank=True)
    is_done = models.BooleanField("已检查完", default=False)
    turn = models.PositiveIntegerField(default=0)
    saved_by = models.ForeignKey(verbose_name="保存人", null=True, blank=True, **PERSON)
    saved_at = models.DateTimeField("保存时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评分记录"
        ordering = ["criterion__order"]
        constraints = [models.UniqueConstraint(fields=["inspection", "criterion"], name="section_once")]

    def __str__(self) -> str:
        return f"{self.criterion}"


class Hit(models.Model):
    """How often a deduction was hit. No row: not at all."""

    section = models.ForeignKey(Section, verbose_name="评分记录", on_delete=models.CASCADE, related_name="hits")
    deduction = models.ForeignKey(Deduction, verbose_name="扣分细则", on_delete=models.PROTECT, related_name="+")
    count = models.DecimalField("扣分处数", max_digits=6, decimal_places=2,
                                validators=[MinValueValidator(Decimal("0.01"))])  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "扣分"
        ordering = ["deduction__order"]
        constraints = [
            models.UniqueConstraint(fields=["section", "deduction"], name="hit_once"),
            models.CheckConstraint(name="hit_count_positive", condition=Q(count__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.deduction} × {self.count.normalize():f}"
