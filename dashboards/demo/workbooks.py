"""Real workbooks of the figures in a `Book`: formulas with their results, print set-up, the same bytes each time."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_rowcol_to_cell as cell

from dashboards.demo.books import CENT, FEE_RATE, MEASURES, TAX_RATE, Book, Line, Summary, cents

MADE_AT = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001 — a property of the file, not an instant of ours
FIRST_ROW = 3  # of the detail sheets, counted from 0: title, project, head


class Shape(Enum):
    """What kind of workbook a deliverable has, and the name of its detail sheet."""

    COMPARISON = "分部分项工程审核对比表"
    PRICED = "分部分项工程量清单计价表"
    BILL = "分部分项工程量清单"
    BIDS = "投标报价对比表"


LEAD = [("序号", 6), ("项目编码", 15), ("项目名称", 20), ("项目特征", 34), ("单位", 6)]
COLUMNS = {
    Shape.COMPARISON: [
        *LEAD, ("送审工程量", 12), ("送审综合单价", 12), ("送审合价", 15), ("审定工程量", 12), ("审定综合单价", 12),
        ("审定合价", 15), ("核增减金额", 14), ("核减原因", 32),
    ],
    Shape.PRICED: [*LEAD, ("工程量", 12), ("综合单价", 12), ("合价", 15)],
    Shape.BILL: [*LEAD, ("工程量", 12), ("备注", 24)],
    Shape.BIDS: [
        *LEAD, ("工程量", 12), ("投标人 A 单价", 13), ("投标人 B 单价", 13), ("投标人 C 单价", 13), ("平均单价", 12),
        ("最高偏差", 10), ("分析", 26),
    ],
}  # fmt: skip
NOTES = [
    "本成果依据咨询合同和经批准的实施方案编制，范围与合同一致。",
    "依据：施工图（竣工图）、设计变更、现场签证、合同及补充协议、现行计价文件和工程造价信息。",
    "工程量按现行计量规范计算，计算底稿和上机结果已归档。",
    "金额以元为单位，合价保留两位小数；汇总表与分部分项表、措施项目表由公式连接。",
    "材料价格按施工期（编制期）工程造价信息，信息价缺项的按不少于三家询价。",
    "需要说明的事项已列入校审记录和流程单。",
]
# Columns that a section adds up.
SUMS = {Shape.COMPARISON: (7, 10, 11), Shape.PRICED: (7,), Shape.BILL: (), Shape.BIDS: ()}


def rows_of(book: Book) -> dict[int, int]:
    """Index of a line in the book → row of the detail sheet as Excel counts it, for the places of remarks."""
    rows, row, section = {}, FIRST_ROW, None
    for index, line in enumerate(book.lines):
        if line.section != section:
            row += 1 if section is None else 2  # the head of this section, the subtotal of the one before
            section = line.section
        rows[index] = row + 1
        row += 1
    return rows


def write(book: Book, shape: Shape, title: str) -> bytes:
    """An .xlsx with the detail sheet of `shape`, the notes and, where there are amounts, measures and summary."""
    buffer = BytesIO()
    workbook = Workbook(buffer, {"in_memory": True})
    workbook.set_properties({"title": title, "created": MADE_AT})
    styles = _styles(workbook)
    if shape in (Shape.COMPARISON, Shape.PRICED):
        _write_summary(workbook, styles, book, shape, title)
    _write_detail(workbook, styles, book, shape, title)
    if shape in (Shape.COMPARISON, Shape.PRICED):
        _write_measures(workbook, styles, book, shape, title)
    _write_notes(workbook, styles, title)
    workbook.close()
    return buffer.getvalue()


def _styles(workbook: Workbook) -> dict:
    base = {"font_name": "宋体", "font_size": 10, "border": 1, "valign": "vcenter"}
    looks = {
        "title": {"font_name": "黑体", "font_size": 16, "align": "center", "valign": "vcenter"},
        "note": {"font_name": "宋体", "font_size": 10},
        "head": {**base, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#E8EDF3"},
        "text": {**base, "text_wrap": True},
        "middle": {**base, "align": "center"},
        "money": {**base, "num_format": "#,##0.00"},
        "quantity": {**base, "num_format": "#,##0.00#"},
        "percent": {**base, "num_format": "0.00%"},
        "section": {**base, "bold": True, "bg_color": "#F5F7FA"},
        "total": {**base, "bold": True, "num_format": "#,##0.00", "bg_color": "#F5F7FA"},
    }
    return {name: workbook.add_format(look) for name, look in looks.items()}


def _page(workbook: Workbook, styles: dict, name: str, columns: list, title: str, head_row: int = 2):
    """A sheet with its title, the project's name and a head that stays, printed A4 across with page numbers."""
    sheet = workbook.add_worksheet(name)
    last = len(columns) - 1
    sheet.merge_range(0, 0, 0, last, name, styles["title"])
    sheet.set_row(0, 30)
    sheet.write_string(1, 0, f"工程名称：{title}", styles["note"])
    sheet.write_string(1, last, "金额单位：元", styles["note"])
    for column, (label, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(head_row, column, label, styles["head"])
    sheet.freeze_panes(head_row + 1, 3 if last > 6 else 0)
    sheet.repeat_rows(0, head_row)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C第 &P 页 共 &N 页")
    return sheet


# ── Detail ──────────────────────────────────────────────────────────────────
def _write_detail(workbook: Workbook, styles: dict, book: Book, shape: Shape, title: str) -> None:
    columns = COLUMNS[shape]
    sheet = _page(workbook, styles, shape.value, columns, title)
    row, number = FIRST_ROW, 0
    subtotals: list[int] = []
    for section, lines in book.sections.items():
        sheet.merge_range(row, 0, row, len(columns) - 1, section, styles["section"])
        first = row = row + 1
        for line in lines:
            number += 1
            _write_lead(sheet, styles, row, number, line)
            WRITERS[shape](sheet, styles, row, line)
            row += 1
        if SUMS[shape]:
            _write_subtotal(sheet, styles, row, first, section, lines, shape)
            subtotals.append(row)
        else:
            sheet.write_string(row, 0, f"{section}共 {len(lines)} 项", styles["note"])
        row += 1
    if subtotals:
        _write_grand_total(sheet, styles, row, subtotals, book, shape)


def _write_lead(sheet, styles: dict, row: int, number: int, line: Line) -> None:
    sheet.write_number(row, 0, number, styles["middle"])
    for column, value in enumerate((line.code, line.name, line.feature), start=1):
        sheet.write_string(row, column, value, styles["text"])
    sheet.write_string(row, 4, line.unit, styles["middle"])


def _write_product(sheet, styles: dict, row: int, column: int, result: Decimal) -> None:
    """合价: the two cells before, multiplied and rounded to the cent."""
    formula = f"=ROUND({cell(row, column - 2)}*{cell(row, column - 1)},2)"
    sheet.write_formula(row, column, formula, styles["money"], float(result))


def _write_comparison(sheet, styles: dict, row: int, line: Line) -> None:
    for column, quantity, price, total in (
        (5, line.quantity, line.price, line.total),
        (8, line.settled_quantity, line.settled_price, line.settled_total),
    ):
        sheet.write_number(row, column, float(quantity), styles["quantity"])
        sheet.write_number(row, column + 1, float(price), styles["money"])
        _write_product(sheet, styles, row, column + 2, total)
    sheet.write_formula(row, 11, f"={cell(row, 10)}-{cell(row, 7)}", styles["money"], float(line.difference))
    sheet.write_string(row, 12, line.reason if line.difference else "", styles["text"])


def _write_priced(sheet, styles: dict, row: int, line: Line) -> None:
    sheet.write_number(row, 5, float(line.settled_quantity), styles["quantity"])
    sheet.write_number(row, 6, float(line.settled_price), styles["money"])
    _write_product(sheet, styles, row, 7, line.settled_total)


def _write_bill(sheet, styles: dict, row: int, line: Line) -> None:
    sheet.write_number(row, 5, float(line.settled_quantity), styles["quantity"])
    sheet.write_string(row, 6, "", styles["text"])


def _write_bids(sheet, styles: dict, row: int, line: Line) -> None:
    """Three bidders around the settled price, so that the analysis has something to say."""
    turn = row % 7
    factors = (("0.964", "1.018", "1.002"), ("1.146", "0.982", "0.957"))[turn == 0]
    prices = [cents(line.settled_price * Decimal(factor)) for factor in factors]
    average = cents(sum(prices, Decimal(0)) / 3)
    deviation = (max(prices) - average) / average
    sheet.write_number(row, 5, float(line.settled_quantity), styles["quantity"])
    for column, price in enumerate(prices, start=6):
        sheet.write_number(row, column, float(price), styles["money"])
    span = f"{cell(row, 6)}:{cell(row, 8)}"
    sheet.write_formula(row, 9, f"=ROUND(AVERAGE({span}),2)", styles["money"], float(average))
    formula = f"=(MAX({span})-{cell(row, 9)})/{cell(row, 9)}"
    sheet.write_formula(row, 10, formula, styles["percent"], float(deviation))
    sheet.write_string(row, 11, "高于平均 10% 以上，建议询标澄清" if turn == 0 else "报价合理", styles["text"])


WRITERS = {
    Shape.COMPARISON: _write_comparison,
    Shape.PRICED: _write_priced,
    Shape.BILL: _write_bill,
    Shape.BIDS: _write_bids,
}


def _figures(lines: list[Line], shape: Shape) -> list[Decimal]:
    """What the summed columns of `shape` come to over `lines`."""
    settled = sum((line.settled_total for line in lines), Decimal(0))
    if shape is Shape.PRICED:
        return [settled]
    submitted = sum((line.total for line in lines), Decimal(0))
    return [submitted, settled, settled - submitted]


def _write_total_row(sheet, styles: dict, row: int, label: str, shape: Shape) -> None:
    for column in range(len(COLUMNS[shape])):
        sheet.write_blank(row, column, None, styles["total"])
    sheet.write_string(row, 2, label, styles["total"])


def _write_subtotal(sheet, styles: dict, row: int, first: int, section: str, lines, shape: Shape) -> None:
    _write_total_row(sheet, styles, row, f"{section}小计", shape)
    for column, value in zip(SUMS[shape], _figures(lines, shape), strict=True):
        formula = f"=SUM({cell(first, column)}:{cell(row - 1, column)})"
        sheet.write_formula(row, column, formula, styles["total"], float(value))


def _write_grand_total(sheet, styles: dict, row: int, subtotals: list[int], book: Book, shape: Shape) -> None:
    _write_total_row(sheet, styles, row, "分部分项工程费合计", shape)
    for column, value in zip(SUMS[shape], _figures(list(book.lines), shape), strict=True):
        formula = "=" + "+".join(cell(part, column) for part in subtotals)
        sheet.write_formula(row, column, formula, styles["total"], float(value))


# ── Measures and summary ────────────────────────────────────────────────────
def _sides(book: Book, shape: Shape) -> list[Summary]:
    return [book.submitted, book.settled] if shape is Shape.COMPARISON else [book.settled]


def _amount_columns(shape: Shape) -> list[tuple[str, int]]:
    names = ("送审金额", "审定金额", "核增减金额") if shape is Shape.COMPARISON else ("金额",)
    return [(name, 18) for name in names]


def _write_amounts(sheet, style, row: int, column: int, amounts: list[Decimal]) -> None:
    """The amounts of one row; with two sides also their difference."""
    for offset, amount in enumerate(amounts):
        sheet.write_number(row, column + offset, float(amount), style)
    if len(amounts) == 2:
        formula = f"={cell(row, column + 1)}-{cell(row, column)}"
        sheet.write_formula(row, column + 2, formula, style, float(amounts[1] - amounts[0]))


def _write_measures(workbook: Workbook, styles: dict, book: Book, shape: Shape, title: str) -> None:
    columns = [("序号", 6), ("措施及其他项目", 30), ("计算基数", 22), ("费率（%）", 10), *_amount_columns(shape)]
    sheet = _page(workbook, styles, "措施项目及其他项目费", columns, title)
    sides = _sides(book, shape)
    for index, (name, rate) in enumerate(MEASURES):
        row = FIRST_ROW + index
        sheet.write_number(row, 0, index + 1, styles["middle"])
        sheet.write_string(row, 1, name, styles["text"])
        sheet.write_string(row, 2, "分部分项工程费", styles["text"])
        sheet.write_number(row, 3, float(rate), styles["quantity"])
        _write_amounts(sheet, styles["money"], row, 4, [side.measures[index] for side in sides])
    row = FIRST_ROW + len(MEASURES)
    sheet.write_number(row, 0, len(MEASURES) + 1, styles["middle"])
    sheet.write_string(row, 1, "现场签证及其他项目费", styles["text"])
    sheet.write_string(row, 2, "按签证单逐项计算", styles["text"])
    sheet.write_blank(row, 3, None, styles["text"])
    _write_amounts(sheet, styles["money"], row, 4, [side.other for side in sides])


def _write_summary(workbook: Workbook, styles: dict, book: Book, shape: Shape, title: str) -> None:
    name = "结算审核汇总表" if shape is Shape.COMPARISON else "单位工程费用汇总表"
    columns = [("序号", 6), ("费用名称", 30), ("计算方法", 34), *_amount_columns(shape)]
    sheet = _page(workbook, styles, name, columns, title)
    fee, tax = (f"{(rate * 100).quantize(CENT)}%" for rate in (FEE_RATE, TAX_RATE))
    parts = [
        ("分部分项工程费", "见分部分项表", "works"),
        ("措施项目费", "见措施项目表", "measures_total"),
        ("其他项目费", "现场签证等", "other"),
        ("规费", f"（1＋2＋3）× {fee}", "fees"),
        ("税金", f"（1＋2＋3＋4）× {tax}", "tax"),
    ]
    sides = _sides(book, shape)
    for number, (label, method, attribute) in enumerate(parts, start=1):
        row = FIRST_ROW + number - 1
        sheet.write_number(row, 0, number, styles["middle"])
        sheet.write_string(row, 1, label, styles["text"])
        sheet.write_string(row, 2, method, styles["text"])
        _write_amounts(sheet, styles["money"], row, 3, [getattr(side, attribute) for side in sides])
    row = FIRST_ROW + len(parts)
    for column, label in enumerate(("", "合计", "1＋2＋3＋4＋5")):
        sheet.write_string(row, column, label, styles["total"])
    totals = [side.total for side in sides]
    figures = [*totals, totals[1] - totals[0]] if len(totals) == 2 else totals
    for column, value in enumerate(figures, start=3):
        formula = f"=SUM({cell(FIRST_ROW, column)}:{cell(row - 1, column)})"
        sheet.write_formula(row, column, formula, styles["total"], float(value))


def _write_notes(workbook: Workbook, styles: dict, title: str) -> None:
    sheet = _page(workbook, styles, "编制说明", [("序号", 6), ("说明", 96)], title)
    for number, text in enumerate(NOTES, start=1):
        sheet.write_number(FIRST_ROW + number - 1, 0, number, styles["middle"])
        sheet.write_string(FIRST_ROW + number - 1, 1, text, styles["text"])
