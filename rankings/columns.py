"""The columns of each board beside place, name, score and grade: one table for the page, the paper and the export. Pure."""

from decimal import Decimal
from typing import NamedTuple

from rankings.choices import PEOPLE_BOARDS, Board
from reviews.choices import Severity

SUBJECT = {Board.PROJECT: "项目", Board.UNIT: "单位", **dict.fromkeys(PEOPLE_BOARDS, "姓名")}


class Column(NamedTuple):
    """`width` in characters, for the spreadsheet; `is_figure`: right-aligned; `short`: the title where room is scarce; `is_shown`:
    has a column of its own on the page and on paper."""

    title: str
    width: int
    is_figure: bool = True
    short: str = ""
    is_shown: bool = True


SET_BY = "定分检查"
_PERSON = (Column("签署份数", 10), Column("漏检 一般/严重/重大", 20, short="漏检（条）"), Column("加权漏检数", 12))
COLUMNS: dict[Board, tuple[Column, ...]] = {
    Board.PROJECT: (
        Column("最低项得分率（%）", 18, short="最低项得分率"), Column("问题（条）", 12), Column("整改回复", 12, False),
        Column("问题严重", 12, False, is_shown=False),
        Column("检查次数", 10), Column(SET_BY, 20, False),
    ),
    Board.UNIT: (
        Column("平均得分", 10), Column("最低得分项目", 40, False), Column("问题合计（条）", 16), Column("被检项目（个）", 16),
    ),
    **dict.fromkeys(PEOPLE_BOARDS, _PERSON),
}  # fmt: skip


def pairs(board: Board, line) -> list[tuple[Column, object]]:
    """All columns with their values."""
    return list(zip(COLUMNS[board], cells(board, line), strict=True))


def shown(board: Board, line) -> list[tuple[Column, object]]:
    """The columns of the page with their values."""
    return [(column, value) for column, value in pairs(board, line) if column.is_shown]


def cells(board: Board, line) -> list:
    """The values of COLUMNS for a line (`queries.frozen.Line`, `rules.Placed`): Decimal, whole number or text; None: 无数据."""
    facts = line.facts
    if board == Board.PROJECT:
        return _project(facts, line.sample)
    if board == Board.UNIT:
        return [_decimal(facts.get("mean")), lowest_words(facts), facts.get("findings"), line.sample]
    missed = facts.get("missed", {})
    return [line.sample, " / ".join(str(missed.get(each.value, 0)) for each in Severity), facts.get("weighted", 0)]


def _project(facts, sample: int) -> list:
    if "lowest_share" not in facts:
        return [None, None, "", "", sample, ""]
    on_time = "按时" if facts["on_time"] else "逾期"
    grave = "是" if facts["serious"] else "否"
    return [_decimal(facts["lowest_share"]), facts["findings"], on_time, grave, sample, facts["set_by"]]


def _decimal(value) -> Decimal | None:
    return None if value is None else Decimal(value)


def lowest_words(facts) -> str:
    """The projects that set the score of a unit: 甲、乙、丙 等 5 个."""
    names = [name for _, name in facts.get("lowest", [])]
    more = facts.get("lowest_count", 0) > len(names)
    return "、".join(names) + (f" 等 {facts['lowest_count']} 个" if more else "")
