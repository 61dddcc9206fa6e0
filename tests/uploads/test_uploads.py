"""Hostile files: each is built here, and refused for the right reason. Honest ones of the same kinds pass."""

import hashlib
import io
import stat
import struct
import unicodedata
import zipfile
import zlib

import pikepdf
import pytest
import xlsxwriter
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from PIL import Image

import uploads
from tests.projects.conftest import pdf_bytes
from uploads import archives, office

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


# ── Files ───────────────────────────────────────────────────────────────────
def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def ooxml(main: str, *entries: tuple[str, bytes], prolog: str = "") -> bytes:
    types = f'{prolog}<Types><Override PartName="/main.xml" ContentType="{main}"/></Types>'
    return zipped(("[Content_Types].xml", types.encode()), *entries)


def relation(kind: str, mode: str = "External") -> bytes:
    return (
        f'<Relationships><Relationship Id="rId1" Type="{RELATIONS}/{kind}" Target="file://evil/a"'
        f' TargetMode="{mode}"/></Relationships>'
    ).encode()


def workbook(rows: int = 300) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("结算审核")
        for row in range(rows):
            for column in range(8):
                sheet.write(row, column, f"{row}-{column}")
    return buffer.getvalue()


def image(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(buffer, kind)
    return buffer.getvalue()


def pdf_with(change, **options) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        change(pdf)
        pdf.save(buffer, **options)
    return buffer.getvalue()


def object_stream_bomb(megabytes: int) -> bytes:
    """A PDF whose one packed object stream unpacks to so many megabytes."""
    packer = zlib.compressobj(9)
    packed = packer.compress(b"9 0 << /A 1 >> ")
    for _ in range(megabytes):
        packed += packer.compress(b" " * 1024 * 1024)
    packed += packer.flush()
    parts = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [] /Count 0 >>",
        3: b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (len(packed), packed),
    }
    out, offsets = b"%PDF-1.5\n", {}
    for number, body in parts.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    offsets[4] = len(out)
    rows = [struct.pack(">BLH", 1, offsets[n], 0) if n in offsets else struct.pack(">BLH", 0, 0, 0) for n in range(9)]
    table = b"".join([*rows, struct.pack(">BLH", 2, 3, 0)])
    head = b"<< /Type /XRef /Size 10 /W [1 4 2] /Root 1 0 R /Length %d >>" % len(table)
    out += b"4 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (head, table)
    return out + b"startxref\n%d\n%%%%EOF\n" % offsets[4]


def inspected(name: str, content: bytes):
    return uploads.inspect(SimpleUploadedFile(name, content, content_type="text/html"))


def refusal(name: str, content: bytes) -> str:
    """The code of the reason for which a file is refused; the reason is Chinese words."""
    with pytest.raises(ValidationError) as caught:
        inspected(name, content)
    assert "\u4e00" <= caught.value.messages[0][0] <= "\u9fff" or caught.value.messages[0][:3] in ("PDF", "ZIP")
    return caught.value.code


# ── Honest files ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("报告.pdf", pdf_bytes(), "application/pdf"),
        ("底稿.XLSX", workbook(), uploads.KINDS["xlsx"].content_type),
        ("说明.docx", ooxml(WORD, ("word/document.xml", b"<d/>")), uploads.KINDS["docx"].content_type),
        ("现场.png", image("PNG"), "image/png"),
        ("现场.jpeg", image("JPEG"), "image/jpeg"),
        ("现场.jpg", image("JPEG") + b"\0" * 32, "image/jpeg"),  # cameras append padding
        ("图纸.zip", zipped(("一层/平面图.dwg", b"AC1032..")), "application/zip"),
        ("套娃.zip", zipped(("内.zip", zipped(("a.txt", b"a")))), "application/zip"),
        ("总图.dwg", b"AC1027" + b"\0" * 500, "image/vnd.dwg"),
    ],
)
def test_honest_file_is_taken_for_what_it_is(name, content, kind):
    found = inspected(name, content)
    assert found.content_type == kind
    assert found.size == len(content)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.name == name


