"""Excel exports of the library, with the filters of the page in the head."""

from collections.abc import Iterable, Sequence

from django.utils import timezone

from lessons.queries.checklists import MISSED_RULE, Line
from lessons.queries.examples import Example
from lessons.queries.library import Library
from reviews.choices import RemarkCategory
from staff.spreadsheets import spreadsheet_response

FORMULA = "次数为已发出的校审意见与已出具书面意见的检查问题之和；影响金额按绝对值合计；时间按提出时间。"


def _notes(title: str, filters: Sequence[str], *more: str) -> list[str]:
    return [title, "筛选条件：" + ("；".join(filters) or "无"), *more]


def library_response(found: Library, filters: Sequence[str]):
    """The table of categories with the figures of each period."""
    columns = [("类别", 28), ("次数", 10), ("占比（%）", 10), ("校审意见", 10), ("检查问题", 10), ("涉及项目", 10),
               ("影响金额（元）", 18), ("上年同期", 10), *((label, 10) for label in found.trend.labels)]  # fmt: skip
    rows = [
        [row.category.label, row.figures.times, row.share, row.figures.remarks, row.figures.findings,
         row.figures.projects, row.figures.amount, row.trend.compared, *row.trend.counts]
        for row in found.rows
    ]  # fmt: skip
    return spreadsheet_response("错误库", columns, rows, notes=_notes("错误库：按类别", filters, FORMULA))


def examples_response(title: str, rows: Iterable[Example], filters: Sequence[str], notes: Sequence[str]):
    """The examples that the person may read, without names."""
    columns = [("提出日期", 12), ("来源", 10), ("级别", 12), ("严重程度", 10), ("问题", 80), ("扣分细则", 30),
               ("影响金额（元）", 18), ("项目编号", 18), ("出处", 36)]  # fmt: skip
    body = [
        [timezone.localdate(row.at), "检查问题" if row.is_finding else "校审意见", row.level, row.severity, row.words,
         row.deduction, row.amount, row.project.number if row.project else "", row.number]
        for row in rows
    ]  # fmt: skip
    return spreadsheet_response(f"错误库-{title}", columns, body, notes=_notes(f"错误库：{title}", filters, *notes))


def lines_response(rows: Iterable[Line], filters: Sequence[str]):
    """The lines of the checklists with how they fared, and how often something spoke against them in each period."""
    rows = list(rows)
    periods = rows[0].trend.labels if rows else ()
    columns = [("审签路线", 34), ("级别", 10), ("核查内容", 70), ("涵盖类别", 24), ("回答", 8), ("答“否”", 8),
               ("漏检", 8), ("合计", 8), ("占比（%）", 10), ("涉及项目", 10), *((label, 8) for label in periods)]  # fmt: skip
    body = [
        [row.level.route.title, row.level.title, row.text,
         "、".join(RemarkCategory(code).label for code in row.categories), row.answered, row.refused, row.missed,
         row.hits, row.share, row.projects, *row.trend.counts]
        for row in rows
    ]  # fmt: skip
    return spreadsheet_response(
        "错误库-核查清单条目", columns, body, notes=_notes("错误库：按核查清单条目", filters, MISSED_RULE)
    )
