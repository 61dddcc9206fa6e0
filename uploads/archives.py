"""ZIP archives (xlsx and docx are ZIPs too): bounds are checked on what is declared, before anything is unpacked."""

import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ValidationError

MAX_ENTRIES = 10_000
MAX_DIRECTORY_BYTES = 8 * 1024 * 1024
MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
# A ratio means nothing in small files: a page of zeros packs 1000:1 and hurts nobody.
MAX_RATIO, RATIO_COUNTS_FROM = 200, 20 * 1024 * 1024
MAX_NESTING = 2
CHUNK = 256 * 1024

# Kinds of entry that have no business among 成果文件: programs, scripts, macro files, web pages.
REFUSED_ENTRIES = frozenset({
    "exe", "com", "scr", "bat", "cmd", "pif", "msi", "dll", "sys", "cpl", "jar", "lnk", "url", "reg", "chm",
    "js", "jse", "vbs", "vbe", "wsf", "wsh", "hta", "ps1", "psm1", "sh",
    "xlsm", "xltm", "xlam", "xlsb", "docm", "dotm", "pptm", "potm",
    "svg", "svgz", "htm", "html", "xhtml", "mht", "mhtml",
})  # fmt: skip

_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE, _ZIP64_LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
_LOCAL = struct.Struct("<4s5H3L2H")
_DRIVE = re.compile(r"^[A-Za-z]:")
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeError, NotImplementedError, RuntimeError)


def refuse(reason: str, code: str):
    raise ValidationError(reason, code=code)


def check(stream) -> None:
    """Refuse a bomb, a path that leaves the folder, a link, encryption, programs, damage. Raises ValidationError."""
    with opened(stream) as archive:
        _check_contents(archive, depth=1)


def _check_contents(archive: zipfile.ZipFile, depth: int) -> None:
    for entry in archive.infolist():
        extension = entry.filename.rpartition(".")[2].lower()
        if extension in REFUSED_ENTRIES or entry.filename.lower().endswith("vbaproject.bin"):
            refuse(f"压缩包内的“{entry.filename[:80]}”是程序、脚本、网页或含宏的文件，不能上传。", "archive_entry")
        if extension == "zip":
            _check_nested(archive, entry, depth)
        else:
            read_through(archive, entry)


def _check_nested(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int) -> None:
    if depth >= MAX_NESTING:
        refuse(f"压缩包嵌套超过 {MAX_NESTING} 层，请解开后上传。", "archive_nested")
    if entry.file_size > settings.UPLOAD_MAX_BYTES:
        refuse("压缩包内的压缩包过大，请解开后分别上传。", "archive_nested")
    with tempfile.TemporaryFile() as copy:
        read_through(archive, entry, copy.write)
        with opened(copy) as nested:
            _check_contents(nested, depth + 1)


@contextmanager
def opened(stream) -> Iterator[zipfile.ZipFile]:
    """The archive, once its directory has been found harmless. Damage met while reading is a ValidationError too."""
    _check_directory_size(stream)
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_entries(stream, archive.infolist())
            yield archive
    except _DAMAGED as error:
        raise ValidationError("压缩包已损坏、不完整或压缩方式不受支持，请重新打包后上传。", code="damaged") from error


def read_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, use=None) -> None:
    """Read an entry in chunks to its end, which proves its declared size and checksum; `use` gets each chunk."""
    with archive.open(entry) as content:
        while chunk := content.read(CHUNK):
            if use:
                use(chunk)


def end_record(stream) -> tuple[int, int, int] | None:
    """(number of entries, bytes of the directory, offset of the record) of a ZIP that ends exactly where the file
    ends; None when there is no such end."""
    stream.seek(0, 2)
    size = stream.tell()
    start = max(0, size - _END.size - 0xFFFF)
    stream.seek(start)
    tail = stream.read()
    position = tail.rfind(_END_SIGNATURE)
    while position >= 0:
        if position + _END.size <= len(tail):
            record = _END.unpack_from(tail, position)
            if position + _END.size + record[7] == len(tail):
                return record[4], record[5], start + position
        position = tail.rfind(_END_SIGNATURE, 0, position)
    return None


def refuse_appended(stream) -> None:
    """Refuse a file of another kind that is a ZIP as well (polyglot)."""
    if end_record(stream):
        refuse("文件与压缩包拼接在一起，内容可疑，不能上传。请重新导出文件。", "polyglot")


def _check_directory_size(stream) -> None:
    found = end_record(stream)
    if found is None:
        refuse("压缩包已损坏、不完整，或末尾附有其他数据。", "damaged")
    entries, directory_bytes, position = found
    if entries == 0:
        refuse("压缩包是空的。", "empty")
    if entries > MAX_ENTRIES or directory_bytes > MAX_DIRECTORY_BYTES:
        refuse(f"压缩包内文件过多（上限 {MAX_ENTRIES} 个），请分开打包。", "bomb")
    stream.seek(max(0, position - 20))
    if stream.read(4) == _ZIP64_LOCATOR:
        refuse("不支持 ZIP64 格式的压缩包，请用普通 ZIP 格式重新打包。", "damaged")


def _check_entries(stream, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        refuse(f"压缩包内文件过多（上限 {MAX_ENTRIES} 个），请分开打包。", "bomb")
    seen = set()
    for entry in entries:
        _check_entry(entry)
        if entry.filename in seen:
            refuse(f"压缩包内有重名的文件“{entry.filename[:80]}”。", "archive_entry")
        seen.add(entry.filename)
    _check_sizes(entries)
    _check_layout(stream, entries)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name, shown = entry.orig_filename, entry.orig_filename[:80].replace("\0", "")
    parts = name.split("/")
    if ".." in parts or name.startswith("/") or "\\" in name or "\0" in name or _DRIVE.match(name):
        refuse(f"压缩包内的路径“{shown}”会越出目录，不能上传。请重新打包。", "archive_path")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        refuse(f"压缩包内的“{shown}”是链接或设备文件，不能上传。", "archive_link")
    if entry.flag_bits & 0x1:
        refuse("压缩包已加密，无法检查内容，请去除密码后上传。", "encrypted")


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > MAX_UNPACKED_BYTES:
        refuse(f"解压后将达 {unpacked / 1024**3:.1f} GB，超过上限，疑似压缩炸弹。", "bomb")
    if unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * max(packed, 1):
        refuse(f"压缩比异常（{unpacked // max(packed, 1)} 倍），疑似压缩炸弹。", "bomb")


def _check_layout(stream, entries: list[zipfile.ZipInfo]) -> None:
    """The first entry begins the file, and no two share bytes."""
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if end == 0 and entry.header_offset != 0:
            refuse("压缩包前面附有其他数据，内容可疑，不能上传。请重新打包。", "polyglot")
        if entry.header_offset < end:
            refuse("压缩包内的文件相互重叠，疑似压缩炸弹。", "bomb")
        stream.seek(entry.header_offset)
        header = _LOCAL.unpack(stream.read(_LOCAL.size))
        end = entry.header_offset + _LOCAL.size + header[9] + header[10] + entry.compress_size
