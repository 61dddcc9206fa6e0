"""Workbooks and documents (OOXML): the ZIP is harmless, no macro, nothing fetched or started from outside, no row bomb."""

import re
import zipfile
from xml.parsers import expat

from uploads import archives
from uploads.archives import opened, read_through, refuse

MAX_PART_BYTES = 8 * 1024 * 1024  # of the parts that describe the package; sheets are only counted
MAX_ROWS = 1_000_000
MAX_CELLS = 10_000_000
MAX_DECLARED_CELLS = 50_000_000

CONTENT_TYPES = "[Content_Types].xml"
MAIN_TYPES = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
}
# Relations that make Office load or run what lies outside the file. Links to other workbooks and web pages are common in
# 造价 workbooks and ask before they do anything.
REFUSED_EXTERNAL = ("oleobject", "attachedtemplate", "frame", "subdocument", "package", "activexcontrol", "control")

_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\b[^>]*\bref="([A-Za-z]+)(\d+)(?::([A-Za-z]+)(\d+))?"')
_ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")
_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
_DDE_FIELD = re.compile(r"^\s*DDE(AUTO)?\b", re.IGNORECASE)


def kind_of(stream) -> str | None:
    """xlsx or docx when the archive is one by its own table of contents, else None. Refuses macro packages."""
    with opened(stream) as archive:
        if CONTENT_TYPES not in archive.namelist():
            return None
        kinds = []

        def note(name, attributes):
            declared = attributes.get("ContentType", "")
            if "macroEnabled" in declared or "vbaProject" in declared:
                refuse("文件含宏，不能上传，请另存为不含宏的 .xlsx 或 .docx。", "macro")
            if declared in MAIN_TYPES:
                kinds.append(MAIN_TYPES[declared])

        _parse(archive, archive.getinfo(CONTENT_TYPES), start=note)
        return kinds[0] if len(kinds) == 1 else None


def check_workbook(stream) -> None:
    """Refuse macros, external objects, DDE, and more rows or cells than a person could have typed."""
    counter = _SheetCounter()
    with opened(stream) as archive:
        for entry in archive.infolist():
            _check_part(archive, entry)
            path = entry.filename.lower()
            if path.startswith("xl/worksheets/") and path.endswith(".xml"):
                counter.begin_sheet()
                read_through(archive, entry, counter.feed)
            elif path.startswith("xl/externallinks/") and path.endswith(".xml"):
                _parse(archive, entry, start=_refuse_dde_link)
            else:
                read_through(archive, entry)


def check_document(stream) -> None:
    """Refuse macros, external objects and DDE fields."""
    with opened(stream) as archive:
        for entry in archive.infolist():
            _check_part(archive, entry)
            path = entry.filename.lower()
            if path.startswith("word/") and path.endswith(".xml") and path.count("/") == 1:
                _parse(archive, entry, fields=True, limit=archives.MAX_UNPACKED_BYTES)
            else:
                read_through(archive, entry)


def _check_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    path = entry.filename.lower()
    if path.endswith(("vbaproject.bin", "vbadata.xml", "vbaprojectsignature.bin")) or "/activex/" in path:
        refuse("文件含宏或控件，不能上传，请另存为不含宏的 .xlsx 或 .docx。", "macro")
    if "/macrosheets/" in path or "/dialogsheets/" in path:
        refuse("工作簿含旧式宏表，不能上传，请删除宏表后另存。", "macro")
    if path.endswith(".rels"):
        _parse(archive, entry, start=_refuse_external)


def _refuse_external(name: str, attributes: dict) -> None:
    kind = attributes.get("Type", "").rpartition("/")[2].lower()
    if attributes.get("TargetMode", "").lower() == "external" and kind in REFUSED_EXTERNAL:
        refuse("文件引用了外部对象或模板，打开时会从外部加载，不能上传。请断开链接后另存。", "external")
    if kind in ("vbaproject", "xlmacrosheet", "xlintlmacrosheet"):
        refuse("文件含宏，不能上传，请另存为不含宏的 .xlsx 或 .docx。", "macro")


def _refuse_dde_link(name: str, attributes: dict) -> None:
    if name.rpartition(":")[2] in ("ddeLink", "oleLink"):
        refuse("工作簿含 DDE 或 OLE 外部链接，可启动其他程序，不能上传。请断开链接后另存。", "external")


class _Fields:
    """Collects the instruction of each Word field, however many runs it is cut into."""

    def __init__(self):
        self.inside, self.instruction = False, ""

    def start(self, name: str, attributes: dict) -> None:
        tag = name.rpartition(":")[2]
        self.inside = tag == "instrText"
        if tag == "fldChar":
            self.instruction = ""
        simple = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "instr"), "")
        self._check(simple)

    def end(self, name: str) -> None:
        self.inside = False

    def text(self, data: str) -> None:
        if self.inside and len(self.instruction) < 64:
            self.instruction += data
            self._check(self.instruction)

    @staticmethod
    def _check(instruction: str) -> None:
        if _DDE_FIELD.match(instruction):
            refuse("文档含 DDE 域，可启动其他程序，不能上传。请删除该域后另存。", "external")


def _parse(archive, entry, *, start=None, fields=False, limit=MAX_PART_BYTES) -> None:
    """Stream one XML part through expat. A DTD has no place in OOXML and is refused: no entities to expand."""
    if entry.file_size > limit:
        refuse("文件内部结构异常（说明部分过大），不能上传。", "bomb")
    parser = expat.ParserCreate()

    def no_dtd(*_):
        refuse("文件内部含实体定义，疑似 XML 炸弹，不能上传。", "bomb")

    parser.StartDoctypeDeclHandler = no_dtd
    if fields:
        collector = _Fields()
        parser.StartElementHandler, parser.EndElementHandler = collector.start, collector.end
        parser.CharacterDataHandler = collector.text
    elif start:
        parser.StartElementHandler = start
    try:
        read_through(archive, entry, lambda chunk: parser.Parse(chunk, False))
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise zipfile.BadZipFile("damaged part") from error


class _SheetCounter:
    """Counts rows and cells over all sheets while their bytes pass by."""

    OVERLAP = 512

    def __init__(self):
        self.rows = self.cells = 0
        self.tail, self.at_start = b"", True

    def begin_sheet(self) -> None:
        self.tail, self.at_start = b"", True

    def feed(self, chunk: bytes) -> None:
        if self.at_start:
            self._look_at_start(chunk)
        # Tags cut by the border of two chunks: keep what follows the last "<".
        data = self.tail + chunk
        cut = data.rfind(b"<")
        whole, self.tail = (data[:cut], data[cut:][: self.OVERLAP]) if cut >= 0 else (data, b"")
        self.rows += len(_ROW.findall(whole))
        self.cells += len(_CELL.findall(whole))
        if self.rows > MAX_ROWS or self.cells > MAX_CELLS:
            refuse(f"工作簿的行或单元格过多（上限 {MAX_ROWS:,} 行），请拆分后上传。", "bomb")

    def _look_at_start(self, chunk: bytes) -> None:
        self.at_start = False
        if not chunk.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            refuse("工作簿内部编码异常，不能上传，请用 Excel 或 WPS 另存后上传。", "damaged")
        if not (found := _DIMENSION.search(chunk)):
            return
        left, top, right, bottom = found.groups()
        width = _column(right or left) - _column(left) + 1
        height = int(bottom or top) - int(top) + 1
        if abs(width * height) > MAX_DECLARED_CELLS:
            refuse("工作表声明的范围过大，疑似异常文件。请删除空白行列后另存。", "bomb")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:4]:
        number = number * 26 + letter - 64
    return number
