"""Drawing a sample that anybody can draw again (§4). Values in, answer out: no ORM, no clock, no `random`, no hash order.

The algorithm (version 2), stated so that it can be followed with paper and a SHA-256 tool:

1. Forced projects (confirmed complaint, re-inspection due) are drawn first, in the order of their numbers.
2. Every other project gets a ticket: SHA-256 of "seed|project number" in UTF-8, its first 13 hexadecimal digits as an
   integer u (52 bits), and the key k = (u + 1) / 2**52 / weight, compared as exact fractions. Small keys come first.
   (A project of weight 2 has half the key it would have with weight 1: its chance is greater.)
3. Each stratum (unit × business line) is filled up to its quota, less the forced projects that it has already.
   Quotas are shares of the sample by the size of the strata, by largest remainders; of equal remainders the one with the
   smaller ticket of "seed|stratum" comes first. A stratum gives at most what it has; what is left over goes to the smallest keys of the others.
4. The result is the forced ones and then the drawn ones by key. Equal keys (never seen) go by project number.

Version 1 gave equal remainders to the stratum whose name comes first: with many small strata the same ones went empty
in every draw. Draws made by it are still drawn again by it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from fractions import Fraction

ALGORITHM = 2
_BITS = 52


@dataclass(frozen=True)
class Candidate:
    """A project that may be drawn. `weight` is positive; `forced` says why it is drawn in any case, if it is."""

    number: str
    stratum: str
    weight: Decimal = Decimal(1)
    forced: str = ""


@dataclass(frozen=True)
class Drawn:
    """One line of the result: how the project came into the sample."""

    number: str
    stratum: str
    reason: str
    key: str = ""


@dataclass(frozen=True)
class Result:
    """A draw with everything that is needed to draw it again."""

    seed: str
    size: int
    quotas: Mapping[str, int]
    drawn: Sequence[Drawn]
    population: Sequence[Candidate] = field(default=())
    algorithm: int = ALGORITHM

    @property
    def digest(self) -> str:
        """SHA-256 of seed, population and result: two draws with one digest are the same draw."""
        content = {
            "algorithm": self.algorithm,
            "seed": self.seed,
            "size": self.size,
            "population": [
                {**asdict(each), "weight": format(each.weight.normalize(), "f")} for each in self.population
            ],
            "drawn": [asdict(each) for each in self.drawn],
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def ticket(seed: str, name: str) -> int:
    """The 52-bit ticket of a project or a stratum: the first 13 hexadecimal digits of SHA-256("seed|name")."""
    return int(hashlib.sha256(f"{seed}|{name}".encode()).hexdigest()[:13], 16)


def key_of(seed: str, candidate: Candidate) -> Fraction:
    """The project's place in the order of drawing; exact, so that no machine rounds it differently."""
    return Fraction(ticket(seed, candidate.number) + 1, 2**_BITS) / Fraction(candidate.weight)


def quotas(sizes: Mapping[str, int], size: int, seed: str = "") -> dict[str, int]:
    """Shares of `size` by the sizes of the strata, by largest remainders; never more than a stratum has. Of equal remainders
    the smaller ticket under `seed` comes first; without a seed (version 1) the name.

    Raises ValueError for a negative size."""
    if size < 0:
        raise ValueError("样本量不能为负数")
    whole = sum(sizes.values())
    if not whole:
        return dict.fromkeys(sizes, 0)
    size = min(size, whole)
    exact = {name: Fraction(size * count, whole) for name, count in sizes.items()}
    shares = {name: int(share) for name, share in exact.items()}
    left = size - sum(shares.values())
    tickets = {name: ticket(seed, name) if seed else 0 for name in sizes}
    for name in sorted(sizes, key=lambda name: (shares[name] - exact[name], tickets[name], name))[:left]:
        shares[name] += 1
    return shares


def draw(seed: str, candidates: Sequence[Candidate], size: int, algorithm: int = ALGORITHM) -> Result:
    """Draw `size` projects (more, if more are forced) by a version of the algorithm. Raises ValueError for an empty seed, a project that stands twice
    in the population, or a weight that is not positive."""
    if not seed:
        raise ValueError("抽样种子不能为空")
    population = sorted(candidates, key=lambda each: each.number)
    numbers = [each.number for each in population]
    if len(set(numbers)) != len(numbers):
        raise ValueError("同一项目在总体中出现两次")
    if any(each.weight <= 0 for each in population):
        raise ValueError("权重须为正数")
    forced = [each for each in population if each.forced]
    free = sorted((each for each in population if not each.forced), key=lambda each: (key_of(seed, each), each.number))
    sizes: dict[str, int] = {}
    for each in population:
        sizes[each.stratum] = sizes.get(each.stratum, 0) + 1
    wanted = quotas(sizes, max(size, len(forced)), "" if algorithm == 1 else seed)
    room = dict(wanted)
    for each in forced:
        room[each.stratum] -= 1
    chosen = list(forced)
    for each in free:
        if len(chosen) < size and room[each.stratum] > 0:
            room[each.stratum] -= 1
            chosen.append(each)
    # A stratum whose quota went to forced projects of another leaves room: the smallest keys of all the others fill it.
    taken = {each.number for each in chosen}
    chosen += [each for each in free if each.number not in taken][: max(size - len(chosen), 0)]
    order = {each.number: place for place, each in enumerate(free)}
    chosen.sort(key=lambda each: (not each.forced, order.get(each.number, 0), each.number))
    drawn = [
        Drawn(each.number, each.stratum, each.forced or "抽取", "" if each.forced else key_text(key_of(seed, each)))
        for each in chosen
    ]
    return Result(seed, size, wanted, drawn, population, algorithm)


def key_text(key: Fraction) -> str:
    """A key to twelve decimal places (cut, not rounded), for the page."""
    return f"{key.numerator * 10**12 // key.denominator / Decimal(10**12):.12f}"
