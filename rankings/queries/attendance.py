"""Reads of the attendance records (考勤与纪律): the list, one's own, those of a year for its settlement."""

from rankings.choices import SettlementState
from rankings.models import Attendance, Settlement
from staff.choices import Action

READERS = (Action.RECORD_ATTENDANCE, Action.READ_SETTLEMENT)


def reads_all(user) -> bool:
    """Whether `user` reads the records of others."""
    return any(user.may(action) for action in READERS)


def attendance_rows():
    """All records, withdrawn ones too, with what a line shows."""
    return Attendance.objects.select_related("person__unit", "rule", "recorded_by", "withdrawn_by")


def own_attendance(user):
    """What is on record for `user`, the latest first; withdrawn ones too, for they may have been told of them."""
    return attendance_rows().filter(person=user)


def attendance_of(year: int):
    """What counts in the settlement of `year`. Amounts by `queries.policies.rules_by_line(policy)[record.rule.line]`."""
    return attendance_rows().standing().filter(happened_on__year=year).order_by("happened_on", "pk")


def is_settled(year: int) -> bool:
    """Whether a settlement of `year` stands (公示申诉中 or 已批准): then its records are closed."""
    standing = Settlement.objects.exclude(state=SettlementState.WITHDRAWN)
    return standing.filter(ranking__year=year).exists()


def settled_years() -> set[int]:
    """The years whose records are closed."""
    standing = Settlement.objects.exclude(state=SettlementState.WITHDRAWN)
    return set(standing.values_list("ranking__year", flat=True))


def years() -> list[int]:
    """The years with records, the latest first."""
    return [day.year for day in Attendance.objects.dates("happened_on", "year", order="DESC")]
