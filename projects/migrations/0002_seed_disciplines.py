"""The disciplines (专业) that every firm has; more can be added in the admin."""

from django.db import migrations

DISCIPLINES = [("TJ", "土建"), ("AZ", "安装"), ("SZ", "市政"), ("ZS", "装饰"), ("YL", "园林"), ("ZH", "综合")]


def seed(apps, schema_editor):
    discipline = apps.get_model("projects", "Discipline")
    for order, (code, name) in enumerate(DISCIPLINES, start=1):
        discipline.objects.get_or_create(code=code, defaults={"name": name, "order": order})


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
