"""The figures behind a deliverable: lines of a bill of quantities, settled and corrected, with totals to the cent."""

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from random import Random

from dashboards.demo.catalogue import CATALOGUES, places_of

CENT = Decimal("0.01")
# A unit that is counted has whole quantities; weight has three places, everything else two.
COUNTED = {"个", "根", "樘", "套", "台", "组", "座", "株"}
FEE_RATE, TAX_RATE = Decimal("0.0262"), Decimal("0.09")
# Price measures in percent of the work's price.
MEASURES = [
    ("安全文明施工费", "4.58"), ("夜间施工增加费", "0.16"), ("二次搬运费", "0.32"), ("冬雨季施工增加费", "0.11"),
    ("已完工程及设备保护费", "0.07"), ("工程定位复测费", "0.05"),
]  # fmt: skip
REASONS = [
    "工程量按竣工图及现场实测核减", "与相邻构件重复计算，扣除重叠部分", "未扣除门窗洞口所占面积", "签证单未经监理签认，暂不计取",
    "计算式取值与图示尺寸不符", "变更单已取消该部位，予以扣除",
]  # fmt: skip
PRICE_REASONS = ["综合单价按投标文件执行", "主材价按施工期信息价调整", "定额套用不当，按规定子目重新组价"]


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def _rounded(quantity: Decimal, unit: str) -> Decimal:
    step = Decimal(1) if unit in COUNTED else Decimal("0.001") if unit == "t" else CENT
    return max(step, quantity.quantize(step, rounding=ROUND_HALF_UP))


@dataclass(frozen=True)
class Line:
    """One item at one place: as submitted (送审) and as settled (审定). Quantities in `unit`, prices in 元."""

    section: str
    code: str
    name: str
    feature: str
    unit: str
    quantity: Decimal
    price: Decimal
    settled_quantity: Decimal
    settled_price: Decimal
    reason: str = ""

    @cached_property
    def total(self) -> Decimal:
        return cents(self.quantity * self.price)

    @cached_property
    def settled_total(self) -> Decimal:
        return cents(self.settled_quantity * self.settled_price)

    @property
    def difference(self) -> Decimal:
        return self.settled_total - self.total


@dataclass(frozen=True)
class Summary:
    """The totals of one side (送审 or 审定), in 元."""

    works: Decimal
    measures: tuple[Decimal, ...]
    other: Decimal

    @cached_property
    def measures_total(self) -> Decimal:
        return sum(self.measures, Decimal(0))

    @cached_property
    def before_fees(self) -> Decimal:
        return self.works + self.measures_total + self.other

    @cached_property
    def fees(self) -> Decimal:
        return cents(self.before_fees * FEE_RATE)

    @cached_property
    def tax(self) -> Decimal:
        return cents((self.before_fees + self.fees) * TAX_RATE)

    @cached_property
    def total(self) -> Decimal:
        return self.before_fees + self.fees + self.tax


def _summary(works: Decimal, other: Decimal) -> Summary:
    return Summary(works, tuple(cents(works * Decimal(rate) / 100) for _, rate in MEASURES), other)


@dataclass(frozen=True)
class Flaw:
    """A line that the preparer settled wrongly: what a reviewer finds, and how the line reads once corrected."""

    index: int
    corrected: Line


@dataclass(frozen=True)
class Book:
    """All lines of one deliverable. `flaws` are mistakes still in it; `correct` takes some of them out."""

    lines: tuple[Line, ...]
    flaws: tuple[Flaw, ...]
    other: tuple[Decimal, Decimal]  # 签证及其他项目费: 送审, 审定
    version: int = field(default=1)

    @cached_property
    def submitted(self) -> Summary:
        return _summary(sum((line.total for line in self.lines), Decimal(0)), self.other[0])

    @cached_property
    def settled(self) -> Summary:
        return _summary(sum((line.settled_total for line in self.lines), Decimal(0)), self.other[1])

    @property
    def sections(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.section, []).append(line)
        return found

    def correct(self, count: int | None = None) -> "Book":
        """The next version: the first `count` flaws (all, if not given) put right."""
        count = len(self.flaws) if count is None else count
        lines = list(self.lines)
        for flaw in self.flaws[:count]:
            lines[flaw.index] = flaw.corrected
        return replace(self, lines=tuple(lines), flaws=self.flaws[count:], version=self.version + 1)

    def effect_of(self, flaw: Flaw) -> Decimal:
        """What correcting the line alone does to its total, in 元, before fees and tax."""
        return flaw.corrected.settled_total - self.lines[flaw.index].settled_total


def write_book(seed: str, discipline: str, target: int, flaws: int = 6) -> Book:
    """Lines of a discipline that come to about `target` 元 as submitted; the same seed gives the same book."""
    dice = Random(seed)  # noqa: S311 — invented figures, no secret
    lines, serials = [], {}
    for section, items in CATALOGUES[discipline].items():
        for code, name, feature, unit, price, quantity in items:
            for place in places_of(discipline, section):
                serials[code] = serials.get(code, 0) + 1
                amount = _rounded(Decimal(quantity) * _about(dice, 0.35), unit)
                cost = cents(Decimal(price) * _about(dice, 0.06))
                lines.append(
                    Line(section, f"{code}{serials[code]:03}", name, f"1.{feature}\n2.部位：{place}", unit,
                         amount, cost, amount, cost)
                )  # fmt: skip
    raw = _summary(sum((line.total for line in lines), Decimal(0)), Decimal(0)).total
    scaled = [_scaled(line, Decimal(target) / raw) for line in lines]
    settled = [_settle(line, dice) for line in scaled]
    other = cents(Decimal(target) * Decimal("0.014") * _about(dice, 0.4))
    return Book(tuple(settled), _flaws(settled, flaws, dice), (other, cents(other * Decimal("0.86"))))


def _about(dice: Random, spread: float) -> Decimal:
    """A factor around 1."""
    return Decimal(dice.randint(int(1000 * (1 - spread)), int(1000 * (1 + spread)))) / 1000


def _scaled(line: Line, factor: Decimal) -> Line:
    quantity = _rounded(line.quantity * factor, line.unit)
    return replace(line, quantity=quantity, settled_quantity=quantity)


def _settle(line: Line, dice: Random) -> Line:
    """What the review of a settlement does: most lines stand, a third loses quantity, some lose price, few gain."""
    chance = dice.randrange(100)
    if chance < 34:
        share = Decimal(dice.randint(72, 97)) / 100
        return replace(line, settled_quantity=_rounded(line.quantity * share, line.unit), reason=dice.choice(REASONS))
    if chance < 46:
        share = Decimal(dice.randint(86, 98)) / 100
        return replace(line, settled_price=cents(line.price * share), reason=dice.choice(PRICE_REASONS))
    if chance < 49:
        return replace(
            line, settled_quantity=_rounded(line.quantity * Decimal("1.03"), line.unit), reason="送审漏计，按图补计"
        )
    return line


def _flaws(lines: list[Line], count: int, dice: Random) -> tuple[Flaw, ...]:
    """Lines of some weight whose quantity should be lower still."""
    heavy = sorted(range(len(lines)), key=lambda index: lines[index].settled_total, reverse=True)[: count * 6]
    found = []
    for index in sorted(dice.sample(heavy, count)):
        line = lines[index]
        share = Decimal(dice.randint(88, 97)) / 100
        corrected = replace(
            line, settled_quantity=_rounded(line.settled_quantity * share, line.unit),
            reason="校审后核减：" + dice.choice(REASONS),
        )  # fmt: skip
        found.append(Flaw(index, corrected))
    return tuple(found)
