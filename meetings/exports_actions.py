"""The action items as an Excel sheet, with the filters of the page in the head."""

from collections.abc import Iterable, Sequence

from django.utils import timezone

from meetings.models import ActionItem
from meetings.queries.minutes import owner_words
from staff.spreadsheets import spreadsheet_response

COLUMNS = [
    ("编号", 16), ("待办事项", 48), ("负责人", 24), ("完成期限", 14), ("状态", 16), ("时限", 14), ("项目编号", 16), ("项目", 32),
    ("会议编号", 16), ("会议", 28), ("完成情况", 40), ("报完成时间", 14), ("关闭时间", 14), ("关闭（取消）说明", 32),
]  # fmt: skip


def _row(row: ActionItem) -> list:
    project = row.project
    return [
        row.number, row.text, owner_words(row), row.due_on, row.get_state_display(),
        row.clock.left_words if row.clock else ("逾期" if row.is_late else ""), project.number if project else "",
        project.name if project else "（公司会议）", row.meeting.number, row.meeting.title, row.done_note,
        timezone.localdate(row.done_at) if row.done_at else None,
        timezone.localdate(row.closed_at) if row.closed_at else None, row.close_note,
    ]  # fmt: skip


def action_items_response(rows: Iterable[ActionItem], filters: Sequence[str]):
    """The items (from `queries.action_items.tell`) as an xlsx download. `filters` are words for its head."""
    note = "筛选条件：" + ("；".join(filters) or "无")
    return spreadsheet_response("会议待办", COLUMNS, map(_row, rows), notes=["会议待办", note])
