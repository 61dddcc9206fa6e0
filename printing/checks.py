"""What a machine needs to print, looked for when the site starts: WeasyPrint itself only warns, or prints boxes."""

import ctypes
import shutil
import subprocess

from django.core import checks

FONT = "Noto Sans CJK SC"
INSTALL = "Debian：apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk"

# Library → (file names by system, what happens without it).
LIBRARIES = {
    "libpango": (("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0.dll"), "不能生成 PDF，成果无法签发"),
    "libpangoft2": (
        ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0.dll"),
        "不能生成 PDF，成果无法签发",
    ),
    "libharfbuzz-subset": (
        ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib", "libharfbuzz-subset-0.dll"),
        "每份 PDF 需 8 秒以上，而不是 0.4 秒",
    ),
}


def has_library(names: tuple[str, ...]) -> bool:
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def has_font(family: str) -> bool | None:
    """Whether fontconfig knows `family`; None when there is no fontconfig to ask."""
    command = shutil.which("fc-list")
    if command is None:
        return None
    found = subprocess.run([command, f":family={family}", "family"], capture_output=True, check=False)  # noqa: S603
    return bool(found.stdout.strip())


def check_printing(app_configs, **kwargs) -> list[checks.CheckMessage]:
    """Name each missing library and the missing font."""
    problems = [
        checks.Warning(f"缺少系统库 {library}：{effect}。", hint=INSTALL, id="printing.W001")
        for library, (names, effect) in LIBRARIES.items()
        if not has_library(names)
    ]
    if has_font(FONT) is False:
        problems.append(
            checks.Warning(f"缺少字体 {FONT}：PDF 中的汉字会显示为方框。", hint=INSTALL, id="printing.W002")
        )
    return problems
