"""The year's settlement of rewards and penalties: lines for people, their appeals, the approval (§7)."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone

from rankings.choices import Cause, Kind, Outcome, Party, SettlementState
from rankings.models.policies import MONEY, Amount, Policy
from rankings.models.rankings import LONGEST, PERSON, Ranking


class Settlement(models.Model):
    """One settlement of a frozen ranking by one version of the policy. At most one stands for a ranking."""

    ranking = models.ForeignKey(Ranking, verbose_name="年度排名", on_delete=models.PROTECT, related_name="settlements")
    policy = models.ForeignKey(Policy, verbose_name="奖惩标准", on_delete=models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=SettlementState, default=SettlementState.PROPOSED)
    turn = models.PositiveIntegerField(default=0, editable=False)
    proposed_by = models.ForeignKey(verbose_name="提出人", **PERSON)
    proposed_at = models.DateTimeField("公示时间", default=timezone.now)
    digest = models.CharField("摘要 SHA-256", max_length=64)
    # The last day on which an appeal is in time.
    appeals_until = models.DateField("申诉截止日")
    approved_by = models.ForeignKey(verbose_name="批准人", null=True, blank=True, **PERSON)
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    approval_digest = models.CharField("批准签署摘要", max_length=64, null=True, blank=True)
    withdrawn_by = models.ForeignKey(verbose_name="撤回人", null=True, blank=True, **PERSON)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    withdrawal = models.TextField("撤回理由", max_length=LONGEST, null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "奖惩结算"
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["ranking"], condition=~Q(state=SettlementState.WITHDRAWN), name="settlement_one_stands"
            ),
            models.CheckConstraint(
                name="settlement_approved_whole",
                condition=~Q(state=SettlementState.APPROVED)
                | Q(approved_at__isnull=False, approved_by__isnull=False, approval_digest__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ranking.year} 年度奖惩结算"

    @property
    def is_proposed(self) -> bool:
        return self.state == SettlementState.PROPOSED

    @property
    def is_approved(self) -> bool:
        return self.state == SettlementState.APPROVED


class AwardQuerySet(models.QuerySet):
    def standing(self):
        return self.exclude(settlement__state=SettlementState.WITHDRAWN)

    def counting(self):
        """Without the members left out of a split, unless an appeal gave them a part of it."""
        return self.filter(~Q(party=Party.LEFT_OUT) | Q(appeal__outcome=Outcome.CHANGED))


class Award(models.Model):
    """What one person gets or owes for one cause. `cause_key` names the one thing that it is for (an inspection, a
    deliverable): nobody is charged for it twice, whatever roles they had. A member of the first team who has no part in its reward
    has a line of nothing (`Party.LEFT_OUT`), against which they can appeal. Append-only."""

    settlement = models.ForeignKey(Settlement, verbose_name="结算", on_delete=models.PROTECT, related_name="awards")
    person = models.ForeignKey(verbose_name="人员", **{**PERSON, "related_name": "awards"})
    kind = models.CharField("类别", max_length=10, choices=Kind)
    cause = models.CharField("事由", max_length=20, choices=Cause)
    cause_key = models.CharField("所涉事项", max_length=60)
    party = models.CharField("对象", max_length=20, choices=Party)
    # The unit of the person when it was proposed: sums by unit do not move with people.
    unit_name = models.CharField("单位", max_length=80)
    text = models.CharField("说明", max_length=300)
    url = models.CharField("依据页面", max_length=200)
    amount = models.DecimalField("金额（元）", **MONEY)

    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "奖惩明细"
        ordering = ["settlement", "kind", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["settlement", "person", "cause_key"], name="award_one_cause_once")
        ]

    def __str__(self) -> str:
        # What the ledger calls it: more people read there than may know who gets what.
        return f"奖惩明细 {self.pk}"

    @property
    def key(self) -> str:
        return self.cause_key

    @property
    def is_left_out(self) -> bool:
        return self.party == Party.LEFT_OUT

    @property
    def standing_appeal(self):
        """The appeal against it, or None; with `select_related("appeal")` no query."""
        return getattr(self, "appeal", None)

    @property
    def final_amount(self) -> Decimal:
        """What counts: as it was posted, or as an appeal was decided."""
        appeal = self.standing_appeal
        if appeal is None or appeal.outcome in (None, Outcome.UPHELD):
            return self.amount
        return Decimal(0) if appeal.outcome == Outcome.REVOKED else appeal.amount

    @property
    def signed(self) -> Decimal:
        """What counts, a penalty below zero."""
        return self.final_amount if self.kind == Kind.REWARD else -self.final_amount


class Appeal(models.Model):
    """A person's appeal against an award within the window, and its decision, which arrives once. Append-only."""

    award = models.OneToOneField(Award, verbose_name="奖惩", on_delete=models.PROTECT, related_name="appeal")
    text = models.TextField("申诉理由", max_length=LONGEST)
    appealed_at = models.DateTimeField("申诉时间", default=timezone.now)
    outcome = models.CharField("处理", max_length=10, choices=Outcome, null=True, blank=True)
    amount = models.DecimalField("变更后金额（元）", null=True, blank=True, **MONEY)
    decision = models.TextField("处理意见", max_length=LONGEST, null=True, blank=True)
    decided_by = models.ForeignKey(verbose_name="处理人", null=True, blank=True, **PERSON)
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "奖惩申诉"
        ordering = ["-appealed_at"]
        constraints = [
            models.CheckConstraint(
                name="appeal_decided_whole",
                condition=Q(outcome__isnull=True, decided_at__isnull=True)
                | Q(outcome__isnull=False, decided_at__isnull=False, decided_by__isnull=False, decision__isnull=False),
            ),
            models.CheckConstraint(
                name="appeal_changed_with_amount", condition=~Q(outcome=Outcome.CHANGED) | Q(amount__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"奖惩申诉 {self.pk}"


class AwardNotice(models.Model):
    """The notice to one person (奖惩通知书) as it was issued with the approval: never rendered again. Append-only."""

    settlement = models.ForeignKey(Settlement, verbose_name="结算", on_delete=models.PROTECT, related_name="notices")
    person = models.ForeignKey(verbose_name="人员", **{**PERSON, "related_name": "award_notices"})
    number = models.CharField("通知书编号", max_length=24, unique=True)
    pdf = models.CharField("通知书", max_length=120)
    pdf_sha256 = models.CharField("通知书 SHA-256", max_length=64)
    issued_at = models.DateTimeField("签发时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "奖惩通知书"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["settlement", "person"], name="award_notice_once")]

    def __str__(self) -> str:
        return self.number


class PromotionNote(models.Model):
    """[S] 其业绩作为执业人员晋升的参考依据: on the record of each member of the first project's team. Append-only."""

    person = models.ForeignKey(verbose_name="人员", **{**PERSON, "related_name": "promotion_notes"})
    ranking = models.ForeignKey(
        Ranking, verbose_name="年度排名", on_delete=models.PROTECT, related_name="promotion_notes"
    )
    text = models.CharField("业绩", max_length=300)
    noted_at = models.DateTimeField("登记时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "晋升参考业绩"
        ordering = ["-noted_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["ranking", "person"], name="promotion_note_once")]

    def __str__(self) -> str:
        return f"{self.person} {self.text}"


class AttendanceQuerySet(models.QuerySet):
    def standing(self):
        return self.filter(withdrawn_at__isnull=True)


class Attendance(models.Model):
    """Something of the optional attendance table, on record for a person: what counts in the year's settlement. Append-only
    but for its withdrawal, which arrives once."""

    person = models.ForeignKey(verbose_name="人员", **{**PERSON, "related_name": "attendance"})
    rule = models.ForeignKey(Amount, verbose_name="条款", on_delete=models.PROTECT, related_name="+")
    happened_on = models.DateField("日期")
    count = models.PositiveSmallIntegerField("次（天）数", default=1)
    note = models.CharField("说明", max_length=300, blank=True)
    recorded_by = models.ForeignKey(verbose_name="登记人", **PERSON)
    recorded_at = models.DateTimeField("登记时间", default=timezone.now)
    withdrawn_by = models.ForeignKey(verbose_name="撤销人", null=True, blank=True, **PERSON)
    withdrawn_at = models.DateTimeField("撤销时间", null=True, blank=True)
    withdrawal = models.CharField("撤销理由", max_length=300, null=True, blank=True)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "考勤与纪律记录"
        ordering = ["-happened_on", "-pk"]
        constraints = [
            models.CheckConstraint(name="attendance_counted", condition=Q(count__gte=1)),
            models.CheckConstraint(
                name="attendance_withdrawn_whole",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawal__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, withdrawal__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.rule.text} {self.happened_on}"
