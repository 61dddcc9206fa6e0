"""The eleven time standards of the source (时间工作标准), in its words, and the firm's working hours. All editable."""

from datetime import time

from django.db import migrations

STANDARD = "时间工作标准"
BEFORE = [7, 3, 1, 0]
LADDER = [[1, "technical_director"], [2, "quality_office"], [3, "executive"]]
SETTLEMENT = ["settlement", "settlement_review", "whole_process"]

# code, title, event, amount, business lines, contract kind, owed by, fulfilled by, most times, clause
RULES = [
    ("settlement_plan", "结算初稿完成计划", "materials_complete", 2, SETTLEMENT, "main", "project_manager", [], None,
     "对本项目总承包合同的结算审核，咨询人应在委托人提供全套图纸、设计变更、现场签证及总承包合同资料后，【2】个日历天内提交结算初稿完成计划。"),
    ("settlement_draft_main", "总承包结算初稿编制", "materials_complete", 30, SETTLEMENT, "main", "project_manager", ["settlement"], None,
     "对本项目总承包合同的结算审核，咨询人应在委托人提供全套图纸、设计变更、现场签证及总承包合同资料后，【30】个日历天内完成结算初稿的编制工作。"),
    ("settlement_review_main", "总承包结算审核", "settlement_received", 45, SETTLEMENT, "main", "project_manager", ["settlement_report"], None,
     "咨询人在收到委托人提供的总承包结算书后【45】个日历天内完成初步审核和核对工作，并提出符合委托人要求的成果文件。"),
    ("settlement_draft_other", "其他合同结算初稿编制", "materials_complete", 15, SETTLEMENT, "other", "project_manager", ["settlement"], None,
     "对本项目其他各种类别合同总价的结算，应在委托人提供全套图纸、设计变更、现场签证及合同资料后【15】个日历天内完成结算初稿编制工作。"),
    ("settlement_review_other", "其他合同结算审核", "settlement_received", 20, SETTLEMENT, "other", "project_manager", ["settlement_report"], None,
     "在收到委托人提供的其他类项目结算书后【20】个日历天内完成初步审核和核对工作，向委托人提交符合委托人要求的成果文件。"),
    ("bill_of_quantities", "工程量清单编制", "drawings_received", 10, [], "", "discipline_lead", ["bill"], None,
     "咨询人在收到委托人关于每个单项工程的图纸后【10】个日历天内，完成工程量清单编制，并向委托人提交符合委托人要求的成果文件。"),
    ("bid_analysis", "标函分析", "bids_received", 4, [], "", "project_manager", ["bid_report"], 3,
     "标函分析根据询标次数确定，一般不超过三次，每次标函分析应在委托人提供投标单位投标书后【4】个日历天内完成，同时委托人根据工程大小实际情况有缩短编制或分析时间的权利。"),
    ("materials_return", "资料返还", "service_ended", 7, [], "", "project_manager", [], None,
     "咨询人须在咨询服务结束后7天内，按委托人要求整理委托人向咨询人提供的各种资料，并返还委托人。未经委托人事先书面同意，咨询人不得留存任何资料备份。"),
    ("urgent_staff", "紧急任务加派人员到岗", "urgent_asked", 1, [], "", "project_manager", [], None,
     "对于委托人要求的紧急任务，咨询人必须按质按期完成，如驻场人员不够，咨询人须加派人员，加派人员在1天之内必须到岗，或提供有效的后台支持。"),
    ("rectification_reply", "整改回复", "opinion_received", 10, [], "", "project_manager", [], None,
     "被检项目收到检查结果书面意见后10天内，应将项目整改意见和整改情况回复公司。"),
]  # fmt: skip

INQUIRY = {
    "code": "inquiry_reply", "title": "答复委托人询问", "event": "inquiry_asked", "amount": 1, "measure": "working_hours",
    "owed_by": "project_manager", "reminders": [30, 0], "repeat_every": 480,
    "escalation": [[30, "technical_director"], [120, "quality_office"], [480, "executive"]],
    "clause": f"{STANDARD}：委托人需要了解咨询人的相关工作情况时，在正常作业时间，咨询人主要责任人必须在【1】小时内当面答复或书面回复委托人的询问或作出解释。",
}  # fmt: skip


def seed(apps, schema_editor):
    rule = apps.get_model("deadlines", "DeadlineRule")
    rule.objects.create(**INQUIRY)
    for code, title, event, amount, lines, contract, owed_by, fulfilled_by, most, clause in RULES:
        source = "监管检查结果的处理（1）" if code == "rectification_reply" else STANDARD
        rule.objects.create(
            code=code, title=title, event=event, amount=amount, measure="calendar_days", business_lines=lines,
            contract_kind=contract, owed_by=owed_by, reminders=BEFORE, escalation=LADDER, repeat_every=7,
            fulfilled_by=fulfilled_by, max_times=most, clause=f"{source}：{clause}",
        )  # fmt: skip
    shift = apps.get_model("deadlines", "Shift")
    shift.objects.create(starts_at=time(8, 30), ends_at=time(12))
    shift.objects.create(starts_at=time(13, 30), ends_at=time(17, 30))


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
