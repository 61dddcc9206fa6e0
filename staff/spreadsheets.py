"""Excel exports: what a list shows, with the filters of its page. Every text stays text, whatever it begins with."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from urllib.parse import quote

import xlsxwriter
from django.http import HttpResponse

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def spreadsheet(columns: Sequence[tuple[str, int]], rows: Iterable[Sequence]) -> bytes:
    """An xlsx of one sheet. `columns` are (title, width in characters); figures stay figures, all else becomes text.

    Text beginning with = + - @ is written as text, never as a formula; links are not made from it either."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet()
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        for index, (title, width) in enumerate(columns):
            sheet.set_column(index, index, width)
            sheet.write_string(0, index, title, head)
        count = 0
        for count, row in enumerate(rows, start=1):
            for index, value in enumerate(row):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    sheet.write_number(count, index, value)
                elif value not in (None, ""):
                    sheet.write_string(count, index, str(value))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, count, len(columns) - 1)
    return buffer.getvalue()


def spreadsheet_response(filename: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence]) -> HttpResponse:
    """The same as a download named `filename`.xlsx."""
    response = HttpResponse(spreadsheet(columns, rows), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}.xlsx"
    return response
