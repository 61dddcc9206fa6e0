"""Two versions of a standard side by side: what was added, removed and changed, with the old and the new words and figures.

Criteria are paired by title, deductions within a pair by their words; what is left over is paired with what reads most alike.
Pure: values in, answer out, the same for the same two versions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Generic, TypeVar

from scoring.content import Content, Item, Part, figure

T = TypeVar("T")
ALIKE = 0.6
SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
YES, NO = "是", "否"


@dataclass(frozen=True)
class Change:
    """One property, before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Row(Generic[T]):
    """A criterion or a deduction in both versions; None where it is missing."""

    before: T | None
    after: T | None
    changes: tuple[Change, ...] = ()

    @property
    def kind(self) -> str:
        if self.before is None:
            return ADDED
        if self.after is None:
            return REMOVED
        return CHANGED if self.changes else SAME

    @property
    def changed(self) -> set[str]:
        """The labels of what changed, for the table to mark."""
        return {change.label for change in self.changes}


@dataclass(frozen=True)
class Group:
    """A criterion with the rows of its deductions."""

    head: Row[Part]
    rows: tuple[Row[Item], ...]

    @property
    def count(self) -> int:
        return sum(row.kind != SAME for row in (self.head, *self.rows))

    @property
    def has_changed_rows(self) -> bool:
        return any(row.kind != SAME for row in self.rows)


@dataclass(frozen=True)
class Comparison:
    marks: tuple[Change, ...]
    groups: tuple[Group, ...] = field(default_factory=tuple)

    @property
    def count(self) -> int:
        """How many things differ: 0 for two versions that say the same."""
        return len(self.marks) + sum(group.count for group in self.groups)


def compare(old: Content, new: Content) -> Comparison:
    """What `new` says otherwise than `old`."""
    pairs = _paired(old.criteria, new.criteria, lambda part: part.title, _parts_alike)
    return Comparison(_changes(_mark_words(old), _mark_words(new)), tuple(_group(*pair) for pair in pairs))


def _group(before: Part | None, after: Part | None) -> Group:
    items = _paired(before.items if before else (), after.items if after else (), lambda item: item.text, _items_alike)
    rows = tuple(Row(one, two, _between(one, two, _item_words)) for one, two in items)
    return Group(Row(before, after, _between(before, after, _part_words)), rows)


def _between(before: T | None, after: T | None, words: Callable[[T], dict]) -> tuple[Change, ...]:
    return () if before is None or after is None else _changes(words(before), words(after))


def _changes(before: dict[str, str], after: dict[str, str]) -> tuple[Change, ...]:
    return tuple(Change(label, before[label], after[label]) for label in before if before[label] != after[label])


# ── In words ────────────────────────────────────────────────────────────────
def _mark_words(content: Content) -> dict[str, str]:
    return {
        "名称": content.title,
        "合格线": f"{figure(content.pass_mark)} 分",
        "优良线": f"{figure(content.good_mark)} 分",
        "优良线含本数": YES if content.good_inclusive else NO,
        "一票否决上限": f"{figure(content.veto_cap)} 分",
        "示例": YES if content.is_sample else NO,
    }


def _part_words(part: Part) -> dict[str, str]:
    return {"评分项": part.title, "满分": f"{figure(part.maximum)} 分"}


def _item_words(item: Item) -> dict[str, str]:
    return {
        "扣分内容": item.text,
        "每处扣分": f"{figure(item.points)} 分",
        "扣分上限": "不设上限" if item.cap is None else f"{figure(item.cap)} 分",
        "所需依据": item.evidence or "—",
        "一票否决": YES if item.is_veto else NO,
    }


# ── Which belongs to which ──────────────────────────────────────────────────
def _alike(one: str, two: str) -> float:
    return SequenceMatcher(None, one, two, autojunk=False).ratio()


def _items_alike(one: Item, two: Item) -> float:
    return _alike(one.text, two.text)


def _parts_alike(one: Part, two: Part) -> float:
    """By title, or by the share of deductions that both have."""
    texts, others = {item.text for item in one.items}, {item.text for item in two.items}
    shared = len(texts & others) / max(len(texts | others), 1)
    return max(_alike(one.title, two.title), shared)


def _paired(
    old: Sequence[T], new: Sequence[T], name: Callable[[T], str], alike: Callable[[T, T], float]
) -> list[tuple[T | None, T | None]]:
    """Every old and every new once, in the order of the new; what is gone stands after what stood before it."""
    partner = _same_names(old, new, name)
    left = [(i, j) for i in range(len(old)) for j in range(len(new)) if i not in partner and j not in partner.values()]
    # The most alike first; ties by their places, so that the answer does not depend on chance.
    for likeness, i, j in sorted((-alike(old[i], new[j]), i, j) for i, j in left):
        if -likeness >= ALIKE and i not in partner and j not in partner.values():
            partner[i] = j
    origin = {j: i for i, j in partner.items()}
    rows: list[tuple[int | None, int | None]] = [(origin.get(j), j) for j in range(len(new))]
    for i in range(len(old)):
        if i not in partner:
            rows.insert(_place_after(rows, i), (i, None))
    return [(None if i is None else old[i], None if j is None else new[j]) for i, j in rows]


def _same_names(old: Iterable[T], new: Iterable[T], name: Callable[[T], str]) -> dict[int, int]:
    """Old place → new place of equal names; of several the first with the first."""
    waiting: dict[str, list[int]] = {}
    for j, each in enumerate(new):
        waiting.setdefault(name(each), []).append(j)
    return {i: waiting[name(each)].pop(0) for i, each in enumerate(old) if waiting.get(name(each))}


def _place_after(rows: list[tuple[int | None, int | None]], i: int) -> int:
    """Behind the row of the nearest old one before `i`; at the top where there is none."""
    before = [place for place, (old, _) in enumerate(rows) if old is not None and old < i]
    nearest = max(before, key=lambda place: rows[place][0], default=-1)
    return nearest + 1
