"""Looks into one PDF, in a process of its own: `python pdf_probe.py < file.pdf` prints [code, reason] as JSON, or null.

A PDF keeps objects in packed streams that declare no unpacked size: 500 KB can become gigabytes inside the parser, and a
parser can crash. Here both cost a child process with a fixed allowance, not the server. So this file is run by its path
and imports nothing of the application.
"""

import json
import re
import resource
import sys

import pikepdf

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 60
MAX_OBJECTS = 3_000_000
MAX_DEPTH = 50

# Actions by name (/S) that run code or reach out of the file, and keys that hold code.
REFUSED_ACTIONS = {
    "/JavaScript": "脚本（JavaScript）",
    "/Launch": "启动外部程序的动作",
    "/ImportData": "导入外部数据的动作",
    "/SubmitForm": "向外提交数据的动作",
    "/GoToE": "自动打开内嵌文件的动作",
    "/RichMediaExecute": "多媒体脚本",
}
REFUSED_KEYS = {"/JS": "脚本（JavaScript）", "/JavaScript": "脚本（JavaScript）", "/XFA": "动态表单（XFA）"}
_SUSPECT = re.compile("|".join(map(re.escape, sorted({*REFUSED_ACTIONS, *REFUSED_KEYS}, reverse=True))).encode())


def probe(stream) -> tuple[str, str] | None:
    """(code, reason in Chinese) of why this PDF is refused; None when it may pass."""
    try:
        with pikepdf.open(stream, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                return "encrypted", "PDF 设有密码或权限限制，归档后可能无法查阅，请去除限制后上传。"
            return _probe_objects(pdf)
    except pikepdf.PasswordError:
        return "encrypted", "PDF 设有打开密码，请去除密码后上传。"
    except pikepdf.PdfError:
        return "damaged", "PDF 已损坏或不完整，请重新导出后上传。"


def _probe_objects(pdf: pikepdf.Pdf) -> tuple[str, str] | None:
    if len(pdf.objects) > MAX_OBJECTS:
        return "bomb", "PDF 内部对象过多，请拆分后上传。"
    for item in pdf.objects:
        dictionary = item.stream_dict if isinstance(item, pikepdf.Stream) else item
        # One search in the text of an object is much faster than a look at each key; names come out unescaped.
        if _SUSPECT.search(dictionary.unparse(resolved=True)) and (found := _active_part(dictionary)):
            return "active", f"PDF 含有{found}，不能上传。请打印或导出为普通 PDF。"
    return None


def _active_part(value, depth: int = 0) -> str | None:
    """What is active in this object or directly in it; None when the suspicious word was only text."""
    if depth > MAX_DEPTH:
        return "过深的嵌套"
    if isinstance(value, pikepdf.Array):
        children = list(value)
    elif isinstance(value, pikepdf.Dictionary):
        if (action := value.get("/S")) is not None and str(action) in REFUSED_ACTIONS:
            return REFUSED_ACTIONS[str(action)]
        for key, reason in REFUSED_KEYS.items():
            if key in value:
                return reason
        children = list(value.values())
    else:
        return None
    for child in children:
        # Indirect children get their own turn in the list of objects.
        if not getattr(child, "is_indirect", False) and (found := _active_part(child, depth + 1)):
            return found
    return None


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps(probe(sys.stdin.buffer.raw)))
