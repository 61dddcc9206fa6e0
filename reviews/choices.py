from django.db import models


class LevelKind(models.TextChoices):
    PREPARE = "prepare", "编制自校"
    REVIEW = "review", "复核"
    PANEL = "panel", "专家评审"
    ISSUE = "issue", "签发"


class State(models.TextChoices):
    """Where a round stands. The first four are live; a deliverable has at most one live round."""

    PREPARING = "preparing", "编制中"
    REVIEWING = "reviewing", "审签中"
    ANSWERING = "answering", "待回复意见"
    ISSUING = "issuing", "待签发"
    SENT_BACK = "sent_back", "已退回"
    WITHDRAWN = "withdrawn", "已撤回"
    VOIDED = "voided", "已作废"
    ISSUED = "issued", "已签发"


LIVE_STATES = (State.PREPARING, State.REVIEWING, State.ANSWERING, State.ISSUING)
# Every deliverable has exactly one round in one of these: the live one, or the issued one.
CURRENT_STATES = (*LIVE_STATES, State.ISSUED)


class Act(models.TextChoices):
    """What a person does to a round. The words stand in the ledger and on the timeline."""

    OPEN = "open", "新建"
    APPOINT = "appoint", "设置审签人"
    REVISE = "revise", "新建版本"
    SUBMIT = "submit", "自校并提交"
    RETURN_REMARKS = "return_remarks", "提出意见"
    ANSWER = "answer", "回复意见"
    SIGN = "sign", "签署"
    SIGN_LAST = "sign_last", "签署（末级）"
    JOIN_OPINION = "join_opinion", "签署评审意见"
    REVOKE = "revoke", "撤回签署"
    SEND_BACK = "send_back", "退回"
    WITHDRAW = "withdraw", "撤回"
    EXEMPT = "exempt", "免除校核"
    HAND_OVER = "hand_over", "移交"
    ISSUE = "issue", "签发"


class Duty(models.TextChoices):
    """What a round waits for, as the inbox says it."""

    PREPARE = "prepare", "待编制提交"
    ANSWER = "answer", "待回复意见"
    SIGN = "sign", "待签署"
    OPINION = "opinion", "待评审意见"
    ISSUE = "issue", "待签发"


class RemarkCategory(models.TextChoices):
    BASIS = "basis", "依据"
    QUANTITY = "quantity", "工程量"
    UNIT_PRICE = "unit_price", "定额与综合单价"
    FEES = "fees", "取费"
    OMISSION = "omission", "漏项"
    DATA = "data", "数据与汇总"
    WORDING = "wording", "文字"


class Severity(models.TextChoices):
    ORDINARY = "ordinary", "一般"
    SERIOUS = "serious", "严重"
    MAJOR = "major", "重大"


class RemarkState(models.TextChoices):
    DRAFT = "draft", "未发出"
    OPEN = "open", "待回复"
    ANSWERED = "answered", "待复查"
    CLOSED = "closed", "已关闭"


class Disposition(models.TextChoices):
    CORRECTED = "corrected", "采纳，已修改"
    EXPLAINED = "explained", "说明，不修改"


class RemarkEventKind(models.TextChoices):
    ANSWER = "answer", "回复"
    PASSED = "passed", "复查通过"
    FAILED = "failed", "复查未通过"


class ChecklistResult(models.TextChoices):
    YES = "yes", "是"
    NO = "no", "否"
    NOT_APPLICABLE = "na", "不适用"


class StatementKind(models.TextChoices):
    UNRESOLVED = "unresolved", "未决事项"
    ATTENTION = "attention", "提请重点复核"


# In a list: every deliverable that has an error rate, whatever it is.
ANY_ERROR = "any"
