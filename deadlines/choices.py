from django.db import models


class Measure(models.TextChoices):
    """What a limit is counted in."""

    CALENDAR_DAYS = "calendar_days", "日历天"
    WORKING_DAYS = "working_days", "工作日"
    WORKING_HOURS = "working_hours", "工作小时"


class Event(models.TextChoices):
    """What starts a clock (§6)."""

    INQUIRY_ASKED = "inquiry_asked", "收到委托人询问"
    MATERIALS_COMPLETE = "materials_complete", "结算资料齐全"
    SETTLEMENT_RECEIVED = "settlement_received", "收到结算书"
    DRAWINGS_RECEIVED = "drawings_received", "收到单项工程图纸"
    BIDS_RECEIVED = "bids_received", "收到投标书"
    SERVICE_ENDED = "service_ended", "咨询服务结束"
    URGENT_ASKED = "urgent_asked", "委托人要求紧急支援"
    OPINION_RECEIVED = "opinion_received", "收到检查书面意见"
    COMPLAINT_RECEIVED = "complaint_received", "收到投诉举报"
    COMPLAINT_ACCEPTED = "complaint_accepted", "受理投诉举报"
    LIABILITY_SERVED = "liability_served", "送达问责单"
    LIABILITY_ANSWERED = "liability_answered", "收到陈述申辩"
    AWARDS_POSTED = "awards_posted", "奖惩公示"
    AWARD_APPEALED = "award_appealed", "收到奖惩申诉"
    MEETING_HELD = "meeting_held", "会议召开"
    ACTION_ITEM_SET = "action_item_set", "会议确定待办事项"


# What these start ends by an act of its own, never by somebody's word that it is done.
ENDED_BY_ACT = {
    Event.INQUIRY_ASKED: "登记答复",
    Event.SERVICE_ENDED: "登记归还或留存",
    Event.URGENT_ASKED: "登记到岗",
    Event.COMPLAINT_RECEIVED: "受理或不予受理",
    Event.COMPLAINT_ACCEPTED: "关闭",
    Event.OPINION_RECEIVED: "提交整改回复",
    Event.LIABILITY_SERVED: "提交陈述申辩",
    Event.LIABILITY_ANSWERED: "作出处理决定",
    Event.AWARDS_POSTED: "批准或撤回结算",
    Event.AWARD_APPEALED: "处理申诉",
    Event.MEETING_HELD: "签发会议纪要",
    Event.ACTION_ITEM_SET: "报完成并关闭",
}


class State(models.TextChoices):
    RUNNING = "running", "计时中"
    SUSPENDED = "suspended", "中止"
    FULFILLED = "fulfilled", "已完成"
    CANCELLED = "cancelled", "已作废"


OPEN_STATES = (State.RUNNING, State.SUSPENDED)


class Light(models.TextChoices):
    """The traffic light of a clock: a colour, a shape and a word."""

    GREEN = "green", "正常"
    AMBER = "amber", "临近"
    RED = "red", "逾期"
    PAUSED = "paused", "中止"
    DONE = "done", "按时完成"
    LATE = "late", "逾期完成"
    VOID = "void", "作废"


class RequestKind(models.TextChoices):
    SUSPENSION = "suspension", "中止计时"
    EXTENSION = "extension", "延期"
    SHORTENING = "shortening", "委托人缩短"


class Decision(models.TextChoices):
    PENDING = "pending", "待审批"
    APPROVED = "approved", "同意"
    REFUSED = "refused", "不同意"
    WITHDRAWN = "withdrawn", "已撤回"


class StepKind(models.TextChoices):
    """What a sweep may have to say about a clock."""

    AHEAD = "ahead", "到期前提醒"
    DUE = "due", "到期提醒"
    OVERDUE = "overdue", "逾期提醒"
