from django.db import models


class PartyKind(models.TextChoices):
    """The units that take part in a project (参建单位) [S]."""

    CLIENT = "client", "建设单位（委托人）"
    SUPERVISOR = "supervisor", "监理单位"
    MAIN_CONTRACTOR = "main_contractor", "总包单位"
    SUBCONTRACTOR = "subcontractor", "分包单位"
    SUPPLIER = "supplier", "设备材料供应单位"
    DESIGNER = "designer", "设计单位"
    OTHER = "other", "其他单位"
    OWN = "own", "本公司（项目管理单位）"


class Group(models.TextChoices):
    """The families of meetings [S]; the firm's own quality meetings are [D]."""

    REGULAR = "regular", "工作例会"
    SPECIAL = "special", "专题会议"
    EXTERNAL = "external", "外部工作会议"
    FIRM = "firm", "公司质量会议"


class Frequency(models.TextChoices):
    WEEKLY = "weekly", "每周"
    MONTHLY = "monthly", "每月"


class OffDay(models.TextChoices):
    """What becomes of a date of a series that is no working day."""

    BEFORE = "before", "提前至前一工作日"
    AFTER = "after", "顺延至下一工作日"
    SKIP = "skip", "当次不开"
    KEEP = "keep", "照常召开"


class State(models.TextChoices):
    """Where a meeting stands (chain.py)."""

    PLANNED = "planned", "待召开"
    HELD = "held", "纪要编制中"
    CHECKING = "checking", "纪要待核定"
    ISSUED = "issued", "纪要已签发"
    CANCELLED = "cancelled", "已取消"


ENDED = (State.ISSUED, State.CANCELLED)


class Act(models.TextChoices):
    """What is done to a meeting; the words stand in the ledger and on its course."""

    CALL = "call", "召集会议"
    CHANGE = "change", "修改会议"
    MOVE = "move", "会议改期"
    CANCEL = "cancel", "取消会议"
    HOLD = "hold", "会议结束"
    SUBMIT = "submit", "提交纪要核定"
    RETURN = "return", "退回修改纪要"
    ISSUE = "issue", "签发会议纪要"


class Attendance(models.TextChoices):
    EXPECTED = "expected", "未签到"
    PRESENT = "present", "到会"
    LEAVE = "leave", "请假"
    ABSENT = "absent", "缺席"


class SignedBy(models.TextChoices):
    """How an attendance came on record."""

    ORGANISER = "organiser", "组织者登记"
    SELF = "self", "本人签到"
    PHONE = "phone", "扫码签到"


class ItemSource(models.TextChoices):
    """Where an item of an agenda comes from. The system proposes all but the first."""

    MANUAL = "manual", "自拟"
    ACTION_ITEM = "action_item", "上次会议待办"
    CLOCK = "clock", "逾期时限"
    RECTIFICATION = "rectification", "未完成整改"
    REMARK = "remark", "未答复校审意见"


class ActionState(models.TextChoices):
    OPEN = "open", "未完成"
    DONE = "done", "已完成，待确认"
    CLOSED = "closed", "已关闭"
    DROPPED = "dropped", "已取消"


# Carried into the next meeting.
UNCLOSED = (ActionState.OPEN, ActionState.DONE)


class LinkPurpose(models.TextChoices):
    SIGN_IN = "sign_in", "会议签到"
    RECEIPT = "receipt", "纪要签收"


class ReceivedBy(models.TextChoices):
    CLICK = "click", "系统内签收"
    LINK = "link", "链接签收"
    ORGANISER = "organiser", "组织者登记"
