"""Pure decisions of the error library: values in, answer out. No ORM, no clock."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EXCERPT = 120
SHORTEST_NAME = 2
ANONYMOUS = "〔人员〕"


def normalised(text: str) -> str:
    """A problem without spaces, punctuation, digits and case: “第 36 行，单价偏高” and “第12行单价偏高。” are one."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if letter.isalpha())


def anonymous(text: str, names: Iterable[str]) -> str:
    """The text with the names of people replaced, the longest names first. Names of one character stay: they are words."""
    known = sorted({name for name in names if len(name) >= SHORTEST_NAME}, key=len, reverse=True)
    if not known:
        return text
    return re.sub("|".join(map(re.escape, known)), ANONYMOUS, text)


def excerpt(text: str, length: int = EXCERPT) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


@dataclass(frozen=True)
class Bar:
    """One period of a trend: how often then, and in the same period a year before; heights in the units of the drawing."""

    label: str
    count: int
    before: int
    x: int
    y: str
    height: str
    before_y: str
    before_height: str


STEP, HEIGHT = 10, 24


def bars(labels: Sequence[str], counts: Sequence[int], before: Sequence[int]) -> list[Bar]:
    """The trend as a drawing of `STEP` units a period and `HEIGHT` high, on the scale of its own highest figure."""
    top = max([*counts, *before, 1])

    def height(figure: int) -> float:
        return figure * HEIGHT / top

    return [
        Bar(label, count, former, index * STEP, f"{HEIGHT - height(count):.1f}", f"{height(count):.1f}",
            f"{HEIGHT - height(former):.1f}", f"{height(former):.1f}")
        for index, (label, count, former) in enumerate(zip(labels, counts, before, strict=True))
    ]  # fmt: skip


def quarters(months: Sequence[int]) -> list[int]:
    """Twelve months as four quarters."""
    return [sum(months[start : start + 3]) for start in range(0, 12, 3)]
