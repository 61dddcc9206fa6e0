"""Verification of the evidence chain: every row computed anew, its links, its exported heads, and what other apps add.

A check is a function without arguments that yields one Chinese sentence for each problem; apps above register theirs
in `apps.ready` (for example: does each signature's digest stand in the ledger?).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from ledger.models import Entry
from ledger.rules import GENESIS, canonical_json, entry_hash

BATCH = 2000

_checks: list[Callable[[], Iterator[str]]] = []


def register(check: Callable[[], Iterator[str]]) -> None:
    """Ask `check()` for problems at each verification from now on; registering twice counts once."""
    if check not in _checks:
        _checks.append(check)


@dataclass
class Verification:
    """What was looked at and what is wrong, the first broken row first."""

    entries: int = 0
    head: str = GENESIS
    heads_checked: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        return not self.problems


def exported_heads(path: Path | None = None) -> list[dict]:
    """The heads in the file outside, oldest first; none where there is no file.

    Raises ValueError for a line that is no head."""
    path = path or settings.LEDGER_HEADS_FILE
    if not path.exists():
        return []
    heads = []
    for count, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            head = json.loads(line)
            heads.append({"number": int(head["number"]), "hash": str(head["hash"]), "at": str(head["at"])})
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"链头文件第 {count} 行无法读取") from error
    return heads


def _wrong_with(entry: Entry, number: int, previous_hash: str) -> str:
    """What is wrong with an entry that should have this number and follow that hash; empty when nothing is."""
    if entry.number != number:
        missing = f"第 {number} 行" if entry.number == number + 1 else f"第 {number}–{entry.number - 1} 行"
        return f"{missing}缺失（其后为第 {entry.number} 行）"
    if entry.previous_hash != previous_hash:
        return f"第 {number} 行的前一行哈希与第 {number - 1} 行不符"
    if entry_hash(entry) != entry.hash:
        return f"第 {number} 行的内容与其哈希不符（内容被改动）"
    if not _is_canonical(entry.data):
        return f"第 {number} 行的数据不是规范 JSON"
    return ""


def _is_canonical(data: str) -> bool:
    try:
        return canonical_json(json.loads(data)) == data
    except ValueError:
        return False


def _walk(heads: dict[int, list[str]], result: Verification) -> Iterator[str]:
    """Problems of the rows in order, up to and including the first broken one; fills in `result` as it goes."""
    number, previous_hash = 0, GENESIS
    for entry in Entry.objects.order_by("number").iterator(chunk_size=BATCH):
        if wrong := _wrong_with(entry, number + 1, previous_hash):
            yield wrong
            return
        number, previous_hash = entry.number, entry.hash
        result.entries, result.head = number, previous_hash
        for exported in heads.pop(number, []):
            result.heads_checked += 1
            if exported != entry.hash:
                yield f"第 {number} 行与已导出的链头不符：整条链自此行或更早处被替换"
                return
    if heads:
        yield f"链尾缺失：已导出的链头到第 {max(heads)} 行，现只有 {number} 行"


def verify(heads_file: Path | None = None) -> Verification:
    """Compute the whole chain anew and compare it with the exported heads, then ask the registered checks."""
    result = Verification()
    heads: dict[int, list[str]] = {}
    try:
        for head in exported_heads(heads_file):
            heads.setdefault(head["number"], []).append(head["hash"])
    except ValueError as error:
        result.problems.append(str(error))
    # An empty chain was exported as number 0, which no row has.
    heads.pop(0, None)
    result.problems.extend(_walk(heads, result))
    for check in _checks:
        result.problems.extend(check())
    return result
