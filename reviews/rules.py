"""Pure decisions of the chain: values in, answer out. No ORM, no clock."""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class AmountStep:
    """The amount (元) as it stood after one step, and the difference to the step before."""

    title: str
    amount: Decimal
    difference: Decimal | None
    percent: Decimal | None

    @property
    def percent_words(self) -> str:
        """“−6.34%” with a true minus sign; — where there is nothing to compare with."""
        return "—" if self.percent is None else f"{self.percent}%".replace("-", "−")


def percent_of(difference: Decimal, base: Decimal) -> Decimal | None:
    """`difference` in percent of `base`, two places, half up; None when the base is zero."""
    if base == 0:
        return None
    return (difference * HUNDRED / base).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def amount_steps(amounts: Iterable[tuple[str, Decimal | None]]) -> list[AmountStep]:
    """送审 → 初稿 → each level, with the difference found by each (rule 10). Steps without an amount are left out."""
    steps: list[AmountStep] = []
    for title, amount in amounts:
        if amount is None:
            continue
        previous = steps[-1].amount if steps else None
        difference = None if previous is None else amount - previous
        percent = None if previous is None else percent_of(amount - previous, previous)
        steps.append(AmountStep(title, amount, difference, percent))
    return steps


def is_swing(step: AmountStep, threshold_percent: Decimal) -> bool:
    """Whether the amount moved more than the threshold between two steps."""
    if step.difference is None or step.difference == 0:
        return False
    return step.percent is None or abs(step.percent) > threshold_percent


@dataclass(frozen=True)
class Prompt:
    """Something that the system knows and a signer should not overlook; `code` tells prompts apart."""

    code: str
    text: str


def unacknowledged(prompts: Iterable[Prompt], codes: Iterable[str]) -> list[Prompt]:
    known = set(codes)
    return [prompt for prompt in prompts if prompt.code not in known]


def statement_problem(rows: Sequence[str], declares_none: bool, name: str) -> str | None:
    """Rule 4: rows or an explicit 无, never neither, never both. Returns what is wrong, or None."""
    if rows and declares_none:
        return f"已填写{name}，不能同时声明“无”。"
    if not rows and not declares_none:
        return f"请填写{name}，或明确声明“无”。应说明而未说明的，视同对其已认同。"
    return None


NUMBER_PARTS = {"year": 2026, "unit": "ZJ1", "line": "JSSH"}


def number_pattern_problem(pattern: str) -> str | None:
    """What is wrong with an issue number pattern, in Chinese, or None. It needs {year} and exactly one serial."""
    if pattern.count("{serial") != 1:
        return "编号规则须包含且只包含一个流水号，如 {serial:04d}。"
    if "{year}" not in pattern:
        return "编号规则须包含年份 {year}：流水号按年另起。"
    try:
        pattern.format(serial=1, **NUMBER_PARTS)
    except (KeyError, IndexError, ValueError):
        return "编号规则中只能使用 {year}、{unit}、{line} 和 {serial}。"
    return None


# ── Checklists ──────────────────────────────────────────────────────────────
def checklist_digest(rows: Iterable[tuple[int, str]]) -> str:
    """What a page showed of a checklist, from (id, text) in order: a page with another digest showed another list."""
    told = "\n".join(f"{pk} {text}" for pk, text in rows)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def same_words(text: str, other: str) -> bool:
    """Whether two lines say the same but for spaces, punctuation and the width of letters."""
    return _words(text) == _words(other)


def _words(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
