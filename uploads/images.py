"""Images: the structure is walked by its own lengths, no pixel is decoded; nothing may hide behind the end."""

import re
import struct

from uploads.archives import refuse

MAX_PIXELS = 600_000_000  # A0 at 600 dpi
_FOREIGN = re.compile(
    rb"PK\x03\x04|%PDF-|<\s*(?:!doctype|html|script|svg|\?php|\?xml)|MZ.{0,64}This program", re.IGNORECASE | re.DOTALL
)
# JPEG frame headers carry height and width.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _damaged():
    refuse("图片已损坏或不完整，请重新导出后上传。", "damaged")


def _check_pixels(width: int, height: int) -> None:
    if width == 0 or height == 0:
        _damaged()
    if width * height > MAX_PIXELS:
        refuse(f"图片尺寸过大（{width} × {height}），请缩小后上传。", "bomb")


def check_png(stream) -> None:
    """Walk the chunks to IEND, which must be the end of the file."""
    size = stream.seek(0, 2) or stream.tell()
    position = 8
    while True:
        stream.seek(position)
        head = stream.read(16)
        if len(head) < 12 and head[4:8] != b"IEND":
            _damaged()
        length, kind = struct.unpack(">L4s", head[:8])
        if position == 8:
            if kind != b"IHDR" or len(head) < 16:
                _damaged()
            _check_pixels(*struct.unpack(">2L", head[8:16] if length == 13 else b"\0" * 8))
        position += length + 12
        if position > size:
            _damaged()
        if kind == b"IEND":
            break
    if position != size:
        refuse("图片末尾附有其他数据，内容可疑，不能上传。请重新导出图片。", "polyglot")


def check_jpeg(stream) -> None:
    """Walk the segments to the first scan; what cameras append behind the end may be no other kind of file."""
    stream.seek(2)
    while True:
        marker = stream.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:
            _damaged()
        if marker[1] == 0xFF:
            stream.seek(stream.tell() - 1)
            continue
        length = struct.unpack(">H", stream.read(2).rjust(2, b"\0"))[0]
        if length < 2:
            _damaged()
        if marker[1] in _FRAMES:
            header = stream.read(5)
            if len(header) < 5:
                _damaged()
            _check_pixels(*struct.unpack(">xHH", header))
            length -= 5
        if marker[1] == 0xDA:
            break
        stream.seek(stream.tell() + length - 2)
    _check_jpeg_tail(stream)


def _check_jpeg_tail(stream) -> None:
    size = stream.seek(0, 2) or stream.tell()
    start = max(0, size - 1024 * 1024)
    stream.seek(start)
    tail = stream.read()
    end = tail.rfind(b"\xff\xd9")
    if end < 0:
        _damaged()
    if _FOREIGN.search(tail, end + 2):
        refuse("图片末尾附有其他数据，内容可疑，不能上传。请重新导出图片。", "polyglot")
