"""Excel exports of inspections and of what they conclude for each unit, with the filters of the page in the head."""

from collections.abc import Iterable, Sequence

from django.utils import timezone

from inspections.models import Inspection
from inspections.queries.units import UnitRow
from inspections.rules import UNIT_RULE
from staff.spreadsheets import spreadsheet_response

COLUMNS = [
    ("检查编号", 16), ("检查方式", 12), ("年度", 8), ("检查计划", 28), ("项目编号", 16), ("被检项目", 36), ("单位", 16),
    ("计划检查日期", 14), ("检查组长", 12), ("检查人员", 20), ("状态", 12), ("得分", 10), ("等级", 10), ("一票否决", 10),
    ("整改到期", 14), ("整改时限", 14), ("关闭日期", 14),
]  # fmt: skip


def _row(row: Inspection) -> list:
    people = list(row.inspectors.all())
    project, score, clock = row.project, row.score, row.clock
    return [
        row.number, row.get_kind_display(), row.year, row.plan.title if row.plan else "",
        project.number if project else "", project.name if project else "（单位检查）", row.unit.name, row.planned_on,
        "、".join(each.user.name for each in people if each.is_lead),
        "、".join(each.user.name for each in people if not each.is_lead), row.get_state_display(),
        score.total if score else None, score.grade if score else "", "是" if score and score.is_vetoed else "",
        clock.due_on if clock else None, clock.left_words if clock else "",
        timezone.localdate(row.closed_at) if row.closed_at else None,
    ]  # fmt: skip


def inspections_response(rows: Iterable[Inspection], filters: Sequence[str]):
    """The inspections (from `queries.inspections.tell_clocks`) as an xlsx download. `filters` are words for its head."""
    note = "筛选条件：" + ("；".join(filters) or "无")
    return spreadsheet_response("检查清单", COLUMNS, map(_row, rows), notes=["检查清单", note])


UNIT_COLUMNS = [
    ("单位代码", 12), ("单位", 20), ("检查结论（分）", 14), ("等级", 10), ("最低得分项目", 44), ("平均得分", 12), ("检查项目（次）", 14),
    ("单位检查（分）", 14), ("单位检查等级", 14), ("单位检查编号", 16),
]  # fmt: skip


def _unit_row(row: UnitRow) -> list:
    found, own = row.conclusion, row.latest_own
    return [
        row.unit.code, row.unit.name, found.total if found else "无数据", found.grade if found else "",
        "；".join(f"{each.project.number} {each.project.name}" for each in row.set_by), found.mean if found else None,
        found.count if found else 0, own.score_sheet.total if own else None, own.score_sheet.grade if own else "",
        own.number if own else "",
    ]  # fmt: skip


def units_response(rows: Iterable[UnitRow], filters: Sequence[str]):
    """The conclusions (from `queries.units.unit_rows`) as an xlsx download, with the rule they follow."""
    note = "筛选条件：" + ("；".join(filters) or "无")
    return spreadsheet_response(
        "单位检查结论", UNIT_COLUMNS, map(_unit_row, rows), notes=["单位检查结论", UNIT_RULE, note]
    )
