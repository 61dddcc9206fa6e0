"""Excel of the settlement for payroll, and of the notes for promotion."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from django.utils import timezone

from rankings.awards import signed
from rankings.models import Award, PromotionNote, Settlement
from staff.spreadsheets import spreadsheet_response

COLUMNS = [
    ("工号", 12), ("姓名", 12), ("单位", 20), ("类别", 8), ("事由", 22), ("说明", 60), ("公示金额（元）", 16), ("申诉处理", 12),
    ("最终金额（元）", 16), ("本人合计（元）", 16),
]  # fmt: skip


def payroll_response(settlement: Settlement, awards: Iterable[Award]):
    """One row for each line, by person, a penalty below zero; the last line of each person has their sum, the last row that of
    all. The head tells whether it is final."""
    rows = sorted(awards, key=lambda award: (award.person.employee_number, award.pk))
    state = (
        f"{settlement.approved_by.name} 于 {timezone.localtime(settlement.approved_at):%Y-%m-%d %H:%M} 批准"
        if settlement.is_approved
        else f"{settlement.get_state_display()}，尚未批准，不能据以发放或扣款"
    )
    notes = [f"{settlement}，依据{settlement.policy}", f"状态：{state}。摘要 {settlement.digest}"]
    posted = sum((signed(row.kind, row.amount) for row in rows), Decimal(0))
    final = sum((row.signed for row in rows), Decimal(0))
    last = ["合计", "", "", "", "", f"{len(rows)} 笔", posted, "", final, final]
    lines = [line for _, mine in groupby(rows, lambda award: award.person_id) for line in _lines_of_one(list(mine))]
    return spreadsheet_response(str(settlement), COLUMNS, [*lines, last], notes=notes)


def _lines_of_one(awards: list[Award]) -> list[list]:
    whole = sum((award.signed for award in awards), Decimal(0))
    return [[*_row(award), whole if award is awards[-1] else None] for award in awards]


def _row(award: Award) -> list:
    appeal = award.standing_appeal
    return [
        award.person.employee_number, award.person.name, award.unit_name, award.get_kind_display(),
        award.get_cause_display(), award.text, signed(award.kind, award.amount),
        (appeal.get_outcome_display() if appeal.outcome else "待处理") if appeal else "", award.signed,
    ]  # fmt: skip


NOTE_COLUMNS = [("工号", 12), ("姓名", 12), ("单位", 20), ("年度", 8), ("业绩", 80), ("登记日期", 12)]


def notes_response(notes: Iterable[PromotionNote]):
    rows = [
        [row.person.employee_number, row.person.name, row.person.unit.name, row.ranking.year, row.text,
         timezone.localdate(row.noted_at)]
        for row in notes
    ]  # fmt: skip
    return spreadsheet_response("晋升参考业绩", NOTE_COLUMNS, rows, notes=["晋升参考业绩"])
