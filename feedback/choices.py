from django.db import models


class ComplaintKind(models.TextChoices):
    COMPLAINT = "complaint", "投诉"
    REPORT = "report", "举报"


# What the number of each kind begins with.
SERIES = {ComplaintKind.COMPLAINT: "TS", ComplaintKind.REPORT: "JB"}


class ComplaintChannel(models.TextChoices):
    WEB = "web", "网页"
    LETTER = "letter", "来信"
    CALL = "call", "来电"
    VISIT = "visit", "当面"


class ComplaintState(models.TextChoices):
    PENDING = "pending", "待受理"
    INVESTIGATING = "investigating", "调查中"
    HANDLING = "handling", "处理中"
    ANSWERED = "answered", "已反馈"
    CLOSED = "closed", "已关闭"
    REFUSED = "refused", "不予受理"


# After these nothing happens to a complaint any more.
ENDED = (ComplaintState.CLOSED, ComplaintState.REFUSED)
# Accepted: from here on it may set off a 专项稽查.
ON_FILE = (ComplaintState.INVESTIGATING, ComplaintState.HANDLING, ComplaintState.ANSWERED, ComplaintState.CLOSED)


class ComplaintAct(models.TextChoices):
    RECEIVE = "receive", "收到"
    ACCEPT = "accept", "受理"
    REFUSE = "refuse", "不予受理"
    PLACE = "place", "登记涉及项目与单位"
    INVESTIGATE = "investigate", "登记调查情况"
    REOPEN = "reopen", "补充调查"
    HANDLE = "handle", "登记处理情况"
    ANSWER = "answer", "反馈"
    CLOSE = "close", "关闭"


class Verdict(models.TextChoices):
    """What the investigation found of what was told."""

    CONFIRMED = "confirmed", "属实"
    PARTLY = "partly", "部分属实"
    UNFOUNDED = "unfounded", "不属实"


CONFIRMING = (Verdict.CONFIRMED, Verdict.PARTLY)
