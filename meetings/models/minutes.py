"""Agenda, papers, the minutes (会议纪要) as they were issued, receipts, objections, supplements, links for outsiders."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from meetings.choices import ItemSource, LinkPurpose, ReceivedBy
from meetings.models.meetings import SUBJECT, Meeting
from meetings.models.parties import LONGEST, PERSON, Contact, Party


class AgendaItem(models.Model):
    """One item: what is to be talked about, and beside it what was said and decided. Saved by itself, by compare-and-set on
    `turn`; closed by the database once the minutes are issued."""

    meeting = models.ForeignKey(Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="agenda")
    order = models.PositiveSmallIntegerField("序号")
    title = models.CharField("议题", max_length=200)
    owner = models.ForeignKey(verbose_name="负责人", null=True, blank=True, **PERSON)
    owner_contact = models.ForeignKey(Contact, verbose_name="外单位负责人", related_name="+", **SUBJECT)
    minutes_long = models.PositiveSmallIntegerField("用时（分钟）", null=True, blank=True)
    source = models.CharField("来源", max_length=14, choices=ItemSource, default=ItemSource.MANUAL)
    # What it was proposed from: "reviews.remark:12" and the page of it.
    source_key = models.CharField(max_length=80, blank=True)
    source_url = models.CharField(max_length=200, blank=True)
    record = models.TextField("会议内容", max_length=LONGEST, blank=True)
    decision = models.TextField("会议决定", max_length=LONGEST, blank=True)
    turn = models.PositiveIntegerField(default=0)
    saved_by = models.ForeignKey(verbose_name="保存人", null=True, blank=True, **PERSON)
    saved_at = models.DateTimeField("保存时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "议题"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "source_key"], condition=~Q(source_key=""), name="agenda_source_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order}. {self.title}"


def file_path(instance, filename: str) -> str:
    """Random name: a client's file name never reaches the disk."""
    return f"meetings/{timezone.now():%Y%m}/{get_random_string(40)}"


class Paper(models.Model):
    """A paper for a meeting (会议材料), or what proves that an action item is done. Marked when taken back, not deleted."""

    meeting = models.ForeignKey(Meeting, verbose_name="会议", related_name="papers", **SUBJECT)
    agenda_item = models.ForeignKey(AgendaItem, verbose_name="议题", related_name="papers", **SUBJECT)
    action_item = models.ForeignKey("meetings.ActionItem", verbose_name="待办", related_name="proofs", **SUBJECT)
    file = models.FileField("文件", upload_to=file_path, max_length=120)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("大小（字节）")
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_by = models.ForeignKey(verbose_name="上传人", **PERSON)
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)
    removed_by = models.ForeignKey(verbose_name="移除人", null=True, blank=True, **PERSON)
    removed_at = models.DateTimeField("移除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "会议文件"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="paper_belongs_to_one",
                condition=Q(meeting__isnull=False, action_item__isnull=True)
                | Q(meeting__isnull=True, action_item__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Minutes(models.Model):
    """The minutes as they were issued: numbered, signed, on paper, never changed. `supplement_to` is set on a correction
    (补充纪要), which stands beside what it corrects. Append-only."""

    meeting = models.ForeignKey(Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="minutes")
    number = models.CharField("纪要编号", max_length=24, unique=True)
    supplement_to = models.ForeignKey("self", verbose_name="补充", related_name="supplements", **SUBJECT)
    # What stands on the paper, whole: the text that search and verification read.
    content = models.JSONField("内容")
    text = models.TextField("全文")
    issued_by = models.ForeignKey(verbose_name="签发人", **PERSON)
    issued_at = models.DateTimeField("签发时间")
    # The last day on which an objection is in time.
    objections_until = models.DateField("异议截止日")
    digest = models.CharField("签署摘要 SHA-256", max_length=64, unique=True)
    pdf = models.CharField("纪要文件", max_length=120)
    pdf_sha256 = models.CharField("纪要文件 SHA-256", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "会议纪要"
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting"], condition=Q(supplement_to__isnull=True), name="minutes_once_per_meeting"
            )
        ]

    def __str__(self) -> str:
        return self.number


class Distribution(models.Model):
    """Minutes on their way to one participating unit, or to one of us, and the receipt. Append-only but for the receipt,
    which arrives once, and the reminders."""

    minutes = models.ForeignKey(Minutes, verbose_name="纪要", on_delete=models.PROTECT, related_name="distributions")
    party = models.ForeignKey(Party, verbose_name="参建单位", related_name="+", **SUBJECT)
    contact = models.ForeignKey(Contact, verbose_name="收件人", related_name="+", **SUBJECT)
    user = models.ForeignKey(verbose_name="人员", null=True, blank=True, **PERSON)
    sent_at = models.DateTimeField("发送时间", default=timezone.now)
    received_at = models.DateTimeField("签收时间", null=True, blank=True)
    received_by = models.CharField("签收方式", max_length=10, choices=ReceivedBy, blank=True)
    receiver_name = models.CharField("签收人", max_length=40, blank=True)
    receipt_note = models.CharField("登记说明", max_length=200, blank=True)
    reminded_at = models.DateTimeField("最近催收", null=True, blank=True)
    reminders = models.PositiveSmallIntegerField("催收次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "纪要分发"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="distribution_is_one",
                condition=Q(user__isnull=False, party__isnull=True) | Q(user__isnull=True, party__isnull=False),
            ),
            models.UniqueConstraint(fields=["minutes", "party"], name="distribution_party_once"),
            models.UniqueConstraint(fields=["minutes", "user"], name="distribution_user_once"),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} → {self.party or self.user}"


