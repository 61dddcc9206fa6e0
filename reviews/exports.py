"""Excel export of deliverables, with the filters of the page in its head."""

from collections.abc import Iterable, Sequence

from projects.models import Deliverable
from staff.spreadsheets import spreadsheet_response

COLUMNS = [
    ("成果编号", 20), ("成果名称", 36), ("成果类别", 16), ("专业", 10), ("项目编号", 16), ("项目名称", 36), ("承办单位", 16),
    ("编制人", 12), ("状态", 12), ("当前环节", 12), ("当前处理人", 16), ("轮次", 8), ("计划完成", 12),
]  # fmt: skip


def _row(deliverable: Deliverable) -> list:
    round = deliverable.current[0]
    return [
        deliverable.number, deliverable.title, deliverable.get_kind_display(), deliverable.discipline.name,
        deliverable.project.number, deliverable.project.name, deliverable.project.unit.name,
        deliverable.preparer.name, round.get_state_display(), round.level.title,
        "、".join(row.user.name for row in round.waitings.all()), round.number, deliverable.due_on,
    ]  # fmt: skip


def deliverables_response(rows: Iterable[Deliverable], filters: Sequence[str]):
    """The deliverables (from `queries.deliverable_rows`) as an xlsx download. `filters` are words for its head."""
    note = "筛选条件：" + ("；".join(filters) or "无")
    return spreadsheet_response("成果文件清单", COLUMNS, map(_row, rows), notes=["成果文件清单", note])
