"""Rules of the time standards, the clocks that run by them, and the firm's working calendar (时间工作标准, §6)."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from deadlines import rules, scopes
from deadlines.choices import OPEN_STATES, Decision, Event, Measure, RequestKind, State
from staff.choices import Role

PERSON = {"on_delete": models.PROTECT, "related_name": "+"}


# ── Working calendar ────────────────────────────────────────────────────────
class WorkDay(models.Model):
    """A day that the firm's calendar knows: on or off. What the table says goes before any weekday."""

    day = models.DateField("日期", unique=True)
    is_working = models.BooleanField("工作日")
    note = models.CharField("说明", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {'工作日' if self.is_working else '休息日'}"


class Shift(models.Model):
    """A stretch of the firm's working hours, the same on each working day."""

    starts_at = models.TimeField("上班")
    ends_at = models.TimeField("下班")

    class Meta:
        verbose_name = verbose_name_plural = "作业时间"
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(name="shift_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%H:%M}–{self.ends_at:%H:%M}"


# ── Rules ───────────────────────────────────────────────────────────────────
class DeadlineRuleQuerySet(models.QuerySet):
    def in_force(self):
        return self.filter(superseded_at__isnull=True, is_active=True)

    def newest(self):
        """The newest version of each rule, switched off or not."""
        return self.filter(superseded_at__isnull=True)


class DeadlineRule(models.Model):
    """One version of a time standard (时限规则). A change makes the next version; rows in use are never altered."""

    code = models.SlugField("代码", max_length=40)
    version = models.PositiveSmallIntegerField("版本", default=1)
    title = models.CharField("名称", max_length=60)
    event = models.CharField("起算事件", max_length=30, choices=Event)
    amount = models.PositiveSmallIntegerField("时限", validators=[MinValueValidator(1), MaxValueValidator(730)])
    measure = models.CharField("计量", max_length=20, choices=Measure, default=Measure.CALENDAR_DAYS)
    moves_to_working_day = models.BooleanField("届满日遇非工作日顺延", default=False)
    business_lines = models.JSONField("适用业务类型", default=list, blank=True, help_text="不选为全部业务类型。")
    contract_kind = models.CharField("适用合同类别", max_length=10, blank=True, help_text="不选为全部合同类别。")
    owed_by = models.CharField("责任角色", max_length=24, choices=Role, default=Role.PROJECT_MANAGER)
    reminders = models.JSONField(
        "提前提醒", default=list, blank=True, help_text="到期前第几天（工作小时计的为几分钟）提醒；0 为到期当日。"
    )
    escalation = models.JSONField(
        "逾期升级", default=list, blank=True, help_text="[逾期第几天（分钟）, 上报的角色]，逐级列出。"
    )
    repeat_every = models.PositiveSmallIntegerField(
        "升级到顶后再提醒间隔", default=7, help_text="天（工作小时计的为分钟）；0 为不再提醒。"
    )
    fulfilled_by = models.JSONField(
        "完成依据", default=list, blank=True, help_text="签发所选类别的成果文件时，时限自动完成。"
    )
    max_times = models.PositiveSmallIntegerField(
        "每个项目一般不超过（次）", null=True, blank=True, help_text="超过时须说明理由。"
    )
    clause = models.TextField("制度依据")
    is_active = models.BooleanField("启用", default=True)
    reason = models.CharField("修订理由", max_length=300, blank=True)
    created_at = models.DateTimeField("生效时间", default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="修订人", null=True, blank=True, **PERSON)
    superseded_at = models.DateTimeField("被取代时间", null=True, blank=True)

    objects = DeadlineRuleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "时限规则"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="rule_version_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(superseded_at__isnull=True), name="rule_one_version_in_force"
            ),
            models.CheckConstraint(name="rule_amount_positive", condition=Q(amount__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.amount_words}）"

    @property
    def amount_words(self) -> str:
        if self.event == Event.ACTION_ITEM_SET:  # whatever the amount: the day is agreed upon
            return "按约定日期"
        return rules.amount_words(self.amount, self.measure)

    @property
    def is_in_hours(self) -> bool:
        return self.measure == Measure.WORKING_HOURS

    def covers(self, business_line: str, contract_kind: str) -> bool:
        """Whether the rule is meant for such a project; an empty scope covers all."""
        if self.business_lines and business_line not in self.business_lines:
            return False
        return not self.contract_kind or self.contract_kind == contract_kind


# ── Clocks ──────────────────────────────────────────────────────────────────
class DeadlineQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The clocks of what `user` may see; the floor that owns their scope knows."""
        return self.filter(scopes.visible_condition(user))

    def open(self):
        return self.filter(state__in=OPEN_STATES)

    def overdue(self, now=None):
        return self.filter(state=State.RUNNING, due_at__lte=now or timezone.now())

    def of(self, subject):
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def within(self, scope):
        return self.filter(scope_type=scope._meta.label_lower, scope_id=scope.pk)

    def search(self, text: str):
        return self.filter(
            Q(subject_label__icontains=text) | Q(scope_label__icontains=text) | Q(rule__title__icontains=text)
        )


class Deadline(models.Model):
    """A clock: a rule applied to one event. What it is about stands on a floor above, so it is named, not pointed to."""

    rule = models.ForeignKey(DeadlineRule, verbose_name="时限规则", on_delete=models.PROTECT, related_name="deadlines")
    subject_type = models.CharField(max_length=60, editable=False)
    subject_id = models.PositiveBigIntegerField(editable=False)
    subject_label = models.CharField("事项", max_length=200)
    url = models.CharField("所在页面", max_length=200)
    scope_type = models.CharField(max_length=60, editable=False)
    scope_id = models.PositiveBigIntegerField(editable=False)
    scope_label = models.CharField("项目", max_length=200)
    discipline_id = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="责任人", null=True, blank=True, on_delete=models.PROTECT,
        related_name="deadlines",
    )  # fmt: skip
    started_at = models.DateTimeField("起算时间")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="登记人", null=True, blank=True, **PERSON)
    registered_at = models.DateTimeField("登记时间", default=timezone.now)
    extra = models.SmallIntegerField("延长（缩短）", default=0)
    due_on = models.DateField("到期日")
    due_at = models.DateTimeField("到期时刻")
    state = models.CharField("状态", max_length=12, choices=State, default=State.RUNNING)
    stopped_at = models.DateTimeField("结束时间", null=True, blank=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="结束人", null=True, blank=True, **PERSON)
    stop_note = models.CharField("完成情况", max_length=300, blank=True)
    # The next instant at which the sweep has something to say; None: it has not.
    next_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "时限"
        ordering = ["due_at", "pk"]
        indexes = [
            # Not a partial index: SQLite cannot tell from a bound value that one applies.
            models.Index(fields=["state", "next_at", "id"], name="deadline_next"),
            models.Index(fields=["scope_type", "scope_id", "state", "due_at"], name="deadline_of_scope"),
            models.Index(fields=["subject_type", "subject_id"], name="deadline_of_subject"),
            models.Index(fields=["state", "due_at", "id"], name="deadline_by_due"),
            models.Index(fields=["responsible", "state", "due_at"], name="deadline_of_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject_type", "subject_id"],
                condition=Q(state__in=OPEN_STATES),
                name="deadline_runs_once",
            ),
            models.CheckConstraint(
                name="deadline_stopped_when_over",
                condition=Q(state__in=OPEN_STATES, stopped_at__isnull=True)
                | Q(state__in=[State.FULFILLED, State.CANCELLED], stopped_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule.title}：{self.subject_label}"

    @property
    def term(self) -> rules.Term:
        rule = self.rule
        return rules.Term(max(rule.amount + self.extra, 1), Measure(rule.measure), rule.moves_to_working_day)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def light(self) -> str:
        return rules.light(
            self.state, self.due_on, self.due_at, self.stopped_at, now=timezone.now(), today=timezone.localdate()
        )

    @property
    def left_words(self) -> str:
        """“剩 12 天”, “逾期 3 天”, “中止”; for a clock that is over how it ended."""
        if self.state == State.SUSPENDED:
            return "中止中"
        if not self.is_open:
            return self.light.label
        return rules.left_words(
            self.rule.is_in_hours, self.due_on, self.due_at, now=timezone.now(), today=timezone.localdate()
        )

    def plan(self, pauses) -> rules.Plan:
        """What decides when this clock speaks up; `pauses` as in `rules.course`."""
        rule = self.rule
        return rules.Plan(
            self.term, self.started_at, self.due_on, self.due_at, rule.reminders,
            [(after, role) for after, role in rule.escalation], rule.repeat_every, pauses,
        )  # fmt: skip


def evidence_path(instance: "Evidence", filename: str) -> str:
    """Random name: a client's file name never reaches the disk."""
    return f"evidence/{timezone.now():%Y%m}/{get_random_string(40)}"


class Evidence(models.Model):
    """A file that proves why a clock was changed: a letter of the client, a delivery note."""

    deadline = models.ForeignKey(Deadline, verbose_name="时限", on_delete=models.PROTECT, related_name="evidence")
    file = models.FileField("文件", upload_to=evidence_path, max_length=120)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("大小（字节）")
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="上传人", **PERSON)
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "时限证据"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class TimeRequest(models.Model):
    """A request that a clock stand still (中止) or run longer (延期), and what was decided about it.

    A shortening (缩短) is the client's right: it is in force as soon as it is registered, and nobody decides about it."""

    deadline = models.ForeignKey(Deadline, verbose_name="时限", on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField("申请事项", max_length=12, choices=RequestKind)
    amount = models.PositiveSmallIntegerField(
        "延长（缩短）", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    reason = models.TextField("理由")
    basis = models.CharField("依据（函件名称、文号等）", max_length=200)
    evidence = models.ForeignKey(
        Evidence, verbose_name="证据文件", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="申请人", **PERSON)
    requested_at = models.DateTimeField("申请时间", default=timezone.now)
    decision = models.CharField("审批结果", max_length=12, choices=Decision, default=Decision.PENDING)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="审批人", null=True, blank=True, **PERSON)
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    decision_note = models.CharField("审批意见", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "时限申请"
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["deadline"], condition=Q(decision=Decision.PENDING), name="request_one_pending"
            ),
            models.CheckConstraint(
                name="request_has_amount",
                condition=Q(kind=RequestKind.SUSPENSION) | Q(amount__gte=1),
            ),
            models.CheckConstraint(
                name="request_decided_by_another",
                condition=Q(decided_by__isnull=True)
                | Q(decision=Decision.WITHDRAWN)
                | ~Q(decided_by=F("requested_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}申请：{self.deadline}"


class Suspension(models.Model):
    """A time in which a clock stands still, with reason and basis at both ends."""

    deadline = models.ForeignKey(Deadline, verbose_name="时限", on_delete=models.PROTECT, related_name="suspensions")
    request = models.OneToOneField(
        TimeRequest, verbose_name="申请", on_delete=models.PROTECT, related_name="suspension"
    )
    started_at = models.DateTimeField("中止于")
    ended_at = models.DateTimeField("恢复于", null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="恢复人", null=True, blank=True, **PERSON)
    end_reason = models.CharField("恢复理由", max_length=300, null=True, blank=True)
    end_basis = models.CharField("恢复依据", max_length=200, null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "时限中止"
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["deadline"], condition=Q(ended_at__isnull=True), name="suspension_one_open"
            ),
            models.CheckConstraint(
                name="suspension_ends_after_start",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deadline} 自 {self.started_at:%Y-%m-%d} 中止"


class Reminder(models.Model):
    """One thing that the sweep said about a clock. The unique key makes that it is said once, whoever sweeps."""

    deadline = models.ForeignKey(Deadline, verbose_name="时限", on_delete=models.PROTECT, related_name="reminders")
    key = models.CharField(max_length=40)
    kind = models.CharField("类别", max_length=10)
    offset = models.IntegerField("相对到期（天或分钟）")
    role = models.CharField("上报", max_length=24, blank=True)
    planned_at = models.DateTimeField("应提醒时间")
    written_at = models.DateTimeField("提醒时间")
    told = models.CharField("告知", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "提醒记录"
        ordering = ["planned_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["deadline", "key"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.deadline_id} {self.key}"


class Nudge(models.Model):
    """A reminder by hand (催办)."""

    deadline = models.ForeignKey(Deadline, verbose_name="时限", on_delete=models.PROTECT, related_name="nudges")
    nudged_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="催办人", **PERSON)
    nudged_at = models.DateTimeField("催办时间", default=timezone.now)
    words = models.CharField("催办内容", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "催办"
        ordering = ["-nudged_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.deadline_id} {self.nudged_at:%Y-%m-%d %H:%M}"


# ── The machine ─────────────────────────────────────────────────────────────
class Heartbeat(models.Model):
    """When a part of the clockwork last finished its round, and what it did: health is told by this alone."""

    name = models.CharField("部件", max_length=30, primary_key=True)
    # Who does the day's round takes it first; a claim without an end lapses.
    claimed_at = models.DateTimeField("开始时间", null=True, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    took_ms = models.PositiveIntegerField("用时（毫秒）", default=0)
    done = models.JSONField("完成情况", default=dict, blank=True)
    failed_at = models.DateTimeField("出错时间", null=True, blank=True)
    error = models.TextField("错误", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "运行心跳"

    def __str__(self) -> str:
        return self.name


class Feed(models.Model):
    """A person's calendar feed. Only the hash of its secret is kept: the address is shown once, when it is made."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name="人员", on_delete=models.CASCADE, related_name="deadline_feed"
    )
    secret_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField("生成时间", default=timezone.now)
    read_at = models.DateTimeField("最近读取", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "日历订阅"

    def __str__(self) -> str:
        return f"{self.user} 的日历订阅"


def firm_zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)
