"""The firm's working calendar: seeded from chinesecalendar, corrected by the quality office (§6).

chinesecalendar knows the years whose holidays the State Council has announced. The table is the truth: the library only
fills years, and a year that the table does not know falls back to the weekdays, with a warning on the page.
"""

import itertools
from datetime import date, time, timedelta

import chinese_calendar
from django.core.exceptions import ValidationError
from django.db import transaction

from deadlines import queries, rules
from deadlines.choices import Measure, State
from deadlines.models import Deadline, Shift, WorkDay
from deadlines.services.time_rules import Move, _carry_over, _moves, digest_of
from ledger.services import record
from staff import permissions
from staff.choices import Action

HOLIDAYS = {
    "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节", "National Day": "国庆节", "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}  # fmt: skip


def published_days(year: int) -> dict[date, tuple[bool, str]]:
    """Each day of a year as it was announced: (working?, 春节 / 调休上班 / empty).

    Raises ValidationError for a year that the library does not know."""
    day, days = date(year, 1, 1), {}
    try:
        while day.year == year:
            is_holiday, name = chinese_calendar.get_holiday_detail(day)
            words = HOLIDAYS.get(name or "", name or "")
            makes_up = not is_holiday and day.weekday() >= 5
            days[day] = (not is_holiday, f"{words}调休上班" if makes_up else words if is_holiday else "")
            day += timedelta(days=1)
    except NotImplementedError as error:
        raise ValidationError(f"尚无 {year} 年的节假日安排，请待公布后更新系统，或在日历页逐日设置。") from error
    return days


def _missing(year: int) -> dict[date, tuple[bool, str]]:
    """The published days of a year that the table does not have."""
    known = set(WorkDay.objects.filter(day__year=year).values_list("day", flat=True))
    return {day: value for day, value in published_days(year).items() if day not in known}


def preview_import(year: int) -> list[Move]:
    """What filling a year would do to the open clocks. Raises ValidationError for a year that nobody has published."""
    return preview_calendar({day: is_working for day, (is_working, _) in _missing(year).items()})


@transaction.atomic
def import_year(*, actor, year: int, move_running: bool = False, seen: str | None = None) -> int:
    """Fill the days of a year that the table does not have; what the firm has set stays. Returns how many were added.

    `actor` is None on the command line, where clocks that run keep their ends; on the page whoever imports has seen what
    would move (`seen`, the digest of `preview_import`) and says whether it shall."""
    if actor is not None:
        permissions.require_post(actor, Action.MANAGE_TIME_RULES)
    before = queries.working_calendar()
    moves = _held_moves({day: is_working for day, (is_working, _) in _missing(year).items()}, seen)
    rows = [WorkDay(day=day, is_working=value, note=note) for day, (value, note) in _missing(year).items()]
    for row in rows[:1]:
        WorkDay.objects.bulk_create(rows)
        record(actor=actor, action="calendar.import", subject=row,
               data={"year": year, "days": len(rows), "move_running": move_running})  # fmt: skip
    if rows and move_running:
        _carry_over(moves, actor=actor, why=f"导入 {year} 年工作日历")
    elif rows:
        _keep_steps(before)
    return len(rows)


def _held_moves(changes: dict[date, bool], seen: str | None) -> list[Move]:
    """What would move, with the clocks held until the transaction ends; raises ValidationError unless it is what was
    seen."""
    list(Deadline.objects.select_for_update(of=("self",)).open().filter(pk__in=[each.pk for each in _touched()]))
    moves = preview_calendar(changes)
    if seen is not None and digest_of(moves) != seen:
        raise ValidationError("计时中的时限在您查看之后有变化，请重新核对受影响的时限。")
    return moves


def _touched() -> list[Deadline]:
    """The open clocks whose end depends on working days."""
    by_days = Deadline.objects.open().exclude(rule__measure=Measure.CALENDAR_DAYS, rule__moves_to_working_day=False)
    return list(by_days.select_related("rule", "responsible").order_by("pk"))


def preview_calendar(changes: dict[date, bool]) -> list[Move]:
    """What changed days would do to the open clocks that count working days or move off days off."""
    return _moves(_touched(), queries.working_calendar(changes))


def _keep_steps(before: rules.Calendar) -> None:
    """What a clock has to say next stays the next, at its hour by the calendar as it is now: the ends are as they were,
    nothing is left out and nothing said twice. Called while the ledger is free, or by who holds these clocks already."""
    after = queries.working_calendar()
    speaking = Deadline.objects.filter(state=State.RUNNING, next_at__isnull=False)
    if before.opens_at == after.opens_at:
        # The steps of a limit in days go by its end and by when work begins.
        speaking = speaking.filter(rule__measure=Measure.WORKING_HOURS)
    pks = list(speaking.values_list("pk", flat=True))
    list(Deadline.objects.select_for_update().filter(pk__in=pks).values_list("pk"))
    held = list(speaking.filter(pk__in=pks).select_related("rule"))
    pauses = queries.pauses_of(held)
    for deadline in held:
        plan = deadline.plan(pauses[deadline.pk])
        steps, _ = rules.steps_between(plan, before, deadline.next_at, deadline.next_at)
        if steps:
            at = rules.by_calendar(plan, steps[0], after).at
            Deadline.objects.filter(pk=deadline.pk).update(next_at=at)


@transaction.atomic
def change_days(*, actor, days: dict[date, bool], note: str, move_running: bool, seen: str) -> int:
    """Set days to working or off. `seen` is the digest of the moves that were shown; with `move_running` the open clocks
    follow. Returns how many days changed. Raises ValidationError without a note, or when nothing would change."""
    permissions.require_post(actor, Action.MANAGE_TIME_RULES)
    if not note.strip():
        raise ValidationError({"note": "请说明调整依据，如放假通知的名称。"})
    calendar = queries.working_calendar()
    changed = {
        day: value for day, value in days.items() if not calendar.knows(day) or calendar.is_working(day) != value
    }
    if not changed:
        raise ValidationError("所选日期没有变化。")
    moves = _held_moves(changed, seen)
    rows = [WorkDay(day=day, is_working=value, note=note.strip()[:60]) for day, value in changed.items()]
    for row in rows:
        set_day, _ = WorkDay.objects.update_or_create(
            day=row.day, defaults={"is_working": row.is_working, "note": row.note}
        )
    record(actor=actor, action="calendar.change", subject=set_day,
           data={"days": {f"{day}": value for day, value in sorted(changed.items())}, "note": note.strip(),
                 "move_running": move_running, "moved": sum(each.is_moved for each in moves)})  # fmt: skip
    if move_running:
        _carry_over(moves, actor=actor, why=f"工作日历调整（{note.strip()}）")
    else:
        _keep_steps(calendar)
    return len(rows)


@transaction.atomic
def change_shifts(*, actor, shifts: list[tuple[time, time]], reason: str) -> None:
    """Set the firm's working hours for clocks started from now on; those that run keep the ends that they have, and speak
    up by the new hours."""
    permissions.require_post(actor, Action.MANAGE_TIME_RULES)
    shifts = sorted(shifts)
    if not shifts:
        raise ValidationError("请至少填写一段作业时间。")
    if not reason.strip():
        raise ValidationError({"reason": "请说明调整理由。"})
    for opens, closes in shifts:
        if opens >= closes:
            raise ValidationError("每段作业时间的下班时间须晚于上班时间。")
    for (_, closes), (opens, _) in itertools.pairwise(shifts):
        if opens < closes:
            raise ValidationError("各段作业时间不能重叠。")
    calendar, before = queries.working_calendar(), [f"{each}" for each in Shift.objects.order_by("starts_at")]
    Shift.objects.all().delete()
    rows = [Shift.objects.create(starts_at=opens, ends_at=closes) for opens, closes in shifts]
    _keep_steps(calendar)
    record(actor=actor, action="calendar.hours", subject=rows[0],
           data={"before": before, "after": [f"{each}" for each in rows], "reason": reason.strip()})  # fmt: skip
