"""The working days of the years that were published when this was written (法定节假日与调休), from chinesecalendar."""

from datetime import date, timedelta

import chinese_calendar
from django.db import migrations

YEARS = (2024, 2025, 2026)
WORDS = {
    "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节", "National Day": "国庆节", "Mid-autumn Festival": "中秋节",
}  # fmt: skip


def _note(day: date, is_holiday: bool, name: str | None) -> str:
    words = WORDS.get(name or "", "")
    if is_holiday:
        return words
    return f"{words}调休上班" if day.weekday() >= 5 else ""


def seed(apps, schema_editor):
    rows, work_day = [], apps.get_model("deadlines", "WorkDay")
    for year in YEARS:
        day = date(year, 1, 1)
        while day.year == year:
            is_holiday, name = chinese_calendar.get_holiday_detail(day)
            rows.append(work_day(day=day, is_working=not is_holiday, note=_note(day, is_holiday, name)))
            day += timedelta(days=1)
    work_day.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0002_seed_rules")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