def test_workbook_with_links_to_other_workbooks_is_taken():
    parts = [
        ("xl/externalLinks/_rels/externalLink1.xml.rels", relation("externalLinkPath")),
        ("xl/externalLinks/externalLink1.xml", b"<externalLink><externalBook/></externalLink>"),
        ("xl/worksheets/_rels/sheet1.xml.rels", relation("hyperlink")),
    ]
    assert inspected("汇总.xlsx", ooxml(EXCEL, *parts))


def test_large_upload_is_read_in_chunks_and_left_rewound():
    content = pdf_bytes()
    upload = TemporaryUploadedFile("报告.pdf", "application/pdf", len(content), None)
    upload.write(content)
    assert uploads.inspect(upload).sha256 == hashlib.sha256(content).hexdigest()
    assert upload.tell() == 0


# ── Size, type, extension ───────────────────────────────────────────────────
def test_empty_file_is_refused():
    assert refusal("空.pdf", b"") == "empty"


def test_limit_counts_the_bytes_that_came_not_those_declared(settings):
    settings.UPLOAD_MAX_BYTES = 1000
    upload = SimpleUploadedFile("大.pdf", pdf_bytes() + b" " * 1000)
    upload.size = 10
    with pytest.raises(ValidationError, match="上限"):
        uploads.inspect(upload)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("报告.pdf", b"MZ" + b"\0" * 200, "unsupported"),
        ("报告.xlsx", pdf_bytes(), "mismatch"),
        ("报告.pdf", image("PNG"), "mismatch"),
        ("底稿.docx", workbook(), "mismatch"),
        ("底稿.zip", workbook(), "mismatch"),
        ("底稿.xlsx", zipped(("a.txt", b"a")), "mismatch"),
        ("底稿.exe", pdf_bytes(), "mismatch"),
        ("图.svg", b"<svg onload='alert(1)'/>", "extension"),
        ("页.html", b"<html></html>", "extension"),
        ("页.pdf", b"<!DOCTYPE html><script>", "markup"),
        ("图.png", b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "markup"),
        ("底稿.xlsm", workbook(), "extension"),
        ("说明.docm", workbook(), "extension"),
        ("底稿.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "extension"),
        ("底稿.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_office"),
    ],
)
def test_content_decides_and_the_extension_must_match(name, content, code):
    assert refusal(name, content) == code


# ── Macros and what Office loads from outside ───────────────────────────────
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("底稿.xlsx", ooxml(EXCEL, ("xl/vbaProject.bin", b"x"))),
        ("底稿.xlsx", ooxml(EXCEL, ("xl/VBAPROJECT.BIN", b"x"))),
        ("说明.docx", ooxml(WORD, ("word/vbaProject.bin", b"x"))),
        ("底稿.xlsx", ooxml("application/vnd.ms-excel.sheet.macroEnabled.main+xml")),
        ("说明.docx", ooxml("application/vnd.ms-word.document.macroEnabled.main+xml")),
        ("底稿.xlsx", ooxml(EXCEL, ("xl/activeX/activeX1.bin", b"x"))),
        ("底稿.xlsx", ooxml(EXCEL, ("xl/macrosheets/sheet1.xml", b"<x/>"))),
        ("底稿.xlsx", ooxml(EXCEL, ("xl/_rels/workbook.xml.rels", relation("vbaProject", "Internal")))),
    ],
)
def test_macro_is_found_under_an_innocent_extension(name, content):
    assert refusal(name, content) == "macro"


@pytest.mark.parametrize("kind", ["attachedTemplate", "oleObject", "frame", "subDocument"])
def test_document_that_loads_from_outside_is_refused(kind):
    content = ooxml(WORD, ("word/_rels/document.xml.rels", relation(kind)))
    assert refusal("说明.docx", content) == "external"
    assert inspected("说明.docx", ooxml(WORD, ("word/_rels/document.xml.rels", relation(kind, "Internal"))))


def test_dde_link_of_a_workbook_is_refused():
    link = b'<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    assert refusal("底稿.xlsx", ooxml(EXCEL, ("xl/externalLinks/externalLink1.xml", link))) == "external"


