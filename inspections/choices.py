from django.db import models


class Kind(models.TextChoices):
    """The ways of supervision (监管方式) [S]."""

    REGULAR = "regular", "定期检查"
    IRREGULAR = "irregular", "不定期检查"
    SPOT_CHECK = "spot_check", "抽查"
    SPECIAL_AUDIT = "special_audit", "专项稽查"


# 专项稽查 has no plan: it needs a trigger on file.
PLANNED_KINDS = [(kind.value, kind.label) for kind in Kind if kind != Kind.SPECIAL_AUDIT]


class PlanState(models.TextChoices):
    DRAFT = "draft", "草稿"
    IN_FORCE = "in_force", "执行中"
    ENDED = "ended", "已结束"


class State(models.TextChoices):
    """Where an inspection stands (chain.py)."""

    SCORING = "scoring", "检查评分中"
    DISCUSSING = "discussing", "沟通确认中"
    ISSUED = "issued", "待确认收到"
    RECTIFYING = "rectifying", "整改中"
    RECHECKING = "rechecking", "待复查"
    CLOSED = "closed", "已关闭"
    CANCELLED = "cancelled", "已撤销"


# Nothing happens to the inspection itself any more.
ENDED = (State.CLOSED, State.CANCELLED)
# The written opinion is out: score and findings are what they are.
CONCLUDED = (State.ISSUED, State.RECTIFYING, State.RECHECKING, State.CLOSED)
# What the inspected side may read.
SHOWN_TO_PROJECT = (State.DISCUSSING, *CONCLUDED)


class Act(models.TextChoices):
    """What is done to an inspection; the words stand in the ledger and on the timeline."""

    OPEN = "open", "立项"
    APPOINT = "appoint", "调整检查人员"
    FINISH_SCORING = "finish_scoring", "评分定稿"
    SCORE_AGAIN = "score_again", "退回重新评分"
    TALK = "talk", "登记沟通意见"
    ISSUE = "issue", "出具书面意见"
    RECEIVE = "receive", "确认收到书面意见"
    RECEIVE_CLEAN = "receive_clean", "确认收到书面意见（无需整改）"
    REPLY = "reply", "提交整改回复"
    SEND_BACK = "send_back", "退回整改"
    CLOSE = "close", "复查通过并关闭"
    CANCEL = "cancel", "撤销检查"


class Side(models.TextChoices):
    """Whose words in the discussion (沟通确认)."""

    OFFICE = "office", "检查方"
    PROJECT = "project", "被检方"


class EvidenceOf(models.TextChoices):
    FINDING = "finding", "问题证据"
    RECTIFICATION = "rectification", "整改证据"
    RECEIPT = "receipt", "送达证据"
    TALK = "talk", "沟通记录"
    ACCIDENT = "accident", "事故资料"
    LIABILITY = "liability", "问责材料"


class ConsequenceKind(models.TextChoices):
    REINSPECTION = "reinspection", "下一年度复查"
    ESCALATION = "escalation", "上报处置"


class Decision(models.TextChoices):
    CONFIRMED = "confirmed", "已确认"
    DISMISSED = "dismissed", "不予实施"


class AccidentSource(models.TextChoices):
    """Who brought a serious quality accident (重大质量事故) to light."""

    INTERNAL = "internal", "公司内部"
    CLIENT = "client", "委托人"
    COURT = "court", "法院、仲裁"
    AUDIT = "audit", "审计、财政评审"
    OTHER = "other", "其他"


class Origin(models.TextChoices):
    """Where a problem that somebody answers for came from (问责事由)."""

    FINDING = "finding", "监管检查"
    CLIENT = "client", "委托人反映"
    COURT = "court", "法院、仲裁"
    AUDIT = "audit", "审计、财政评审"
    OTHER = "other", "其他"


class CaseState(models.TextChoices):
    OPEN = "open", "责任认定中"
    PROPOSED = "proposed", "陈述申辩中"
    DECIDED = "decided", "已决定"
    DROPPED = "dropped", "已撤销"


class SheetState(models.TextChoices):
    """Where one person's 问责单 stands."""

    PROPOSED = "proposed", "待陈述申辩"
    ACCEPTED = "accepted", "本人无异议"
    APPEALED = "appealed", "已申辩，待决定"
    DECIDED = "decided", "已决定"


class Share(models.TextChoices):
    """How somebody answers for it. [S] 由复核人员承担责任；应说明而未说明的，视同对其已认同，负直接责任。"""

    PREPARED = "prepared", "编制责任"
    DIRECT = "direct", "直接责任（应说明而未说明）"
    ACCEPTED = "accepted", "认同责任"
    OTHER = "other", "其他责任"


class Outcome(models.TextChoices):
    UPHELD = "upheld", "维持处理意见"
    CHANGED = "changed", "变更处理意见"
    REVOKED = "revoked", "不予追究"


class LiabilityAct(models.TextChoices):
    """What is done to a liability case or to one of its sheets; the words stand in the ledger."""

    OPEN = "open", "提起问责"
    EVIDENCE = "evidence", "上传问责材料"
    DROP = "drop", "撤销问责"
    PROPOSE = "propose", "出具问责单"
    SERVE = "serve", "送达问责单"
    ACCEPT = "accept", "本人无异议"
    APPEAL = "appeal", "陈述申辩"
    LAPSE = "lapse", "逾期未提出，视为无异议"
    DECIDE = "decide", "作出处理决定"
    CLOSE = "close", "问责办结"


class HistoryKind(models.TextChoices):
    """What a line of a project's history (历程) is about."""

    REVIEW = "review", "审签"
    INSPECTION = "inspection", "检查"
    CLOCK = "clock", "时限"
    COMPLAINT = "complaint", "投诉举报"
    OTHER = "other", "其他"
