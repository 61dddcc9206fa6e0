"""From the figures of a plot to the ink of a drawing: pure, in millimetres, the same for the same plot.

A paper is often printed in grey. So every figure stands beside its bar, kinds differ in lightness, what is bad is hatched, and
the legend has the same swatches with their words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from dashboards.board import Form, Plot, Series

# Heights and widths in mm. TEXT is the height of a letter (7 pt).
TEXT = Decimal("2.5")
BAR, GAP, LEAST_BAR = Decimal("3.6"), Decimal("2.4"), Decimal("2.6")
# Of many rows each takes as little as a line of the table.
MANY, CLOSE_GAP = 12, Decimal("1.1")
STANDING = Decimal(38)
TALL_BAR = Decimal(9)
LEGEND, AXIS, MARKS = Decimal("5.5"), Decimal("4.5"), Decimal("3.5")
ROOM_FOR_FIGURE, ROOM_FOR_TICK = Decimal(13), Decimal(5)
TICKS = 4
SCORE_UNIT = "分"
HUNDREDTH = Decimal("0.01")
STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
# The colours of the screen, told apart by their lightness in grey.
INKS = {
    "signed": "#1f6f54", "todo": "#1f4a7c", "info": "#9db9d8", "overdue": "#b5331f", "returned": "#d99b4a", "draft": "#c3ccd4",
    "plate": "#ffffff",
}  # fmt: skip
# Bars on which letters are white; those that are hatched get a white plate under theirs.
DARK = frozenset({"signed", "todo"})
HATCHED = "overdue"
HATCH = Decimal("1.3")
LETTERS = {"ink": "#111", "faint": "#555", "light": "#fff"}
STROKES = {"fine": ("#ddddd8", "0.15", ""), "axis": ("#555", "0.25", ""), "mark": ("#111", "0.25", "1 0.7")}


class Text(NamedTuple):
    x: Decimal
    y: Decimal
    words: str
    anchor: str = "start"  # or middle, end
    tone: str = "ink"

    @property
    def fill(self) -> str:
        return LETTERS[self.tone]


class Line(NamedTuple):
    x1: Decimal
    y1: Decimal
    x2: Decimal
    y2: Decimal
    tone: str = "hatch"

    @property
    def stroke(self) -> tuple[str, str, str]:
        """Colour, width, dashes."""
        return STROKES[self.tone]


class Bar(NamedTuple):
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    kind: str

    @property
    def fill(self) -> str:
        return INKS[self.kind]

    @property
    def hatches(self) -> list[Line]:
        """Slanting strokes over a bar that is hatched, cut at its edges."""
        return list(_hatches(self)) if self.kind == HATCHED else []


def _hatches(bar: Bar) -> Iterator[Line]:
    along = HATCH
    while along < bar.width + bar.height:
        over = max(along - bar.width, Decimal(0))
        left = max(along - bar.height, Decimal(0))
        yield Line(bar.x + along - over, bar.y + over, bar.x + left, bar.y + along - left)
        along += HATCH


@dataclass(frozen=True)
class Drawing:
    width: Decimal
    height: Decimal
    lines: list[Line]
    bars: list[Bar]
    texts: list[Text]


# ── Measures ────────────────────────────────────────────────────────────────
def width_of(words: str) -> Decimal:
    """About how wide a text is: a Chinese character as wide as high, others little more than half."""
    return sum((TEXT if ord(each) >= 0x2000 else TEXT * Decimal("0.58") for each in words), Decimal(0))


def cut(words: str, room: Decimal) -> str:
    """The words, or as many as there is room for, with …"""
    if width_of(words) <= room:
        return words
    kept = words
    while kept and width_of(f"{kept}…") > room:
        kept = kept[:-1]
    return f"{kept}…"


def axis_end(plot: Plot) -> Decimal:
    """Where the axis of figures ends: at `most`, else at the next 1, 2, 5, 10 … that holds all in four steps."""
    if plot.most is not None:
        return Decimal(plot.most)
    tops = [sum(values, Decimal(0)) for values in _stacks(plot)] if _is_stacked(plot) else _all_values(plot)
    top = max([*tops, *(mark.value for mark in plot.marks)], default=Decimal(0))
    return step_of(top) * TICKS if top > 0 else Decimal(TICKS)


def step_of(top: Decimal) -> Decimal:
    """The distance of two ticks: 1, 2 or 5 times a power of ten (never below 1)."""
    wanted, power = top / TICKS, Decimal(1)
    while power * 10 < wanted:
        power *= 10
    return next(power * each for each in STEPS if power * each >= wanted)


def figure_words(value: Decimal, unit: str) -> str:
    """A figure as it stands beside its bar: one place at most; % goes with it, other units are told by the axis."""
    rounded = Decimal(value).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    words = f"{rounded:f}".removesuffix(".0")
    return f"{words}%" if unit == "%" else words


def label_words(value: Decimal, unit: str) -> str:
    """The figure of a bar; a score has two places, as everywhere."""
    return f"{Decimal(value):.2f}" if unit == SCORE_UNIT else figure_words(value, unit)


def _is_stacked(plot: Plot) -> bool:
    return plot.form in (Form.STACKED, Form.STACKED_COLUMNS)


def _stacks(plot: Plot) -> list[list[Decimal]]:
    return [
        [Decimal(each.values[at]) for each in plot.series if each.values[at] is not None]
        for at in range(len(plot.categories))
    ]


def _all_values(plot: Plot) -> list[Decimal]:
    return [value for values in _stacks(plot) for value in values]


def _present(plot: Plot, at: int) -> list[tuple[Series, Decimal]]:
    """The series that have a figure for a category, in order. One without any has 无数据."""
    return [(each, Decimal(each.values[at])) for each in plot.series if each.values[at] is not None]


def _round(value: Decimal) -> Decimal:
    return Decimal(value).quantize(HUNDREDTH, rounding=ROUND_HALF_UP)


# ── Drawing ─────────────────────────────────────────────────────────────────
def draw(plot: Plot, width: int | Decimal) -> Drawing:
    """`plot` as lines, bars and words within `width` mm."""
    pen = _Lying(plot, Decimal(width)) if plot.form in (Form.BARS, Form.STACKED) else _Standing(plot, Decimal(width))
    pen.draw()
    return Drawing(
        _round(pen.width), _round(pen.height),
        [Line(*map(_round, each[:4]), each.tone) for each in pen.lines],
        [Bar(*map(_round, each[:4]), each.kind) for each in pen.bars],
        [Text(_round(each.x), _round(each.y), *each[2:]) for each in pen.texts],
    )  # fmt: skip


class _Pen:
    """What both ways have: the legend, the list of strokes."""

    def __init__(self, plot: Plot, width: Decimal):
        self.plot, self.width, self.end = plot, width, axis_end(plot)
        self.lines: list[Line] = []
        self.bars: list[Bar] = []
        self.texts: list[Text] = []
        self.top = Decimal(1)
        self.height = Decimal(0)

    def legend(self) -> None:
        """Of several series; wrapped where it is too long."""
        if len(self.plot.series) < 2:
            return
        x, y = Decimal(0), self.top
        for each in self.plot.series:
            room = Decimal(4) + width_of(each.name) + Decimal(4)
            if x and x + room > self.width:
                x, y = Decimal(0), y + LEGEND - 1
            self.bars.append(Bar(x, y, Decimal("3.2"), TEXT, each.kind))
            self.texts.append(Text(x + 4, y + TEXT - Decimal("0.3"), each.name))
            x += room
        self.top = y + LEGEND

    def on_bar(self, words: str, x: Decimal, y: Decimal, kind: str) -> None:
        """Words in the middle of a bar."""
        if kind == HATCHED:
            wide, high = width_of(words) + 1, TEXT + Decimal("0.2")
            self.bars.append(Bar(x - wide / 2, y - high / 2, wide, high, "plate"))
        tone = "light" if kind in DARK else "ink"
        self.texts.append(Text(x, y + TEXT * Decimal("0.36"), words, "middle", tone))

    def shares(self, value: Decimal, room: Decimal) -> Decimal:
        return min(value, self.end) / self.end * room if value > 0 else Decimal(0)


class _Lying(_Pen):
    """Bars from left to right, one row for each category: BARS beside one another, STACKED in one run."""

    def draw(self) -> None:
        plot = self.plot
        self.legend()
        most = self.width * Decimal("0.36")
        self.left = min(max((width_of(each) for each in plot.categories), default=Decimal(0)), most) + 2
        # Room at the right for the figure behind the longest bar.
        self.room = self.width - self.left - (ROOM_FOR_FIGURE if not _is_stacked(plot) else ROOM_FOR_TICK)
        if plot.marks:
            self.top += MARKS
        self.gap = CLOSE_GAP if len(plot.categories) > MANY else GAP
        begin = y = self.top + 1
        for at, name in enumerate(plot.categories):
            y = self._row(at, name, y)
        self._axis(begin, y)
        self.height = y + AXIS

    def _row(self, at: int, name: str, y: Decimal) -> Decimal:
        present = _present(self.plot, at)
        beside = 1 if _is_stacked(self.plot) or not present else len(present)
        bar = BAR if beside == 1 else LEAST_BAR
        height = bar * beside
        self.texts.append(
            Text(self.left - Decimal("1.5"), y + height / 2 + TEXT * Decimal("0.36"), cut(name, self.left - 2), "end")
        )
        if not present:
            self.texts.append(Text(self.left + 1, y + height / 2 + TEXT * Decimal("0.36"), "无数据", "start", "faint"))
        elif _is_stacked(self.plot):
            self._run(present, y)
        else:
            for number, (series, value) in enumerate(present):
                self._bar(series, value, y + bar * number, bar)
        return y + height + self.gap

    def _bar(self, series: Series, value: Decimal, y: Decimal, height: Decimal) -> None:
        length = self.shares(value, self.room)
        inner = height if height == BAR else height - Decimal("0.3")
        self.bars.append(Bar(self.left, y, length, inner, series.kind))
        words, middle = label_words(value, self.plot.unit), y + height / 2
        if self.plot.marks:  # whose strokes are not to run through the figure
            self.bars.append(
                Bar(self.left + length + Decimal("0.6"), middle - TEXT / 2, width_of(words) + 1, TEXT, "plate")
            )
        self.texts.append(Text(self.left + length + 1, middle + TEXT * Decimal("0.36"), words))

    def _run(self, present: Sequence[tuple[Series, Decimal]], y: Decimal) -> None:
        x = self.left
        for series, value in present:
            # Rounded shares may add up to a little more than the whole.
            length = min(self.shares(value, self.room), self.left + self.room - x)
            if length <= 0:
                continue
            self.bars.append(Bar(x, y, length, BAR, series.kind))
            words = figure_words(value, self.plot.unit)
            if width_of(words) + (4 if series.kind == HATCHED else 1) <= length:
                self.on_bar(words, x + length / 2, y + BAR / 2, series.kind)
            x += length

    def _axis(self, begin: Decimal, end: Decimal) -> None:
        bottom = end - self.gap / 2
        for tick in range(TICKS + 1):
            x = self.left + self.room * tick / TICKS
            self.lines.append(Line(x, begin - Decimal("0.8"), x, bottom, "fine" if tick else "axis"))
            words = figure_words(self.end * tick / TICKS, self.plot.unit)
            unit = self.plot.unit if tick == TICKS and self.plot.unit != "%" else ""
            self.texts.append(
                Text(
                    x,
                    bottom + TEXT + Decimal("0.6"),
                    f"{words} {unit}".strip(),
                    "middle",
                    "faint",
                )
            )
        for mark in self.plot.marks:
            x = self.left + self.shares(mark.value, self.room)
            self.lines.append(Line(x, begin - Decimal("0.8"), x, bottom, "mark"))
            self.texts.append(
                Text(x, begin - Decimal("1.4"), f"{mark.name} {figure_words(mark.value, '')}", "middle", "faint")
            )


class _Standing(_Pen):
    """Bars from the ground up, one column for each category."""

    def draw(self) -> None:
        plot = self.plot
        self.legend()
        ticks = [figure_words(self.end * tick / TICKS, plot.unit) for tick in range(TICKS + 1)]
        self.left = max(map(width_of, ticks)) + 2
        self.room = self.width - self.left
        unit_line = Decimal(0) if plot.unit == "%" else Decimal(3)
        if unit_line:
            self.texts.append(Text(self.left - Decimal("1.2"), self.top + TEXT - 1, plot.unit, "end", "faint"))
        self.ground = self.top + unit_line + 3 + STANDING
        if plot.divide:
            self.ground += MARKS
        for tick, words in enumerate(ticks):
            y = self.ground - STANDING * tick / TICKS
            self.lines.append(Line(self.left, y, self.width, y, "fine" if tick else "axis"))
            self.texts.append(Text(self.left - Decimal("1.2"), y + TEXT * Decimal("0.36"), words, "end", "faint"))
        band = self.room / max(len(plot.categories), 1)
        for at, name in enumerate(plot.categories):
            self._column(at, name, self.left + band * at, band)
        self._marks()
        if plot.divide:
            self._divide(self.left + band * plot.divide.after)
        self.height = self.ground + AXIS

    def _column(self, at: int, name: str, x: Decimal, band: Decimal) -> None:
        present, middle = _present(self.plot, at), x + band / 2
        self.texts.append(Text(middle, self.ground + TEXT + 1, cut(name, band - Decimal("0.6")), "middle"))
        if not present:
            self.texts.append(Text(middle, self.ground - 1, cut("无数据", band), "middle", "faint"))
        elif _is_stacked(self.plot):
            self._pile(present, middle, min(band * Decimal("0.62"), TALL_BAR))
        else:
            width = min(band * Decimal("0.62") / len(present), TALL_BAR)
            left = middle - width * len(present) / 2
            for number, (series, value) in enumerate(present):
                self._bar(series, value, left + width * number, width)

    def _bar(self, series: Series, value: Decimal, x: Decimal, width: Decimal) -> None:
        height = self.shares(value, STANDING)
        self.bars.append(Bar(x, self.ground - height, width, height, series.kind))
        self.texts.append(
            Text(x + width / 2, self.ground - height - Decimal("0.8"), label_words(value, self.plot.unit), "middle")
        )

    def _pile(self, present: Sequence[tuple[Series, Decimal]], middle: Decimal, width: Decimal) -> None:
        y = self.ground
        for series, value in present:
            height = min(self.shares(value, STANDING), y - (self.ground - STANDING))
            if height <= 0:
                continue
            y -= height
            self.bars.append(Bar(middle - width / 2, y, width, height, series.kind))
            words = figure_words(value, "")
            if height >= TEXT + Decimal("0.4") and width_of(words) <= width:
                self.on_bar(words, middle, y + height / 2, series.kind)

    def _marks(self) -> None:
        for mark in self.plot.marks:
            y = self.ground - self.shares(mark.value, STANDING)
            self.lines.append(Line(self.left, y, self.width, y, "mark"))
            words = f"{mark.name} {figure_words(mark.value, self.plot.unit)}"
            self.texts.append(Text(self.width, y - Decimal("0.8"), words, "end", "faint"))

    def _divide(self, x: Decimal) -> None:
        """Its name stands beside its upper end, above the figures of the columns."""
        top = self.ground - STANDING - MARKS - TEXT
        self.lines.append(Line(x, top, x, self.ground, "mark"))
        self.texts.append(Text(x + 1, top + TEXT - Decimal("0.3"), self.plot.divide.name, "start"))
