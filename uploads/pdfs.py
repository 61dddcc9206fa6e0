"""PDF: readable without a password, nothing that runs or opens by itself, nothing behind the end."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from uploads.archives import refuse

PROBE = Path(__file__).with_name("pdf_probe.py")
MAX_SECONDS = 90
_TAIL = 64 * 1024


def check(stream) -> None:
    """Raises ValidationError for a damaged, encrypted or active PDF, and for data behind its end."""
    _check_tail(stream)
    with tempfile.TemporaryFile() as copy:
        stream.seek(0)
        shutil.copyfileobj(stream, copy, 1024 * 1024)
        copy.seek(0)
        _check_in_child(copy)


def _check_in_child(file) -> None:
    try:
        answer = subprocess.run(  # noqa: S603 — our own file, no argument from outside
            [sys.executable, "-I", str(PROBE)], stdin=file, capture_output=True, timeout=MAX_SECONDS, check=True
        ).stdout
    except subprocess.SubprocessError:
        refuse("PDF 内部结构异常，检查它需要过多内存或时间，不能上传。请重新导出或拆分。", "bomb")
    if found := json.loads(answer):
        code, reason = found
        refuse(reason, code)


def _check_tail(stream) -> None:
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - _TAIL))
    tail = stream.read()
    end = tail.rfind(b"%%EOF")
    if end < 0:
        refuse("PDF 不完整（缺少结尾），或末尾附有其他数据，请重新导出后上传。", "damaged")
    if tail[end + 5 :].strip(b" \t\r\n\0"):
        refuse("PDF 末尾附有其他数据，内容可疑，不能上传。请重新导出。", "polyglot")
