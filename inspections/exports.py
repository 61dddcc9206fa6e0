"""Excel export of inspections, with the filters of the page in its head."""

from collections.abc import Iterable, Sequence

from django.utils import timezone

from inspections.models import Inspection
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
