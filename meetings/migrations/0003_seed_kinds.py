"""The kinds of meetings in the words of the 月例会制度 [S], the firm's own quality meetings [D], and their time limits."""

from django.db import migrations

WEEKLY = (
    "工程施工过程中，由项目管理单位组织总包单位、各分包单位及设备材料供应单位召开周例会和月例会，建设单位派各专业人员参加，"
    "协调解决工程实施过程中的各种问题，项目管理出会议纪要，报送各参建单位。"
)
SPECIAL = (
    "遇有重要问题需特别协调时，由监理或项目管理团队组织召开专题会议，项目管理单位、监理单位、总包单位及其他相关单位参加，"
    "同时约请招标人参加，由组织单位出会议纪要，发各参加单位。"
)
EXTERNAL = "各种施工现场以外的协调会议，由项目管理团队组织，招标人、项目管理人员及各相关单位参加，项目管理团队出纪要，发各相关单位。"
TEAM = ["project_manager", "technical_director"]
WIDER = [*TEAM, "discipline_lead"]
SITE = ["client", "main_contractor", "subcontractor", "supplier"]
TOPICS = ["工程索赔", "主要进度协调", "质量或安全事故", "重大技术方案"]
# code, title, group, called by, caller roles, invited parties, invited roles, minutes by, topics, frequency, clause
KINDS = [
    ("weekly", "周例会", "regular", ["own"], TEAM, SITE, ["project_manager"], "own", [], "weekly", WEEKLY),
    ("monthly", "月例会", "regular", ["own"], TEAM, SITE, ["project_manager"], "own", [], "monthly", WEEKLY),
    ("special", "专题会议", "special", ["supervisor", "own"], WIDER, ["client", "supervisor", "main_contractor"],
     ["project_manager"], "", TOPICS, "", SPECIAL),
    ("design_disclosure", "设计交底", "external", ["own"], WIDER, ["client", "designer"], ["project_manager"], "own", [], "", EXTERNAL),
    ("design_coordination", "设计协调", "external", ["own"], WIDER, ["client", "designer"], ["project_manager"], "own", [], "", EXTERNAL),
    ("tendering", "招投标", "external", ["own"], WIDER, ["client"], ["project_manager"], "own", [], "", EXTERNAL),
    ("approval_filing", "报批报审及备案", "external", ["own"], WIDER, ["client"], ["project_manager"], "own", [], "", EXTERNAL),
    ("completion", "竣工验收", "external", ["own"], WIDER,
     ["client", "supervisor", "main_contractor", "designer"], ["project_manager"], "own", [], "", EXTERNAL),
    ("quality_monthly", "公司质量例会", "firm", ["own"], ["quality_office", "chief_engineer", "executive"], [],
     ["quality_office", "chief_engineer", "technical_director"], "own", [], "monthly", "公司自定：质量办每月召集，通报检查、整改与时限情况。"),
    ("quality_special", "公司质量专题会", "firm", ["own"], ["quality_office", "chief_engineer", "executive"], [],
     ["quality_office", "chief_engineer"], "own", ["重大质量事故", "共性问题改进", "评分标准修订"], "", "公司自定。"),
]  # fmt: skip
# code, title, event, amount, measure, owed by, reminders, escalation, repeat, clause
RULES = [
    ("meeting_minutes", "会议纪要", "meeting_held", 3, "working_days", "project_manager", [1, 0], [[1, "technical_director"]], 3,
     "公司自定：会议召开后 3 个工作日内签发会议纪要并发各参建单位。"),
    ("action_item", "会议待办", "action_item_set", 1, "calendar_days", "cost_engineer", [3, 1, 0],
     [[1, "project_manager"], [3, "technical_director"]], 3, "公司自定：会议确定的待办事项，按会议约定的期限完成。"),
]  # fmt: skip


def seed(apps, schema_editor):
    kind = apps.get_model("meetings", "MeetingKind")
    for order, row in enumerate(KINDS, start=1):
        code, title, group, called_by, roles, parties, invited, minutes_by, topics, frequency, clause = row
        kind.objects.create(
            code=code, title=title, group=group, called_by=called_by, caller_roles=roles, invited_parties=parties,
            invited_roles=invited, minutes_by=minutes_by, topics=topics, frequency=frequency, clause=clause, order=order,
        )  # fmt: skip
    rule = apps.get_model("deadlines", "DeadlineRule")
    for code, title, event, amount, measure, owed_by, reminders, escalation, repeat_every, clause in RULES:
        rule.objects.create(
            code=code, title=title, event=event, amount=amount, measure=measure, owed_by=owed_by, reminders=reminders,
            escalation=escalation, repeat_every=repeat_every, clause=clause,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("meetings", "0002_guard_evidence"), ("deadlines", "0008_meeting_events")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
