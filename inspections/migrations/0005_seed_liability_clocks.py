"""The two time limits of accountability. No text of the 制度 sets them: the firm does, and their clauses say so."""

from django.db import migrations

RULES = [
    ("liability_answer", "陈述申辩", "liability_served", 5, "cost_engineer", [3, 1, 0], [], 0,
     "公司自定：责任人收到问责单后 5 个工作日内可以陈述申辩，逾期未提出的视为无异议。"),
    ("liability_decide", "问责决定", "liability_answered", 10, "executive", [3, 1, 0], [[1, "executive"]], 7,
     "公司自定：收到陈述申辩后 10 个工作日内核查并作出处理决定。"),
]  # fmt: skip


def seed(apps, schema_editor):
    rule = apps.get_model("deadlines", "DeadlineRule")
    for code, title, event, amount, owed_by, reminders, escalation, repeat_every, clause in RULES:
        rule.objects.create(
            code=code, title=title, event=event, amount=amount, measure="working_days", owed_by=owed_by,
            reminders=reminders, escalation=escalation, repeat_every=repeat_every, clause=clause,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("inspections", "0004_guard_evidence"), ("deadlines", "0006_inspection_events")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
