from django.db import models


class Role(models.TextChoices):
    """Every role of the 制度. A person holds a role by a post (company or unit) or by an assignment on a project."""

    EXECUTIVE = "executive", "管理层"
    CHIEF_ENGINEER = "chief_engineer", "总工程师"
    QUALITY_OFFICE = "quality_office", "质量办"
    TECHNICAL_DIRECTOR = "technical_director", "单位技术负责人"
    PROJECT_MANAGER = "project_manager", "项目经理"
    DISCIPLINE_LEAD = "discipline_lead", "专业负责人"
    COST_ENGINEER = "cost_engineer", "造价工程师"
    EXPERT = "expert", "评审专家"
    ARCHIVIST = "archivist", "档案员"
    ADMINISTRATOR = "administrator", "系统管理员"
    AUDITOR = "auditor", "审计员"


# Held for the whole firm, for one unit (and the units below it), or on one project.
COMPANY_ROLES = (
    Role.EXECUTIVE,
    Role.CHIEF_ENGINEER,
    Role.QUALITY_OFFICE,
    Role.EXPERT,
    Role.ARCHIVIST,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
)
UNIT_ROLES = (Role.TECHNICAL_DIRECTOR, Role.ARCHIVIST)
PROJECT_ROLES = (Role.PROJECT_MANAGER, Role.DISCIPLINE_LEAD, Role.COST_ENGINEER, Role.EXPERT)
# A deputy may be given the role of a post for one project, by a hand-over on record.
ASSIGNABLE_ROLES = (*PROJECT_ROLES, Role.TECHNICAL_DIRECTOR, Role.CHIEF_ENGINEER, Role.EXECUTIVE)


class CertificateKind(models.TextChoices):
    COST_ENGINEER_1 = "cost_engineer_1", "一级造价工程师"
    COST_ENGINEER_2 = "cost_engineer_2", "二级造价工程师"
    COST_CLERK = "cost_clerk", "造价员"
    CONSULTING_ENGINEER = "consulting_engineer", "咨询工程师（投资）"
    SENIOR_ENGINEER = "senior_engineer", "高级工程师"


class Action(models.TextChoices):
    """What a person may be allowed to do. Who may do what is told in `permissions.GRANTS` alone."""

    # people and configuration
    MANAGE_PEOPLE = "manage_people", "维护人员与单位"
    CONFIGURE = "configure", "维护基础数据"
    READ_LEDGER = "read_ledger", "查阅证据链"
    # projects
    CREATE_PROJECT = "create_project", "新建项目"
    EDIT_PROJECT = "edit_project", "编辑项目"
    SET_TEAM = "set_team", "设置项目组"
    MANAGE_RISKS = "manage_risks", "登记与处理风险"
    MANAGE_INQUIRIES = "manage_inquiries", "登记与答复委托人询问"
    MANAGE_MATERIALS = "manage_materials", "办理资料交接"
    # time limits
    KEEP_TIME = "keep_time", "登记完成与申请变更时限"
    DECIDE_TIME = "decide_time", "审批时限变更"
    NUDGE = "nudge", "催办"
    MANAGE_TIME_RULES = "manage_time_rules", "维护时限规则与工作日历"
    # scoring
    MANAGE_STANDARDS = "manage_standards", "维护评分标准"
    # complaints and reports
    HANDLE_COMPLAINTS = "handle_complaints", "受理投诉举报"
    SEE_REPORTER = "see_reporter", "查看举报人身份"
    # inspections
    PLAN_INSPECTIONS = "plan_inspections", "编制检查计划、抽样与立项"
    READ_INSPECTIONS = "read_inspections", "查阅检查"
    INSPECT = "inspect", "检查评分"
    ISSUE_OPINION = "issue_opinion", "出具检查书面意见"
    ANSWER_INSPECTION = "answer_inspection", "确认与回复检查意见"
    RECTIFY = "rectify", "填写整改情况"
    RECHECK = "recheck", "复查整改"
    CONFIRM_REINSPECTION = "confirm_reinspection", "确认下一年度复查"
    DISPOSE = "dispose", "处置上报事项"
    REGISTER_ACCIDENT = "register_accident", "登记重大质量事故"
    # accountability
    PROPOSE_LIABILITY = "propose_liability", "提出问责"
    DECIDE_LIABILITY = "decide_liability", "决定问责"
    # the year's end
    READ_RANKING_DRAFT = "read_ranking_draft", "查阅排名测算"
    FREEZE_RANKING = "freeze_ranking", "冻结、公布与更正年度排名"
    MANAGE_POLICY = "manage_policy", "编制奖惩标准"
    PUBLISH_POLICY = "publish_policy", "发布奖惩标准"
    RECORD_ATTENDANCE = "record_attendance", "登记考勤与纪律"
    READ_SETTLEMENT = "read_settlement", "查阅奖惩结算"
    PROPOSE_SETTLEMENT = "propose_settlement", "提出奖惩结算"
    APPROVE_SETTLEMENT = "approve_settlement", "批准奖惩结算"
    READ_MANAGEMENT = "read_management", "查阅管理看板"
    READ_LESSONS = "read_lessons", "查阅错误库"
    PROPOSE_CHECKLIST = "propose_checklist", "建议补充核查清单"
    DECIDE_CHECKLIST = "decide_checklist", "审定核查清单"
    # meetings
    CALL_MEETING = "call_meeting", "召集会议"
    MANAGE_PARTIES = "manage_parties", "维护参建单位"
    # deliverables and the chain
    CREATE_DELIVERABLE = "create_deliverable", "新建成果文件"
    PREPARE = "prepare", "编制与提交"
    SIGN_LEVEL = "sign_level", "签署复核意见"
    SCORE = "score", "成果评分"
    ISSUE = "issue", "签发"
    HAND_OVER = "hand_over", "移交环节"
    HAND_OVER_ANY = "hand_over_any", "移交他人环节"
    EXEMPT_LEVEL = "exempt_level", "批准免除校核"
