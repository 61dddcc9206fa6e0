"""What may be uploaded: decided by the bytes, never by the extension or the type that the browser claims.

`inspect` is the one door. A refusal is a ValidationError that says in Chinese why. To allow another kind of file: a line
in KINDS, and a module that looks into it where more than the first bytes is to be checked.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError

from uploads import archives, images, office, pdfs
from uploads.names import clean_name, extension_of

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Kind:
    """A kind of file that we take: how it is called, how it ends, and what looks into it."""

    label: str
    content_type: str
    extensions: tuple[str, ...]
    check: Callable | None = None
    is_archive: bool = False


OOXML = "application/vnd.openxmlformats-officedocument"
KINDS = {
    "pdf": Kind("PDF", "application/pdf", ("pdf",), pdfs.check),
    "xlsx": Kind("Excel 工作簿", f"{OOXML}.spreadsheetml.sheet", ("xlsx",), office.check_workbook, True),
    "docx": Kind("Word 文档", f"{OOXML}.wordprocessingml.document", ("docx",), office.check_document, True),
    "png": Kind("PNG 图片", "image/png", ("png",), images.check_png),
    "jpg": Kind("JPEG 图片", "image/jpeg", ("jpg", "jpeg"), images.check_jpeg),
    "zip": Kind("ZIP 压缩包", "application/zip", ("zip",), archives.check, True),
    "dwg": Kind("DWG 图纸", "image/vnd.dwg", ("dwg",)),
}
# For people, and for the file chooser of the browser.
ACCEPT = ",".join(f".{extension}" for kind in KINDS.values() for extension in kind.extensions)
ALLOWED_TEXT = "、".join(kind.extensions[0] for kind in KINDS.values())

# Refused with a reason of their own, because people will meet it.
REFUSED_EXTENSIONS = {
    **dict.fromkeys(("xlsm", "xltm", "xlsb", "xlam", "docm", "dotm", "pptm"), "含宏的 Office 文件不能上传，请另存为不含宏的 .xlsx 或 .docx。"),
    **dict.fromkeys(("xls", "doc", "ppt"), "旧版 Office 格式可能含宏，不能上传，请另存为 .xlsx 或 .docx。"),
    **dict.fromkeys(("svg", "svgz", "htm", "html", "xhtml", "mht", "mhtml", "xml"), "网页或矢量图文件可能含脚本，不能上传，请转为 PDF。"),
}  # fmt: skip

# First bytes of what is recognised only to say what it is.
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = re.compile(rb"<\s*(?:!doctype\s+(?:html|svg)|html|script|svg|iframe)", re.IGNORECASE)
_DWG = re.compile(rb"AC10\d\d")


@dataclass(frozen=True)
class Inspected:
    """An accepted upload: cleaned name, type found in its content, size in bytes, SHA-256 (hex)."""

    name: str
    content_type: str
    size: int
    sha256: str


def inspect(upload) -> Inspected:
    """Look at an upload by what it is. Raises ValidationError that says why it is refused.

    Reads the file in chunks; nothing in it is unpacked to memory or disk beyond fixed bounds. Leaves it rewound."""
    name = clean_name(upload.name)
    extension = extension_of(name)
    if extension in REFUSED_EXTENSIONS:
        raise ValidationError(REFUSED_EXTENSIONS[extension], code="extension")
    size, digest = _measure(upload)
    kind = KINDS[_kind_of(upload, extension)]
    if extension not in kind.extensions:
        raise ValidationError(
            f"扩展名 .{extension} 与文件内容不符：内容是{kind.label}，请改用正确的扩展名（.{kind.extensions[0]}）。",
            code="mismatch",
        )
    if not kind.is_archive:
        archives.refuse_appended(upload)
    if kind.check:
        upload.seek(0)
        kind.check(upload)
    upload.seek(0)
    return Inspected(name=name, content_type=kind.content_type, size=size, sha256=digest)


def stored_sha256(fieldfile) -> str | None:
    """SHA-256 (hex) of a stored file, read in chunks; None when it is missing."""
    digest = hashlib.sha256()
    try:
        with fieldfile.storage.open(fieldfile.name, "rb") as stored:
            for chunk in stored.chunks(CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def _measure(upload) -> tuple[int, str]:
    """Size and SHA-256 of the bytes that really came; stops reading at the limit."""
    digest, size, limit = hashlib.sha256(), 0, settings.UPLOAD_MAX_BYTES
    upload.seek(0)
    for chunk in upload.chunks(CHUNK):
        size += len(chunk)
        if size > limit:
            raise ValidationError(
                f"文件超过 {limit // (1024 * 1024)} MB 的上限，请压缩或拆分后上传。", code="too_large"
            )
        digest.update(chunk)
    if size == 0:
        raise ValidationError("文件是空的（0 字节），请检查后重新选择。", code="empty")
    return size, digest.hexdigest()


def _kind_of(upload, extension: str) -> str:
    """The key in KINDS of what the first bytes are."""
    upload.seek(0)
    head = upload.read(1024)
    is_archive = head.startswith(b"PK\x03\x04")
    if not is_archive and (_MARKUP.search(head) or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")):
        raise ValidationError("文件内容含网页或脚本代码，不能上传。", code="markup")
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if _DWG.match(head):
        return "dwg"
    if is_archive:
        return office.kind_of(upload) or "zip"
    if head.startswith(_OLD_OFFICE):
        raise ValidationError(
            "这是旧版或加密的 Office 文件，不能上传，请去除密码并另存为 .xlsx 或 .docx。", code="old_office"
        )
    archives.refuse_appended(upload)
    if extension in ACCEPT.replace(".", "").split(","):
        raise ValidationError(f"内容不是有效的 .{extension} 文件：可能已损坏，或改过扩展名。", code="unsupported")
    raise ValidationError(f"不支持此类文件（.{extension}），可上传：{ALLOWED_TEXT}。", code="unsupported")
