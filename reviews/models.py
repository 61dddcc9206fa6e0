"""The review chain (三级复核, §3): routes as data, rounds, remarks, signatures, issue."""

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from projects.choices import BusinessLine, Importance
from projects.models import MONEY, Deliverable, DeliverableVersion, Project, sees_all_projects
from reviews import rules
from reviews.choices import (
    CURRENT_STATES,
    LIVE_STATES,
    Act,
    ChecklistResult,
    Disposition,
    Duty,
    LevelKind,
    RemarkCategory,
    RemarkEventKind,
    RemarkState,
    Severity,
    State,
    StatementKind,
)
from scoring.models import ScoreSheet
from staff.choices import Role


# ── Routes ──────────────────────────────────────────────────────────────────
class Route(models.Model):
    """An ordered list of levels: the source names them in three ways, so a route is data."""

    code = models.CharField("代码", max_length=30, unique=True)
    title = models.CharField("名称", max_length=80)
    swing_percent = models.DecimalField(
        "金额变动提示线（%）",
        max_digits=5,
        decimal_places=2,
        default=Decimal(5),
        help_text="相邻两级金额变动超过此比例时，签署人声明“无”须确认系统提示。",
    )
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "审签路线"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title


class Level(models.Model):
    """One step of a route. Order 0 is the preparer's self-check, the last is the issue."""

    route = models.ForeignKey(Route, verbose_name="审签路线", on_delete=models.PROTECT, related_name="levels")
    order = models.PositiveSmallIntegerField("顺序")
    kind = models.CharField("类别", max_length=10, choices=LevelKind)
    title = models.CharField("名称", max_length=20)
    role = models.CharField("签署角色", max_length=24, choices=Role)
    alternate_role = models.CharField("可替角色", max_length=24, choices=Role, blank=True)
    is_scored = models.BooleanField("评分", default=False)
    is_exemptible = models.BooleanField(
        "可免除", default=False, help_text="不涉及计量或计算的成果，可由单位技术负责人签署说明后免除本级。"
    )
    needs_certificate = models.BooleanField("须有效执业证书", default=True)
    panel_size = models.PositiveSmallIntegerField("专家人数（不含组长）", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "审签级别"
        ordering = ["route", "order"]
        constraints = [models.UniqueConstraint(fields=["route", "order"], name="level_order_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def roles(self) -> list[str]:
        return [role for role in (self.role, self.alternate_role) if role]


class ChecklistItem(models.Model):
    """A line that a level answers 是 / 否 / 不适用, in the words of the source."""

    level = models.ForeignKey(Level, verbose_name="级别", on_delete=models.CASCADE, related_name="checklist")
    order = models.PositiveSmallIntegerField("序号")
    text = models.CharField("核查内容", max_length=300)
    clause = models.CharField("依据条款", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "核查清单"
        ordering = ["level", "order"]
        constraints = [models.UniqueConstraint(fields=["level", "order"], name="checklist_order_once")]

    def __str__(self) -> str:
        return self.text


class RouteDefault(models.Model):
    """Which route a project takes when nobody chose: by importance and business line (empty: any line)."""

    importance = models.CharField("重要程度", max_length=10, choices=Importance)
    business_line = models.CharField("业务类型", max_length=30, choices=BusinessLine, blank=True)
    route = models.ForeignKey(Route, verbose_name="审签路线", on_delete=models.PROTECT, related_name="defaults")

    class Meta:
        verbose_name = verbose_name_plural = "默认路线"
        ordering = ["importance", "business_line"]
        constraints = [models.UniqueConstraint(fields=["importance", "business_line"], name="route_default_once")]

    def __str__(self) -> str:
        line = self.get_business_line_display() or "各业务"
        return f"{self.get_importance_display()} · {line} → {self.route}"


class ProjectRoute(models.Model):
    """The route that was chosen for one project, with the reason."""

    project = models.OneToOneField(Project, verbose_name="项目", on_delete=models.CASCADE, related_name="chosen_route")
    route = models.ForeignKey(Route, verbose_name="审签路线", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("理由", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "项目所选路线"

    def __str__(self) -> str:
        return f"{self.project} → {self.route}"


# ── Who and where ───────────────────────────────────────────────────────────
class Seat(models.Model):
    """Who holds which level of a deliverable's chain. Number 0 holds the level; 1, 2 … sit on its panel.

    The unique (deliverable, holder) is rule 6: preparer and signers of all levels are different people.
    """

    deliverable = models.ForeignKey(
        Deliverable, verbose_name="成果文件", on_delete=models.PROTECT, related_name="seats"
    )
    level = models.ForeignKey(Level, verbose_name="级别", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField("席位", default=0)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="审签人", on_delete=models.PROTECT, related_name="seats"
    )

    class Meta:
        verbose_name = verbose_name_plural = "审签席位"
        ordering = ["level__order", "number"]
        constraints = [
            models.UniqueConstraint(fields=["deliverable", "holder"], name="seat_different_people"),
            models.UniqueConstraint(fields=["deliverable", "level", "number"], name="seat_held_once"),
        ]

    def __str__(self) -> str:
        return f"{self.level.title} · {self.holder}"


class RoundQuerySet(models.QuerySet):
    def live(self):
        return self.filter(state__in=LIVE_STATES)

    def current(self):
        """The one round of each deliverable that counts: the live one, or the issued one."""
        return self.filter(state__in=CURRENT_STATES)

    def visible_to(self, user):
        if sees_all_projects(user):
            return self
        return self.filter(deliverable__project__in=Project.objects.visible_to(user))


class Round(models.Model):
    """One pass of a deliverable through its route, on one version of the files.

    `turn` counts the moves: a page shows the turn that it was drawn for, and a move from an older turn loses.
    """

    deliverable = models.ForeignKey(
        Deliverable, verbose_name="成果文件", on_delete=models.PROTECT, related_name="rounds"
    )
    number = models.PositiveSmallIntegerField("轮次")
    route = models.ForeignKey(Route, verbose_name="审签路线", on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(
        DeliverableVersion, verbose_name="版本", on_delete=models.PROTECT, related_name="rounds"
    )
    state = models.CharField("状态", max_length=12, choices=State, default=State.PREPARING)
    level = models.ForeignKey(Level, verbose_name="当前级别", on_delete=models.PROTECT, related_name="+")
    turn = models.PositiveIntegerField("步次", default=0)
    opened_at = models.DateTimeField("开始时间", default=timezone.now)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    end_reason = models.TextField("结束原因", blank=True)
    last_actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="最近处理人", null=True, on_delete=models.PROTECT, related_name="+"
    )
    last_act = models.CharField("最近处理", max_length=20, choices=Act, blank=True)
    last_acted_at = models.DateTimeField("最近处理时间", default=timezone.now)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "审签轮次"
        ordering = ["deliverable", "number"]
        indexes = [models.Index(fields=["state", "level"], name="round_state")]
        constraints = [
            models.UniqueConstraint(fields=["deliverable", "number"], name="round_number_once"),
            models.UniqueConstraint(
                fields=["deliverable"], condition=Q(state__in=CURRENT_STATES), name="round_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deliverable.number} 第 {self.number} 轮"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def word(self) -> str:
        """The state in a word for a badge: 审签中 names the level that it waits for."""
        return f"待{self.level.title}" if self.state == State.REVIEWING else self.get_state_display()


class Waiting(models.Model):
    """Whom a live round waits for, and for what: the inbox (待办). Re-written by each move of the chain."""

    round = models.ForeignKey(Round, verbose_name="轮次", on_delete=models.CASCADE, related_name="waitings")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="待办人", on_delete=models.PROTECT, related_name="waitings"
    )
    duty = models.CharField("待办", max_length=10, choices=Duty)
    since = models.DateTimeField("自", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "待办"
        ordering = ["since"]
        constraints = [models.UniqueConstraint(fields=["round", "user"], name="waiting_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.get_duty_display()}"


class Nudge(models.Model):
    """A reminder by hand (催办) to whom a round waits for."""

    round = models.ForeignKey(Round, verbose_name="轮次", on_delete=models.PROTECT, related_name="nudges")
    nudged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="催办人", on_delete=models.PROTECT, related_name="+"
    )
    nudged_at = models.DateTimeField("催办时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "催办"
        ordering = ["-nudged_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.round_id} {self.nudged_at:%Y-%m-%d %H:%M}"


# ── Evidence of a signature ─────────────────────────────────────────────────
class Signature(models.Model):
    """A signed act. Append-only in the database: only `revoked_at` may be filled, once (a withdrawal, rule 7)."""

    round = models.ForeignKey(Round, verbose_name="轮次", on_delete=models.PROTECT, related_name="signatures")
    level = models.ForeignKey(Level, verbose_name="级别", on_delete=models.PROTECT, related_name="+")
    seat_number = models.PositiveSmallIntegerField("席位", default=0)
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="签署人", on_delete=models.PROTECT, related_name="signatures"
    )
    meaning = models.CharField("签署含义", max_length=120)
    opinion = models.TextField("意见")
    manifest_sha256 = models.CharField("文件清单 SHA-256", max_length=64)
    amount = models.DecimalField("本级金额（元）", **MONEY)
    declares_no_unresolved = models.BooleanField("声明无未决事项")
    declares_no_attention = models.BooleanField("声明无提请重点复核")
    prompts_overridden = models.JSONField("声明“无”时的系统提示", default=list)
    score_sheet = models.OneToOneField(
        ScoreSheet, verbose_name="评分表", null=True, blank=True, on_delete=models.PROTECT, related_name="signature"
    )
    certificate = models.CharField("执业证书", max_length=80, blank=True)
    signature_image = models.CharField("签名图片", max_length=120, blank=True)
    signed_at = models.DateTimeField("签署时间")
    digest = models.CharField("签署摘要 SHA-256", max_length=64, unique=True)
    revoked_at = models.DateTimeField("撤回时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "签署"
        ordering = ["signed_at", "pk"]
        indexes = [models.Index(fields=["signer", "-signed_at"], name="signature_of_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "level", "seat_number"],
                condition=Q(revoked_at__isnull=True),
                name="signature_level_once",
            ),
            models.UniqueConstraint(
                fields=["round", "signer"], condition=Q(revoked_at__isnull=True), name="signature_different_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level.title} {self.signer} {self.signed_at:%Y-%m-%d}"


class Statement(models.Model):
    """What a signer states: an unresolved matter, or something to look at closely (应说明而未说明的，视同对其已认同)."""

    signature = models.ForeignKey(Signature, verbose_name="签署", on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField("类别", max_length=12, choices=StatementKind)
    text = models.CharField("内容", max_length=500)

    class Meta:
        verbose_name = verbose_name_plural = "说明事项"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text


class ChecklistAnswer(models.Model):
    """An answered checklist line, with the text that stood there when it was answered."""

    signature = models.ForeignKey(Signature, verbose_name="签署", on_delete=models.PROTECT, related_name="answers")
    order = models.PositiveSmallIntegerField("序号")
    text = models.CharField("核查内容", max_length=300)
    result = models.CharField("结果", max_length=5, choices=ChecklistResult)
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "核查结果"
        ordering = ["order"]

    def __str__(self) -> str:
        return f"{self.order} {self.get_result_display()}"


class Exemption(models.Model):
    """A level that need not be passed, signed with a reason by the technical director (rule 1). Append-only."""

    deliverable = models.ForeignKey(
        Deliverable, verbose_name="成果文件", on_delete=models.PROTECT, related_name="exemptions"
    )
    level = models.ForeignKey(Level, verbose_name="级别", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("理由", max_length=500)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="批准人", on_delete=models.PROTECT, related_name="+"
    )
    signed_at = models.DateTimeField("批准时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "免除校核"
        constraints = [models.UniqueConstraint(fields=["deliverable", "level"], name="exemption_once")]

    def __str__(self) -> str:
        return f"{self.deliverable.number} 免除{self.level.title}"


# ── Remarks ─────────────────────────────────────────────────────────────────
class RemarkQuerySet(models.QuerySet):
    def unsettled(self):
        return self.exclude(state=RemarkState.CLOSED)


class Remark(models.Model):
    """A problem found by a reviewer (校审记录单). Closed only by the re-check of whoever holds the level that raised it."""

    deliverable = models.ForeignKey(
        Deliverable, verbose_name="成果文件", on_delete=models.PROTECT, related_name="remarks"
    )
    number = models.PositiveSmallIntegerField("序号", null=True, blank=True, help_text="发出时编号，未发出的没有。")
    round = models.ForeignKey(Round, verbose_name="提出轮次", on_delete=models.PROTECT, related_name="remarks")
    level = models.ForeignKey(Level, verbose_name="提出级别", on_delete=models.PROTECT, related_name="+")
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提出人", on_delete=models.PROTECT, related_name="remarks"
    )
    raised_at = models.DateTimeField("提出时间", default=timezone.now)
    place = models.CharField("位置", max_length=120, help_text="文件、表、行或页，如“土建.xlsx 第 36 行”。")
    problem = models.TextField("问题")
    category = models.CharField("类别", max_length=12, choices=RemarkCategory)
    severity = models.CharField("严重程度", max_length=10, choices=Severity, default=Severity.ORDINARY)
    amount_affected = models.DecimalField("影响金额（元）", max_digits=15, decimal_places=2, null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=RemarkState, default=RemarkState.DRAFT)

    objects = RemarkQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "校审意见"
        ordering = [models.F("number").asc(nulls_last=True), "pk"]
        constraints = [models.UniqueConstraint(fields=["deliverable", "number"], name="remark_number_once")]

    def __str__(self) -> str:
        return f"意见 {self.number}" if self.number else "未发出的意见"


class RemarkEvent(models.Model):
    """An answer to a remark or a re-check of it. Append-only."""

    remark = models.ForeignKey(Remark, verbose_name="意见", on_delete=models.PROTECT, related_name="events")
    kind = models.CharField("类别", max_length=10, choices=RemarkEventKind)
    disposition = models.CharField("处理", max_length=12, choices=Disposition, blank=True)
    text = models.TextField("内容", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="经办人", on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, verbose_name="轮次", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "意见往来"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.remark} {self.get_kind_display()}"


# ── Issue ───────────────────────────────────────────────────────────────────
class IssueNumberRule(models.Model):
    """How an issue number reads. The serial counts without gaps within everything of the pattern but the serial."""

    pattern = models.CharField(
        "编号规则",
        max_length=80,
        default="{year}-{unit}-{line}-{serial:04d}",
        help_text="可用：{year} 年份、{unit} 单位代码、{line} 业务线代码、{serial:04d} 流水号。",
    )
    line_codes = models.JSONField("业务线代码", default=dict)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "签发编号规则"
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="issue_number_rule_one_active"
            )
        ]

    def __str__(self) -> str:
        return self.pattern

    def clean(self):
        if problem := rules.number_pattern_problem(self.pattern):
            raise ValidationError({"pattern": problem})
        if not isinstance(self.line_codes, dict) or not set(self.line_codes) <= set(BusinessLine.values):
            raise ValidationError({"line_codes": "业务线代码须为“业务类型: 代码”的对照，且业务类型须在系统中存在。"})


class IssueCounter(models.Model):
    """The last serial given out within one series (for example 2026-ZJ1-JS)."""

    series = models.CharField("系列", max_length=80, unique=True)
    last = models.PositiveIntegerField("末号", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "签发流水号"

    def __str__(self) -> str:
        return f"{self.series}：{self.last}"


def new_verification_code() -> str:
    """144 random bits: not to be guessed."""
    return get_random_string(24)


class Issue(models.Model):
    """The issue of a deliverable: number, final documents and their hashes. Append-only."""

    round = models.OneToOneField(Round, verbose_name="轮次", on_delete=models.PROTECT, related_name="issue")
    number = models.CharField("签发编号", max_length=80, unique=True)
    series = models.CharField("系列", max_length=80)
    serial = models.PositiveIntegerField("流水号")
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="签发人", on_delete=models.PROTECT, related_name="+"
    )
    issued_at = models.DateTimeField("签发时间")
    verification_code = models.CharField("核验码", max_length=24, unique=True)
    flow_sheet = models.CharField("质量控制流程单", max_length=120)
    flow_sheet_sha256 = models.CharField("流程单 SHA-256", max_length=64, db_index=True)
    review_record = models.CharField("校审记录单", max_length=120)
    review_record_sha256 = models.CharField("记录单 SHA-256", max_length=64, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "签发"
        ordering = ["-issued_at"]
        constraints = [models.UniqueConstraint(fields=["series", "serial"], name="issue_serial_once")]

    def __str__(self) -> str:
        return self.number