class Objection(models.Model):
    """What a recipient objects to within the window, and the organiser's answer, which arrives once. Append-only."""

    distribution = models.ForeignKey(
        Distribution, verbose_name="分发", on_delete=models.PROTECT, related_name="objections"
    )
    by_name = models.CharField("提出人", max_length=40)
    text = models.TextField("异议", max_length=LONGEST)
    made_at = models.DateTimeField("提出时间", default=timezone.now)
    is_accepted = models.BooleanField("采纳", null=True, blank=True)
    answer = models.TextField("答复", max_length=LONGEST, null=True, blank=True)
    answered_by = models.ForeignKey(verbose_name="答复人", null=True, blank=True, **PERSON)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    # Accepted: the supplement that it led to.
    supplement = models.ForeignKey(Minutes, verbose_name="补充纪要", related_name="answers", **SUBJECT)

    class Meta:
        verbose_name = verbose_name_plural = "纪要异议"
        ordering = ["made_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="objection_answered_whole",
                condition=Q(answered_at__isnull=True, is_accepted__isnull=True, answer__isnull=True)
                | Q(
                    answered_at__isnull=False,
                    is_accepted__isnull=False,
                    answer__isnull=False,
                    answered_by__isnull=False,
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.by_name} {self.made_at:%Y-%m-%d}"

    @property
    def who(self) -> str:
        """“宏远建设集团有限公司（孙总包）”; one of us by name alone."""
        party = self.distribution.party
        return f"{party.name}（{self.by_name}）" if party else self.by_name


class AccessLink(models.Model):
    """A link for somebody without an account: for one purpose, at one meeting or for one copy of minutes, until it expires
    or is revoked. Only the hash of its secret is kept."""

    purpose = models.CharField("用途", max_length=8, choices=LinkPurpose)
    meeting = models.ForeignKey(Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="links")
    distribution = models.ForeignKey(Distribution, verbose_name="纪要分发", related_name="links", **SUBJECT)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(verbose_name="生成人", null=True, blank=True, **PERSON)
    created_at = models.DateTimeField("生成时间", default=timezone.now)
    expires_at = models.DateTimeField("失效时间")
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    opened_at = models.DateTimeField("首次打开", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "外部链接"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="link_fits_its_purpose",
                condition=Q(purpose=LinkPurpose.SIGN_IN, distribution__isnull=True)
                | Q(purpose=LinkPurpose.RECEIPT, distribution__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.meeting.number} {self.get_purpose_display()}"
