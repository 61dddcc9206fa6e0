"""Excel exports: what a list shows, with the filters of its page. Every text stays text, whatever it begins with."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from urllib.parse import quote

import xlsxwriter
from django.http import HttpResponse

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def spreadsheet(columns: Sequence[tuple[str, int]], rows: Iterable[Sequence], notes: Sequence[str] = ()) -> bytes:
    """An xlsx of one sheet. `columns` are (title, width in characters), `notes` lines above them (title, filters).

    Whole figures, amounts (Decimal) and dates stay what they are; all else becomes text. Text beginning with = + - @ is
    written as text, never as a formula; links are not made from it either."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet("清单")
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        formats = {
            Decimal: book.add_format({"num_format": "#,##0.00"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for line, note in enumerate(notes):
            sheet.write_string(line, 0, note)
        top = len(notes)
        for index, (title, width) in enumerate(columns):
            sheet.set_column(index, index, width)
            sheet.write_string(top, index, title, head)
        last = top
        for last, row in enumerate(rows, start=top + 1):
            for index, value in enumerate(row):
                _write(sheet, last, index, value, formats)
        sheet.freeze_panes(top + 1, 0)
        sheet.autofilter(top, 0, last, len(columns) - 1)
    return buffer.getvalue()


def _write(sheet, row: int, column: int, value, formats: dict) -> None:
    if isinstance(value, Decimal):
        sheet.write_number(row, column, value, formats[Decimal])
    elif isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(row, column, value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        sheet.write_datetime(row, column, value, formats[date])
    elif value not in (None, ""):
        sheet.write_string(row, column, str(value))


def spreadsheet_response(
    filename: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence], notes: Sequence[str] = ()
) -> HttpResponse:
    """The same as a download named `filename`.xlsx."""
    response = HttpResponse(spreadsheet(columns, rows, notes), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}.xlsx"
    return response
