"""Putting attendance and discipline (考勤与纪律) on record, and withdrawing it. [S] 综合考核制度: 所罚金额直接从奖金扣除."""

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from ledger.services import record as put_on_record
from notices.choices import Kind
from notices.services import notify
from rankings.choices import Cause
from rankings.models import Amount, Attendance, Policy, Ranking
from rankings.queries.attendance import is_settled
from staff import permissions
from staff.choices import Action
from staff.models import User

# Where everybody reads what is on record about them (我的奖惩).
OWN_PAGE = "/awards/mine/"
MOST = 31


@transaction.atomic
def record(*, actor, person: User, rule: Amount, happened_on: date, count: int = 1, note: str = "") -> Attendance:
    """Put on record that `person` comes under `rule` (an attendance rule of the policy in force), `count` times or days; tell
    the person.

    Raises PermissionDenied for one's own record; ValidationError for a day to come, a year that is settled, a rule that is not
    in force, and for the same rule on the same day again."""
    permissions.require_post(actor, Action.RECORD_ATTENDANCE)
    if person.pk == actor.pk:
        raise PermissionDenied("不能登记本人的考勤与纪律记录。")
    _require_rule(rule)
    if happened_on > timezone.localdate():
        raise ValidationError({"happened_on": "日期不能晚于今天。"})
    if not 1 <= count <= MOST:
        raise ValidationError({"count": f"次（天）数应在 1 至 {MOST} 之间。"})
    _require_open(happened_on.year, "happened_on")
    # Of two who record the same at once the second waits for the first, and then finds it.
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    same = Attendance.objects.standing().filter(person=person, rule__line=rule.line, happened_on=happened_on)
    if same.exists():
        raise ValidationError("该人员当日的同一条款已经登记，没有重复登记。")
    row = Attendance(
        person=person, rule=rule, happened_on=happened_on, count=count, note=note.strip(), recorded_by=actor,
        recorded_at=timezone.now(),
    )  # fmt: skip
    row.full_clean()
    row.save(force_insert=True)
    put_on_record(actor=actor, action="attendance.record", subject=row, data=facts(row))
    _tell(row, "登记考勤与纪律", row.note)
    return row


@transaction.atomic
def withdraw(*, actor, attendance: Attendance, reason: str) -> Attendance:
    """Withdraw a record, with the reason; what was recorded stays. Tells the person.

    Raises PermissionDenied for one's own record; ValidationError without a reason, in a year that is settled, and when it is
    withdrawn already (code “overtaken”)."""
    permissions.require_post(actor, Action.RECORD_ATTENDANCE)
    if attendance.person_id == actor.pk:
        raise PermissionDenied("不能撤销本人的考勤与纪律记录。")
    if not (reason := reason.strip()):
        raise ValidationError({"reason": "请填写撤销理由。"})
    _require_open(attendance.happened_on.year)
    found = Attendance.objects.standing().filter(pk=attendance.pk)
    if not found.update(withdrawn_by=actor, withdrawn_at=timezone.now(), withdrawal=reason):
        raise ValidationError("该记录已由他人撤销。", code="overtaken")
    attendance.refresh_from_db()
    put_on_record(
        actor=actor, action="attendance.withdraw", subject=attendance, data={**facts(attendance), "reason": reason}
    )
    _tell(attendance, "撤销考勤与纪律记录", reason)
    return attendance


def facts(row: Attendance) -> dict:
    """What is on record, for the ledger and its verification."""
    return {
        "person": row.person_id, "rule": row.rule_id, "line": row.rule.line, "text": row.rule.text,
        "happened_on": row.happened_on, "count": row.count, "note": row.note,
    }  # fmt: skip


def _require_rule(rule: Amount) -> None:
    current = Policy.objects.in_force()
    if rule.cause != Cause.ATTENDANCE or current is None or rule.policy_id != current.pk:
        raise ValidationError({"rule": "该条款不属于现行奖惩标准的考勤与纪律条款，请重新选择。"})


def _require_open(year: int, field: str = "") -> None:
    """Raise ValidationError where a settlement of `year` stands. Whoever settles holds the ranking of the year: of a record
    and a settlement at once one waits for the other."""
    list(Ranking.objects.select_for_update(no_key=True).filter(year=year).values_list("pk"))
    if is_settled(year):
        words = f"{year} 年度奖惩结算已提出，该年度的考勤与纪律记录不能再登记或撤销。"
        raise ValidationError({field: words} if field else words)


def _tell(row: Attendance, title: str, body: str) -> None:
    notify(
        recipients=[row.person], kind=Kind.RESULTS, title=f"{title}：{row.happened_on:%Y-%m-%d} {row.rule.text}",
        body=body, url=OWN_PAGE, is_confidential=True,
    )  # fmt: skip
