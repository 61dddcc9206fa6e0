"""A sample that anybody can draw again: by the stated algorithm, on every machine alike."""

import hashlib
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspections import draws, rules
from inspections.draws import Candidate

STRATA = ("造价一所 · 结算审核", "造价二所 · 结算审核", "全过程咨询部 · 全过程造价咨询")


def population(count: int = 12, **changed) -> list[Candidate]:
    """`changed` is number → fields that differ."""
    return [
        Candidate(f"2026-{serial:03}", STRATA[serial % 3], **changed.get(f"p{serial}", {})) for serial in range(count)
    ]


def test_ticket_is_the_first_52_bits_of_the_hash():
    assert draws.ticket("7:abc", "2026-000") == int(hashlib.sha256(b"7:abc|2026-000").hexdigest()[:13], 16)
    assert draws.ticket("种子", "2026-ZJ1-001") == int(
        hashlib.sha256("种子|2026-ZJ1-001".encode()).hexdigest()[:13], 16
    )


def test_known_draw_stays_what_it_is():
    """The digest of one draw, written down: another Python, database or machine that differs has broken the algorithm."""
    result = draws.draw("7:abc", population(p4={"weight": Decimal("2.5")}, p7={"forced": "投诉属实"}), 4, algorithm=1)
    assert [row.number for row in result.drawn] == KNOWN
    assert result.digest == KNOWN_DIGEST


KNOWN = ["2026-007", "2026-005", "2026-009", "2026-002"]
KNOWN_DIGEST = "6342d95f4bcb290d4b9ccbb3af61efeab81c753c18db0a50f4c4390921eba7e5"


def test_forced_projects_are_drawn_first_and_in_any_case():
    result = draws.draw("7:abc", population(p3={"forced": "复检"}, p5={"forced": "投诉属实"}), 1)
    assert [(row.number, row.reason) for row in result.drawn] == [("2026-003", "复检"), ("2026-005", "投诉属实")]


def test_greater_weight_gives_a_smaller_key():
    light, heavy = Candidate("1", "x"), Candidate("1", "x", Decimal(4))
    assert draws.key_of("s", light) == 4 * draws.key_of("s", heavy)
    assert isinstance(draws.key_of("s", heavy), Fraction)


@pytest.mark.parametrize(
    ("sizes", "size", "expected"),
    [
        ({"a": 10, "b": 10}, 4, {"a": 2, "b": 2}),
        ({"a": 10, "b": 5}, 4, {"a": 3, "b": 1}),
        ({"b": 1, "a": 1, "c": 1}, 1, {"b": 0, "a": 1, "c": 0}),  # equal remainders: the name that comes first
        ({"a": 2}, 9, {"a": 2}),
        ({}, 3, {}),
        ({"a": 3}, 0, {"a": 0}),
    ],
)
def test_quotas_go_by_largest_remainders(sizes, size, expected):
    assert draws.quotas(sizes, size) == expected


@pytest.mark.parametrize(
    ("seed", "candidates"),
    [
        ("", population()),
        ("s", [Candidate("1", "a"), Candidate("1", "b")]),
        ("s", [Candidate("1", "a", Decimal(0))]),
        ("s", [Candidate("1", "a", Decimal(-1))]),
    ],
)
def test_nonsense_is_refused(seed, candidates):
    with pytest.raises(ValueError):
        draws.draw(seed, candidates, 1)


candidates = st.lists(
    st.builds(
        Candidate,
        number=st.integers(0, 10_000).map(str),
        stratum=st.sampled_from(STRATA),
        weight=st.decimals("0.01", "9.99", places=2),
        forced=st.sampled_from(["", "", "", "复检"]),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda each: each.number,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(candidates, st.integers(0, 70), st.text(min_size=1, max_size=20), st.randoms())
def test_a_draw_is_whole_spread_and_the_same_in_any_order(people, size, seed, dice):
    result = draws.draw(seed, people, size)
    numbers = [row.number for row in result.drawn]
    forced = {each.number for each in people if each.forced}
    assert len(set(numbers)) == len(numbers) == min(max(size, len(forced)), len(people))
    assert set(numbers[: len(forced)]) == forced
    assert sum(result.quotas.values()) == min(max(size, len(forced)), len(people))
    shuffled = list(people)
    dice.shuffle(shuffled)
    again = draws.draw(seed, shuffled, size)
    assert (again.digest, again.drawn) == (result.digest, result.drawn)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(candidates, st.integers(1, 30))
def test_without_forced_projects_every_stratum_gets_its_quota(people, size):
    free = [Candidate(each.number, each.stratum, each.weight) for each in people]
    result = draws.draw("s", free, size)
    found = dict.fromkeys(result.quotas, 0)
    for row in result.drawn:
        found[row.stratum] += 1
    assert found == result.quotas


def test_weights_follow_the_formula_on_the_page():
    assert rules.weight(rules.Risk()) == Decimal("1.00")
    assert rules.weight(rules.Risk(overdue_clocks=2)) == Decimal("2.00")
    assert rules.weight(rules.Risk(overdue_clocks=9)) == Decimal("3.00")
    assert rules.weight(rules.Risk(remarks_per_million=Decimal("3.5"))) == Decimal("1.35")
    assert rules.weight(rules.Risk(remarks_per_million=Decimal(50))) == Decimal("2.00")
    assert rules.weight(rules.Risk(last_score=Decimal("80"))) == Decimal("1.00")
    assert rules.weight(rules.Risk(last_score=Decimal("59.99"))) == Decimal("2.00")
    assert rules.weight(rules.Risk(1, Decimal(1), Decimal(70))) == Decimal("2.10")


@pytest.mark.parametrize(
    ("percent", "whole", "wanted"), [(30, 10, 3), (30, 11, 4), (100, 7, 7), (1, 1, 1), (50, 0, 0)]
)
def test_a_target_is_rounded_up_so_that_it_is_reached(percent, whole, wanted):
    assert rules.wanted(percent, whole) == wanted


def test_coverage_of_nothing_is_no_data():
    assert rules.coverage(0, 0) is None
    assert rules.coverage(1, 3) == Decimal("33.33")
