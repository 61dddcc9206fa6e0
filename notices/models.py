from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from notices.choices import BOT_CHANNELS, Channel, DeliveryState, Kind
from staff.models import Unit


class NoticeQuerySet(models.QuerySet):
    def unread(self):
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """One message in a person's in-app inbox."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="收件人", on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField("类别", max_length=20, choices=Kind)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("内容", blank=True)
    url = models.CharField("链接", max_length=200, blank=True)
    is_confidential = models.BooleanField("仅限站内", default=False)
    created_at = models.DateTimeField("时间", default=timezone.now)
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["recipient", "read_at", "-created_at"], name="notice_inbox")]

    def __str__(self) -> str:
        return self.title


class Bot(models.Model):
    """A group robot (群机器人) of a chat service. Whoever knows its address can write to the group: address and secret are
    shown nowhere once saved."""

    name = models.CharField("名称", max_length=40, unique=True)
    channel = models.CharField(
        "渠道", max_length=10, choices=[(channel.value, channel.label) for channel in BOT_CHANNELS]
    )
    webhook = models.CharField("Webhook 地址", max_length=500)
    secret = models.CharField("签名密钥", max_length=200, blank=True)
    unit = models.ForeignKey(
        Unit,
        verbose_name="单位",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="bots",
        help_text="只发与该单位及其下属单位人员有关的消息；留空为全公司。",
    )
    kinds = models.JSONField("消息类别", default=list, blank=True)
    is_active = models.BooleanField("启用", default=True)
    # Kept by the sender: when it posted lately, and until when it must be silent.
    recent_posts = models.JSONField(default=list, editable=False)
    quiet_until = models.DateTimeField("暂停至", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "群机器人"
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}（{self.get_channel_display()}）"


class Preference(models.Model):
    """How a person wants to be told. Who has no row: every message, each as its own e-mail."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name="人员", on_delete=models.CASCADE, related_name="notice_preference"
    )
    digest = models.BooleanField("每日摘要", default=False)
    email = models.BooleanField("邮件提醒", default=True)
    muted_kinds = models.JSONField("不提醒的类别", default=list, blank=True)
    last_digest_on = models.DateField("最近摘要日", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "提醒设置"

    def __str__(self) -> str:
        return f"{self.user} 的提醒设置"


# What still has a way to go; the rest of the outbox only grows.
OPEN = Q(state__in=[DeliveryState.PENDING, DeliveryState.SENDING])


class DeliveryQuerySet(models.QuerySet):
    def open(self):
        return self.filter(OPEN)

    def due(self, now):
        """Waiting until now, or claimed by a sender that has not come back in time."""
        return self.filter(OPEN, next_at__lte=now)

    def failed(self):
        return self.filter(state=DeliveryState.FAILED)


class Delivery(models.Model):
    """One message on its way out of the house: by e-mail to a person, or by a bot to its group."""

    channel = models.CharField("渠道", max_length=10, choices=Channel)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="收件人",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    bot = models.ForeignKey(
        Bot, verbose_name="群机器人", null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    # Somebody outside the firm, who has no account: name and e-mail address.
    outsider = models.CharField("外部收件人", max_length=80, blank=True)
    address = models.EmailField("外部邮箱", max_length=120, blank=True)
    # An iCalendar message (RFC 5545) that goes along with an e-mail; its METHOD stands in it.
    calendar = models.TextField("日历邀请", blank=True)
    notice = models.ForeignKey(
        Notice, verbose_name="通知", null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    kind = models.CharField("类别", max_length=20, choices=Kind)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("内容", blank=True)
    url = models.CharField("链接", max_length=200, blank=True)
    mentions = models.JSONField("提醒的手机号", default=list, blank=True)
    state = models.CharField("状态", max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    # While it is being sent: when the claim lapses and another sender may take it.
    next_at = models.DateTimeField("下次发送时间", default=timezone.now)
    last_error = models.CharField("原因", max_length=300, blank=True)
    # A long message goes in parts; one that failed on the way goes on where it stopped.
    parts_sent = models.PositiveSmallIntegerField("已发段数", default=0)
    created_at = models.DateTimeField("建立时间", default=timezone.now)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "外发消息"
        ordering = ["-created_at", "-pk"]
        # Not a partial index: SQLite cannot tell from a bound value that one applies.
        indexes = [models.Index(fields=["state", "next_at"], name="delivery_due")]
        constraints = [
            models.CheckConstraint(
                name="delivery_goes_to_one_address",
                condition=Q(channel=Channel.EMAIL, recipient__isnull=False, bot__isnull=True, address="")
                | (Q(channel=Channel.EMAIL, recipient__isnull=True, bot__isnull=True) & ~Q(address=""))
                | (~Q(channel=Channel.EMAIL) & Q(recipient__isnull=True, bot__isnull=False, address="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} → {self.address_name}"

    @property
    def address_name(self) -> str:
        """To whom, in words; never an address or the message itself."""
        if self.recipient_id:
            return self.recipient.name
        return self.bot.name if self.bot_id else self.outsider
