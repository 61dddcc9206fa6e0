"""Windows and limits of sign-in, receipts and objections, as pure functions: no clock, no ORM."""

from datetime import date, datetime, timedelta

# Signing in, by oneself or by phone: from an hour before the meeting until two hours after its end.
SIGN_IN_BEFORE = timedelta(hours=1)
SIGN_IN_AFTER = timedelta(hours=2)
# A link to receive minutes is good for so long; a reminder renews it.
RECEIPT_LINK = timedelta(days=30)
# 公司自定：收到会议纪要后 5 个工作日内可以提出异议，逾期视为无异议。In working days after the issue.
OBJECTION_DAYS = 5
# Who has not received is reminded every so many working days, at most so often by the system.
REMIND_EVERY = 3
MOST_REMINDERS = 5


def sign_in_opens(starts_at: datetime) -> datetime:
    return starts_at - SIGN_IN_BEFORE


def sign_in_ends(ends_at: datetime) -> datetime:
    return ends_at + SIGN_IN_AFTER


def working_day_after(day: date, days: int, calendar) -> date:
    """The working day that lies `days` working days after `day`, which is not counted itself."""
    while days:
        day += timedelta(days=1)
        days -= calendar.is_working(day)
    return day


def may_object(until: date, today: date) -> bool:
    """Whether an objection is in time: the last day is included."""
    return today <= until


def is_reminder_due(last: datetime, reminders: int, today: date, calendar) -> bool:
    """Whether the system reminds again: `last` is when it was sent or reminded of, in local time."""
    if reminders >= MOST_REMINDERS:
        return False
    return working_day_after(last.date(), REMIND_EVERY, calendar) <= today


def supplement_number(number: str, count: int) -> str:
    """JY-2026-0001-B1 for the first supplement (补充纪要)."""
    return f"{number}-B{count}"
