"""Score maths, as sentences and as properties."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.rules import FAIL, GOOD, PASS, DeductionRule, Thresholds, grade, points_lost, total

DEFAULT = Thresholds()
INCLUSIVE = Thresholds(good_inclusive=True)
MAXIMA = {1: Decimal(40), 2: Decimal(60)}
RULES = {
    1: DeductionRule(criterion=1, points=Decimal("0.5"), cap=Decimal(3), is_veto=False),
    2: DeductionRule(criterion=1, points=Decimal(5), cap=None, is_veto=False),
    3: DeductionRule(criterion=2, points=Decimal(2), cap=Decimal(10), is_veto=False),
    4: DeductionRule(criterion=2, points=Decimal(5), cap=None, is_veto=True),
}

points = st.decimals(0, 100, places=2)
hit_lists = st.lists(
    st.tuples(st.sampled_from(sorted(RULES)), st.integers(0, 40).map(Decimal)), unique_by=lambda h: h[0]
)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("0", FAIL), ("59.99", FAIL), ("60", PASS), ("60.01", PASS), ("79.99", PASS), ("80", PASS), ("80.01", GOOD),
        ("86.5", GOOD), ("100", GOOD),
    ],
)  # fmt: skip
def test_grade_at_the_boundaries(score, expected):
    assert grade(Decimal(score), DEFAULT) == expected


def test_80_is_good_where_the_parameter_says_so():
    assert grade(Decimal(80), INCLUSIVE) == GOOD
    assert grade(Decimal("79.99"), INCLUSIVE) == PASS


@given(points, points)
def test_a_higher_total_never_has_a_lower_grade(a, b):
    order = [FAIL, PASS, GOOD]
    low, high = sorted((a, b))
    assert order.index(grade(low, DEFAULT)) <= order.index(grade(high, DEFAULT))


@given(points)
def test_the_parameter_changes_the_grade_of_80_alone(score):
    assert (grade(score, DEFAULT) != grade(score, INCLUSIVE)) == (score == 80)


def test_no_hit_is_full_mark():
    assert total(MAXIMA, RULES, [], DEFAULT) == Decimal("100.00")


def test_half_a_point_is_lost_for_each_hit():
    assert total(MAXIMA, RULES, [(1, Decimal(3))], DEFAULT) == Decimal("98.50")


def test_cap_of_an_item_holds():
    assert points_lost(RULES[1], Decimal(100)) == Decimal(3)
    assert total(MAXIMA, RULES, [(1, Decimal(100))], DEFAULT) == Decimal("97.00")


def test_criterion_loses_no_more_than_its_maximum():
    assert total(MAXIMA, RULES, [(2, Decimal(40))], DEFAULT) == Decimal("60.00")


def test_veto_caps_the_total():
    assert total(MAXIMA, RULES, [(4, Decimal(1))], DEFAULT) == Decimal("59.00")


def test_veto_does_not_raise_a_total_below_its_cap():
    assert total(MAXIMA, RULES, [(4, Decimal(40)), (2, Decimal(40))], DEFAULT) == Decimal("0.00")


def test_veto_hit_no_time_is_no_veto():
    assert total(MAXIMA, RULES, [(4, Decimal(0))], DEFAULT) == Decimal("100.00")


def test_negative_hits_are_refused():
    with pytest.raises(ValueError, match="负数"):
        total(MAXIMA, RULES, [(1, Decimal(-1))], DEFAULT)


@given(hit_lists)
def test_total_stays_within_0_and_100(hits):
    assert 0 <= total(MAXIMA, RULES, hits, DEFAULT) <= 100


@given(hit_lists, st.sampled_from(sorted(RULES)))
def test_one_more_hit_never_raises_the_total(hits, item):
    more = dict(hits)
    more[item] = more.get(item, Decimal(0)) + 1
    assert total(MAXIMA, RULES, more.items(), DEFAULT) <= total(MAXIMA, RULES, hits, DEFAULT)


@given(hit_lists, st.randoms())
def test_order_of_hits_does_not_matter(hits, random):
    shuffled = random.sample(hits, len(hits))
    assert total(MAXIMA, RULES, shuffled, DEFAULT) == total(MAXIMA, RULES, hits, DEFAULT)


@given(hit_lists)
def test_any_veto_fails_the_whole(hits):
    if any(RULES[item].is_veto and count > 0 for item, count in hits):
        assert grade(total(MAXIMA, RULES, hits, DEFAULT), DEFAULT) == FAIL
