"""The name under which people see a file. It never reaches the disk; the bytes lie under a random one."""

import re
import unicodedata

from django.core.exceptions import ValidationError

MAX_BYTES = 255
MAX_CHARACTERS = 200

# Characters that turn the direction of writing, so that a name shows another extension than it has.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SEPARATORS = re.compile(r"[/\\]")
# Full-width and other look-alikes of "." and of the slashes. The Chinese full stop is none of them.
_LOOKALIKE = str.maketrans(
    {"\uff0e": ".", "\u2024": ".", "\uff61": "."} | dict.fromkeys("\uff0f\uff3c\u2215\u2044\u29f5\ufe68", "_")
)
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)


def extension_of(name: str) -> str:
    """The extension in lower case without its dot; empty when there is none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def _is_hidden(character: str) -> bool:
    # Controls, invisible format characters, halves of surrogate pairs. Not Cn and Co: newer rare Chinese characters are
    # "unassigned" to this Python, and older ones live in the private use area.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"}


def clean_name(raw: str | None) -> str:
    """A name fit to show and to download by: no path, no hidden characters, no name that Windows reserves; Unicode NFC.

    Raises ValidationError for writing-direction characters, for a name without stem or extension, and for one that is
    too long."""
    name = raw or ""
    if _DIRECTION.search(name):
        raise ValidationError("文件名含改变文字方向的隐藏字符，可能伪装扩展名，请改名后上传。", code="name")
    name = _SEPARATORS.split(unicodedata.normalize("NFC", name).translate(_LOOKALIKE))[-1]
    name = "".join(character for character in name if not _is_hidden(character))
    name = re.sub(r"\s+", " ", _NOT_ON_WINDOWS.sub("_", name)).strip(" .")
    if not extension_of(name):
        raise ValidationError("文件名不完整：须有名称和扩展名，如“结算书.xlsx”。", code="name")
    if _RESERVED.match(name):
        name = f"_{name}"
    if len(name.encode()) > MAX_BYTES or len(name) > MAX_CHARACTERS:
        raise ValidationError(
            f"文件名过长（{len(name)} 字，{len(name.encode())} 字节；最多 {MAX_CHARACTERS} 字、{MAX_BYTES} 字节），请缩短后上传。",
            code="name",
        )
    return name


def shown_name(raw: str | None) -> str:
    """Any name, made fit to stand in a message about why its file was refused."""
    visible = "".join(character for character in raw or "" if not _is_hidden(character))
    return visible if len(visible) <= 60 else f"{visible[:40]}…{visible[-16:]}"