@pytest.mark.parametrize(
    "field",
    [
        '<w:instrText>DDEAUTO c:\\\\windows "/k calc"</w:instrText>',
        "<w:r><w:instrText>DD</w:instrText></w:r><w:r><w:instrText>EAUTO</w:instrText></w:r>",
        '<w:fldSimple w:instr=" DDE cmd"/>',
    ],
)
def test_dde_field_of_a_document_is_refused_also_in_pieces(field):
    body = f'<w:document xmlns:w="w"><w:fldChar/>{field}</w:document>'.encode()
    assert refusal("说明.docx", ooxml(WORD, ("word/document.xml", body))) == "external"


def test_xml_entities_are_refused():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    assert refusal("底稿.xlsx", ooxml(EXCEL, prolog=bomb)) == "bomb"
    body = f"{bomb}<d>&b;</d>".encode()
    assert refusal("说明.docx", ooxml(WORD, ("word/document.xml", body))) == "bomb"


# ── PDF ─────────────────────────────────────────────────────────────────────
def _open_action(action):
    def change(pdf):
        pdf.Root.OpenAction = action

    return change


def _annotation(pdf):
    link = pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe"))
    pdf.pages[0].obj.Annots = pikepdf.Array([link])


def _named_script(pdf):
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pdf.make_stream(b"app.alert(1)"))
    pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=["a", pdf.make_indirect(script)]))


def _page_action(pdf):
    pdf.pages[0].obj.AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)"))


@pytest.mark.parametrize("packed", list(pikepdf.ObjectStreamMode))
@pytest.mark.parametrize(
    "change",
    [
        _open_action(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")),
        _open_action(pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe")),
        _open_action(pikepdf.Dictionary(S=pikepdf.Name.GoToE, T=pikepdf.Dictionary(N="a"))),
        _open_action(pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F="http://evil.example")),
        _annotation,
        _named_script,
        _page_action,
    ],
)
def test_active_pdf_is_refused_also_inside_packed_objects(change, packed):
    assert refusal("报告.pdf", pdf_with(change, object_stream_mode=packed)) == "active"


def test_script_under_an_escaped_name_is_refused():
    content = pdf_with(_open_action(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")))
    disguised = content.replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/#4AS")
    assert refusal("报告.pdf", disguised) == "active"


def test_pdf_that_only_talks_of_scripts_passes():
    def change(pdf):
        pdf.docinfo["/Title"] = "关于 /JavaScript 与 /Launch 的说明"

    assert inspected("报告.pdf", pdf_with(change))


@pytest.mark.parametrize("user", ["", "secret"])
def test_encrypted_pdf_is_refused(user):
    protection = pikepdf.Encryption(owner="owner", user=user)
    assert refusal("报告.pdf", pdf_with(lambda pdf: None, encryption=protection)) == "encrypted"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", pdf_bytes()[:-300], b"%PDF-1.4\nnoise\n%%EOF\n"]
)
def test_damaged_pdf_is_refused(content):
    assert refusal("报告.pdf", content) == "damaged"


def test_pdf_that_swells_in_memory_costs_a_child_process_only():
    content = object_stream_bomb(megabytes=1500)
    assert len(content) < 2 * 1024 * 1024
    assert refusal("报告.pdf", content) == "bomb"


# ── Polyglots ───────────────────────────────────────────────────────────────
BIG = b"\0" * 3000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("图.png", image("PNG") + BIG + b"<html><script>alert(1)</script>"),
        ("图.png", image("PNG") + zipped(("a.txt", b"a"))),
        ("图.png", image("PNG") + b"\0"),
        ("图.jpg", image("JPEG") + BIG + b"<html>"),
        ("图.jpg", image("JPEG") + zipped(("a.txt", b"a"))),
        ("报告.pdf", pdf_bytes() + BIG + b"<html>"),
        ("报告.pdf", pdf_bytes() + zipped(("a.txt", b"a"))),
        ("图.dwg", b"AC1032" + BIG + zipped(("a.txt", b"a"))),
        ("包.zip", b"\x7fELF" + BIG + zipped(("a.txt", b"a"))),
        ("包.zip", zipped(("a.txt", b"a")) + zipped(("b.txt", b"b"))),
    ],
)
def test_two_files_in_one_are_refused(name, content):
    assert refusal(name, content) == "polyglot"


