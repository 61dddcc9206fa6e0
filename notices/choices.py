from django.db import models


class Kind(models.TextChoices):
    SENT_BACK = "sent_back", "退回"
    VOIDED = "voided", "轮次作废"
    WITHDRAWN = "withdrawn", "撤回"
    TO_DO = "to_do", "待办"
    HANDED_OVER = "handed_over", "环节移交"
    ISSUED = "issued", "签发"
    INSPECTION = "inspection", "检查"
    RESULTS = "results", "年度排名与奖惩"
    MEETING = "meeting", "会议"
    RISK = "risk", "风险上报"
    REMINDER = "reminder", "时限提醒"
    OVERDUE = "overdue", "逾期"
    ESCALATION = "escalation", "逾期升级"
    CLOCK = "clock", "时限变更"
    NUDGE = "nudge", "催办"
    DIGEST = "digest", "每日摘要"
    UNDELIVERABLE = "undeliverable", "消息未送达"
    ALARM = "alarm", "系统警报"


# What each kind tells, for the page where people choose. Alarms and what does not arrive are for administrators and auditors.
ABOUT = {
    Kind.SENT_BACK: "您参与的成果被退回，需要修改或重新签署。",
    Kind.VOIDED: "成果换版或修改后，原审签轮次作废，已签署的意见失效。",
    Kind.WITHDRAWN: "编制人撤回提交，或签署人撤回意见。",
    Kind.TO_DO: "有新的待办轮到您处理。",
    Kind.HANDED_OVER: "环节移交给您，或由您移交出去。",
    Kind.ISSUED: "您参与的成果已签发并编号。",
    Kind.INSPECTION: "与您有关的检查、整改和问责的进展。",
    Kind.RESULTS: "年度排名公布或更正，以及与您有关的奖惩与申诉。",
    Kind.MEETING: "您参加的会议召集、改期或取消，会议纪要与待办事项。",
    Kind.RISK: "项目风险上报给您。",
    Kind.REMINDER: "您负责的事项临近到期。",
    Kind.OVERDUE: "您负责的事项已经逾期。",
    Kind.ESCALATION: "下属事项逾期未办，上报给您。",
    Kind.CLOCK: "您负责的时限被暂停、恢复、延长或取消。",
    Kind.NUDGE: "有人催办您负责的事项。",
}

# What nobody may mute, and why.
ALWAYS_HEARD = {
    Kind.SENT_BACK: "退回后须由您处理",
    Kind.OVERDUE: "逾期须由您处理",
    Kind.ESCALATION: "逾期升级须由您督办",
    Kind.NUDGE: "对方在等您办理",
    Kind.UNDELIVERABLE: "关系到所有人能否收到提醒",
    Kind.ALARM: "系统或证据链异常须及时处理",
}

# What a person may mute, and what is told there; the digest is no message of its own.
MUTABLE = tuple(kind for kind in Kind if kind not in (*ALWAYS_HEARD, Kind.DIGEST))

# Never sent outside: a message about messages that do not arrive must not breed more of them.
IN_APP_ONLY = (Kind.UNDELIVERABLE,)

# No matter for a group, whoever sits in it.
NOT_FOR_GROUPS = (Kind.UNDELIVERABLE, Kind.ALARM)


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
