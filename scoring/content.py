"""What a standard says, as plain values: the form in which it is typed, checked, compared, printed and written to the ledger."""

from dataclasses import asdict, dataclass
from decimal import Decimal

from scoring.rules import FULL_MARK, Thresholds

# A page of the editor must stay under Django's limit of 1000 fields, whoever fills it.
MOST_CRITERIA = 20
MOST_ITEMS = 120


@dataclass(frozen=True)
class Item:
    """扣分细则: so many points for each hit, up to a cap (None: no cap of its own)."""

    text: str
    points: Decimal
    cap: Decimal | None = None
    evidence: str = ""
    is_veto: bool = False


@dataclass(frozen=True)
class Part:
    """评分项 with its share of the 100 points."""

    title: str
    maximum: Decimal
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Content:
    """One version of a standard, whole."""

    title: str
    pass_mark: Decimal
    good_mark: Decimal
    good_inclusive: bool
    veto_cap: Decimal
    is_sample: bool
    criteria: tuple[Part, ...] = ()

    @property
    def full(self) -> Decimal:
        """The sum of the maxima."""
        return sum((part.maximum for part in self.criteria), Decimal(0))

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.pass_mark, self.good_mark, self.good_inclusive, self.veto_cap)

    def as_data(self) -> dict:
        """For the ledger and for JSON: the same words and figures in plain types."""
        return asdict(self)


def figure(value: Decimal) -> str:
    """59.00 → “59”, 0.50 → “0.5”."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def problems(content: Content) -> list[str]:
    """What stands in the way of publishing, in words; empty when nothing does (§5: 百分制)."""
    found = []
    if content.full != FULL_MARK:
        found.append(f"各评分项满分合计为 {figure(content.full)} 分，应为 100 分。")
    found += _wrong_marks(content.thresholds)
    titles = [part.title for part in content.criteria]
    found += [f"评分项“{title}”重名。" for title in dict.fromkeys(titles) if titles.count(title) > 1]
    for number, part in enumerate(content.criteria, start=1):
        found += [f"{number}. {part.title}：{words}" for words in _wrong_part(part)]
    return found


def _wrong_marks(marks: Thresholds) -> list[str]:
    found = []
    if not 0 < marks.pass_mark < marks.good_mark <= FULL_MARK:
        found.append("合格线应大于 0 分，优良线应高于合格线，且不超过 100 分。")
    if marks.good_mark == FULL_MARK and not marks.good_inclusive:
        found.append("优良线为 100 分且不含本数，没有成绩能够评为优良。")
    if not 0 <= marks.veto_cap < marks.pass_mark:
        found.append("一票否决上限应低于合格线，否则命中否决项仍可合格。")
    return found


def _wrong_part(part: Part) -> list[str]:
    found = []
    if part.maximum <= 0:
        found.append("满分应大于 0 分。")
    if not part.items:
        found.append("还没有扣分细则。")
    texts = [item.text for item in part.items]
    found += [f"扣分细则“{text}”重复。" for text in dict.fromkeys(texts) if texts.count(text) > 1]
    for number, item in enumerate(part.items, start=1):
        if item.points <= 0 and not item.is_veto:
            found.append(f"第 {number} 条每处扣分应大于 0 分。")
        if item.cap is not None and item.cap < item.points:
            found.append(f"第 {number} 条扣分上限低于每处扣分。")
        if item.cap is not None and item.cap > part.maximum:
            found.append(f"第 {number} 条扣分上限高于该评分项满分。")
    return found