def test_html_at_the_head_of_a_pdf_is_refused():
    assert refusal("报告.pdf", pdf_bytes().replace(b"\n", b"\n<script>alert(1)</script>\n", 1)) == "markup"


def test_data_behind_a_zip_is_refused():
    assert refusal("包.zip", zipped(("a.txt", b"a")) + b"tail") == "damaged"


# ── Archives ────────────────────────────────────────────────────────────────
def named(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("placeholder")
    entry.filename = name
    return entry


@pytest.mark.parametrize("name", ["../x.txt", "a/../../x.txt", "/etc/passwd", "..\\x.txt", "C:/x.txt", "a\\b.txt"])
def test_entry_that_leaves_the_folder_is_refused(name):
    assert refusal("包.zip", zipped((named(name), b"x"))) == "archive_path"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_link_or_device_entry_is_refused(kind):
    entry = zipfile.ZipInfo("link")
    entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
    assert refusal("包.zip", zipped((entry, b"/etc/passwd"))) == "archive_link"


def encrypted(content: bytes) -> bytes:
    """The same archive with the encryption flag of its first entry set, in both its headers."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def test_encrypted_entry_is_refused_also_one_archive_down():
    locked = encrypted(zipped(("a.txt", b"a")))
    assert refusal("包.zip", locked) == "encrypted"
    assert refusal("包.zip", zipped(("内.zip", locked))) == "encrypted"


@pytest.mark.parametrize("name", ["安装.exe", "运行.BAT", "宏.xlsm", "页.html", "图.svg", "a.js", "xl/vbaProject.bin"])
def test_program_inside_an_archive_is_refused(name):
    assert refusal("包.zip", zipped((name, b"x"))) == "archive_entry"


def test_archive_in_archive_in_archive_is_refused():
    deep = zipped(("3.zip", zipped(("2.zip", zipped(("a.txt", b"a"))))))
    assert refusal("包.zip", deep) == "archive_nested"


def test_same_name_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zipped(("a.txt", b"a"), ("a.txt", b"b"))
    assert refusal("包.zip", content) == "archive_entry"


def test_empty_archive_is_refused():
    assert refusal("包.zip", zipped()) in {"empty", "unsupported", "polyglot"}


def test_ratio_of_a_bomb_is_refused_before_reading(monkeypatch):
    content = zipped(("a.txt", b"\0" * 30 * 1024 * 1024))
    monkeypatch.setattr(archives, "read_through", lambda *_: pytest.fail("was read"))
    assert refusal("包.zip", content) == "bomb"


def test_declared_size_of_a_bomb_is_refused_before_reading(monkeypatch):
    content = bytearray(zipped(("a.txt", b"x" * 100)))
    struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 24, 2 * 1024**3)
    monkeypatch.setattr(archives, "read_through", lambda *_: pytest.fail("was read"))
    assert refusal("包.zip", bytes(content)) == "bomb"


def test_declared_size_that_lies_is_refused():
    content = bytearray(zipped(("a.txt", b"\0" * 1000)))
    struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 24, 10)
    assert refusal("包.zip", bytes(content)) == "damaged"


def test_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 20)
    content = zipped(*((f"{index}.txt", b"") for index in range(21)))
    assert refusal("包.zip", content) == "bomb"
    liar = bytearray(content)
    struct.pack_into("<2H", liar, content.rindex(b"PK\x05\x06") + 8, 1, 1)
    assert refusal("包.zip", bytes(liar)) == "bomb"


def test_overlapping_entries_are_refused():
    content = bytearray(zipped(("a.txt", b"a" * 50), ("b.txt", b"b" * 50), method=zipfile.ZIP_STORED))
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    struct.pack_into("<L", content, second + 42, 0)  # the second name points to the first file's bytes
    content[second + 46 : second + 51] = b"a.txt"
    assert refusal("包.zip", bytes(content)) in {"bomb", "archive_entry", "damaged"}


@pytest.mark.parametrize("cut", [0.3, 0.7, 0.99])
def test_cut_off_archive_is_refused(cut):
    content = workbook()
    assert refusal("底稿.xlsx", content[: int(len(content) * cut)]) == "damaged"


def test_flipped_byte_in_an_archive_is_refused():
    content = bytearray(zipped(("a.txt", b"abcdefgh" * 50), method=zipfile.ZIP_STORED))
    content[60] ^= 1
    assert refusal("包.zip", bytes(content)) == "damaged"


# ── Workbook bombs ──────────────────────────────────────────────────────────
def test_declared_range_of_a_sheet_is_checked():
    sheet = b'<worksheet><dimension ref="A1:XFD1048576"/><sheetData/></worksheet>'
    assert refusal("底稿.xlsx", ooxml(EXCEL, ("xl/worksheets/sheet1.xml", sheet))) == "bomb"


@pytest.mark.parametrize("tag", [b"<row r='1'/>", b"<x:row>", b"<row\n>"])
def test_rows_are_counted_while_streaming_whatever_the_dimension_says(monkeypatch, tag):
    monkeypatch.setattr(office, "MAX_ROWS", 50_000)
    sheet = b'<worksheet><dimension ref="A1:B2"/><sheetData>' + tag * 60_000 + b"</sheetData></worksheet>"
    filler = b"".join(index.to_bytes(4, "big") for index in range(60_000))
    content = ooxml(EXCEL, ("xl/worksheets/sheet1.xml", sheet), ("xl/media/a.bin", filler))
    assert refusal("底稿.xlsx", content) == "bomb"


def test_rows_cut_by_the_border_of_two_chunks_are_counted_once():
    counter = office._SheetCounter()
    text = b"<worksheet><sheetData>" + b'<row r="1"><c r="A1"/><cols/></row>' * 100 + b"</sheetData></worksheet>"
    for position in range(0, len(text), 7):
        counter.feed(text[position : position + 7])
    assert (counter.rows, counter.cells) == (100, 100)


# ── Images ──────────────────────────────────────────────────────────────────
def test_image_of_absurd_size_is_refused_without_decoding():
    content = bytearray(image("PNG"))
    struct.pack_into(">2L", content, 16, 100_000, 100_000)
    assert refusal("图.png", bytes(content)) == "bomb"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("length", [9, 12, 30, 90])
def test_cut_off_image_is_refused(kind, length):
    content = image(kind)[:length]
    assert refusal(f"图.{kind.lower()}", content) in {"damaged", "unsupported"}


# ── Names ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("..\\..\\结算书.pdf", "结算书.pdf"),
        ("C:\\桌面\\结算书.pdf", "结算书.pdf"),
        ("结算\r\n书\t.pdf", "结算书.pdf"),
        ("结算书．pdf", "结算书.pdf"),
        ("．．／结算书.pdf", "_结算书.pdf"),
        ("土建／安装.pdf", "土建_安装.pdf"),
        ("结算书.pdf. . ", "结算书.pdf"),
        ("  .结算书.pdf", "结算书.pdf"),
        ('a<b>:"|?*.pdf', "a_b______.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("com1.结算.pdf", "_com1.结算.pdf"),
        ("结\u200b算\ufeff书.pdf", "结算书.pdf"),
        ("王䶮𠮷㛃\U0002ebf0.pdf", "王䶮𠮷㛃\U0002ebf0.pdf"),
        (unicodedata.normalize("NFD", "Ängström.pdf"), "Ängström.pdf"),
        ("一期。二期.pdf", "一期。二期.pdf"),
    ],
)
def test_name_is_cleaned_and_rare_characters_stay(raw, clean):
    assert uploads.clean_name(raw) == clean


@pytest.mark.parametrize("mark", "\u202e\u202d\u2066\u200f\u061c")
def test_name_that_turns_the_direction_of_writing_is_refused(mark):
    assert refusal(f"结算书{mark}fdp.exe", pdf_bytes()) == "name"


@pytest.mark.parametrize("name", ["结" * 90 + ".pdf", "a" * 201 + ".pdf"])
def test_name_that_is_too_long_is_refused(name):
    with pytest.raises(ValidationError, match="文件名过长"):
        uploads.clean_name(name)


@pytest.mark.parametrize("name", ["", "pdf", ".pdf", "...", "／", None])
def test_name_without_stem_or_extension_is_refused(name):
    with pytest.raises(ValidationError, match="不完整"):
        uploads.clean_name(name)
