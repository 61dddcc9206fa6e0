from django.db import models


class Board(models.TextChoices):
    """The lists of an annual ranking. People are ranked by the level at which they signed."""

    PROJECT = "project", "项目"
    UNIT = "unit", "单位"
    PREPARER = "preparer", "编制人"
    CHECKER = "checker", "校核人"
    VERIFIER = "verifier", "复核人"
    APPROVER = "approver", "审核人"


PEOPLE_BOARDS = (Board.PREPARER, Board.CHECKER, Board.VERIFIER, Board.APPROVER)


class Kind(models.TextChoices):
    REWARD = "reward", "奖励"
    PENALTY = "penalty", "处罚"


class Cause(models.TextChoices):
    """What a reward or penalty is for. [S] 优良评价第一名；低于 60 分；问题严重. The others come from reviews and clocks [D]."""

    FIRST_PLACE = "first_place", "全公司优良评价第一名"
    BELOW_PASS = "below_pass", "质量检查不合格"
    SERIOUS = "serious", "质量检查问题严重"
    SENT_BACK = "sent_back", "成果多次被退回"
    CHECKLIST_MISSED = "checklist_missed", "核查清单答“是”而检查发现问题"
    LATE_RECTIFICATION = "late_rectification", "整改逾期"
    ATTENDANCE = "attendance", "考勤与纪律"


KIND_OF = {cause: Kind.REWARD if cause == Cause.FIRST_PLACE else Kind.PENALTY for cause in Cause}


class Party(models.TextChoices):
    """Who is meant. [S] ①项目经理（项目负责人）②项目组专业造价工程师（造价员）③单位技术负责人."""

    TEAM = "team", "项目组"
    PROJECT_MANAGER = "project_manager", "项目经理（项目负责人）"
    DISCIPLINE_LEAD = "discipline_lead", "专业负责人"
    COST_ENGINEER = "cost_engineer", "专业造价工程师（造价员）"
    TECHNICAL_DIRECTOR = "technical_director", "单位技术负责人"
    PERSON = "person", "本人"
    LEFT_OUT = "left_out", "项目组成员（未列入分配）"


class SettlementState(models.TextChoices):
    PROPOSED = "proposed", "公示申诉中"
    APPROVED = "approved", "已批准"
    WITHDRAWN = "withdrawn", "已撤回"


class Outcome(models.TextChoices):
    UPHELD = "upheld", "维持"
    CHANGED = "changed", "变更金额"
    REVOKED = "revoked", "撤销"


class Measure(models.TextChoices):
    """What the KPI board watches ([S] 质量目标). `rankings.rules.AT_MOST` are those that are to stay below their target."""

    CLIENT_SATISFACTION = "client_satisfaction", "委托人满意度"
    PROJECT_SUCCESS = "project_success", "项目成功率"
    STAFF_SATISFACTION = "staff_satisfaction", "员工满意度"
    ERROR_RATE = "error_rate", "咨询误差率"
    CONFORMING = "conforming", "咨询产品合格率"
