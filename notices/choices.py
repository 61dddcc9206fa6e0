from django.db import models


class Kind(models.TextChoices):
    SENT_BACK = "sent_back", "退回"
    VOIDED = "voided", "轮次作废"
    WITHDRAWN = "withdrawn", "撤回"
    TO_DO = "to_do", "待办"
    HANDED_OVER = "handed_over", "环节移交"
    ISSUED = "issued", "签发"
    RISK = "risk", "风险上报"
    REMINDER = "reminder", "时限提醒"
    OVERDUE = "overdue", "逾期"
    ESCALATION = "escalation", "逾期升级"
    CLOCK = "clock", "时限变更"
    NUDGE = "nudge", "催办"
    DIGEST = "digest", "每日摘要"
    UNDELIVERABLE = "undeliverable", "消息未送达"


# What nobody may mute: a limit is missed, somebody waits for an answer, or the system itself cannot be heard.
ALWAYS_HEARD = (Kind.OVERDUE, Kind.ESCALATION, Kind.NUDGE, Kind.SENT_BACK, Kind.UNDELIVERABLE)

# Never sent outside: a message about messages that do not arrive must not breed more of them.
IN_APP_ONLY = (Kind.UNDELIVERABLE,)


class Channel(models.TextChoices):
    EMAIL = "email", "邮件"
    WECOM = "wecom", "企业微信"
    DINGTALK = "dingtalk", "钉钉"
    FEISHU = "feishu", "飞书"


BOT_CHANNELS = (Channel.WECOM, Channel.DINGTALK, Channel.FEISHU)


class DeliveryState(models.TextChoices):
    PENDING = "pending", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    FAILED = "failed", "未送达"
    CANCELLED = "cancelled", "已取消"
