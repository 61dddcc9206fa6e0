"""The first version of the policy in the words of the 制度, its amounts blank as they are there; and its two time limits."""

from django.db import migrations

# cause, party, text, optional
AMOUNTS = [
    ("first_place", "team", "对获得全公司优良评价第一名的项目组给予奖励。", False),
    ("below_pass", "project_manager", "对低于 60 分的项目组，对项目经理（或项目负责人）处罚。", False),
    ("below_pass", "cost_engineer", "对低于 60 分的项目组，对项目组专业造价工程师（或造价员）处罚，每人。", False),
    ("below_pass", "technical_director", "对低于 60 分的项目组，对单位技术负责人处罚。", False),
    ("serious", "project_manager", "对问题严重的下属项目，对项目经理（或项目负责人）处罚。", False),
    ("serious", "cost_engineer", "对问题严重的下属项目，对项目组专业造价工程师（或造价员）处罚，每人。", False),
    ("serious", "technical_director", "对问题严重的下属项目，对单位技术负责人处罚。", False),
    ("sent_back", "person", "同一成果被退回达到规定次数的，对编制人处罚，每份成果。", True),
    ("checklist_missed", "person", "核查清单答“是”而检查发现该项问题的，对签署人处罚，每项。", True),
    ("late_rectification", "project_manager", "整改回复逾期的，对项目经理处罚，每次。", True),
    # [S] 综合考核制度, second part.
    ("attendance", "person", "请假一天扣款。", True),
    ("attendance", "person", "迟到或脱岗超过规定小时的，视同旷工一天对待。", True),
    ("attendance", "person", "旷工一天，视情节轻重扣款。", True),
    ("attendance", "person", "全年累计旷工达到规定天数的，扣发全年出勤奖。", True),
    ("attendance", "person", "上班时串岗、与他人闲聊或容留他人串岗，一次扣款。", True),
]  # fmt: skip
# [S] 质量目标.
TARGETS = [
    ("client_satisfaction", 90), ("project_success", 80), ("staff_satisfaction", 90), ("error_rate", 3), ("conforming", 100),
]  # fmt: skip
SHARES = ["project_manager", "discipline_lead", "cost_engineer"]
RULES = [
    ("award_appeal", "奖惩公示申诉期", "awards_posted", 5, "quality_office", [1, 0], [], 0,
     "公司自定：奖惩结算在公司内部公示 5 个工作日，期间可以申诉。"),
    ("award_decide", "处理奖惩申诉", "award_appealed", 10, "executive", [3, 1, 0], [[1, "executive"]], 7,
     "公司自定：收到奖惩申诉后 10 个工作日内作出处理。"),
]  # fmt: skip


def seed(apps, schema_editor):
    Policy, Amount, Target, TeamShare = (
        apps.get_model("rankings", name) for name in ("Policy", "Amount", "Target", "TeamShare")
    )
    policy = Policy.objects.create(version=1, title="质量奖惩标准", note="制度原文金额为空，设定后方可结算。")
    for order, (cause, party, text, is_optional) in enumerate(AMOUNTS, start=1):
        Amount.objects.create(
            policy=policy, order=order, line=order, cause=cause, party=party, text=text, is_optional=is_optional
        )
    for party in SHARES:
        TeamShare.objects.create(policy=policy, party=party)
    for measure, percent in TARGETS:
        Target.objects.create(policy=policy, measure=measure, percent=percent)
    # Published last: from then on its rows are closed.
    policy.published_at = policy.created_at
    policy.save()
    rule = apps.get_model("deadlines", "DeadlineRule")
    for code, title, event, amount, owed_by, reminders, escalation, repeat_every, clause in RULES:
        rule.objects.create(
            code=code, title=title, event=event, amount=amount, measure="working_days", owed_by=owed_by,
            reminders=reminders, escalation=escalation, repeat_every=repeat_every, clause=clause,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("rankings", "0002_guard_evidence"), ("deadlines", "0007_award_events")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
