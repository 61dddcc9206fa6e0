"""The two time limits of complaints and reports. No text of the 制度 sets them: the firm does, and its clause says so."""

from django.db import migrations

RULES = [
    ("complaint_accept", "投诉举报受理", "complaint_received", 5, [1, 0],
     "公司自定：收到投诉、举报后 5 个工作日内决定是否受理，不予受理的说明理由。"),
    ("complaint_close", "投诉举报办结", "complaint_accepted", 30, [7, 3, 1, 0],
     "公司自定：受理投诉、举报后 30 个工作日内完成调查、处理、反馈并关闭。"),
]  # fmt: skip


def seed(apps, schema_editor):
    rule = apps.get_model("deadlines", "DeadlineRule")
    for code, title, event, amount, reminders, clause in RULES:
        rule.objects.create(
            code=code, title=title, event=event, amount=amount, measure="working_days", owed_by="quality_office",
            reminders=reminders, escalation=[[1, "executive"]], repeat_every=7, clause=clause,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_initial"), ("deadlines", "0005_complaint_events")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
