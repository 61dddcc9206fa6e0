"""The score maths over standards and sheets of every kind, not only the seeded ones."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.rules import FAIL, GOOD, PASS, DeductionRule, Thresholds, grade, points_lost, total

DEFAULT = Thresholds()
points = st.decimals(0, 100, places=2)
counts = st.one_of(st.integers(0, 60).map(Decimal), st.decimals(0, 20, places=2))


@st.composite
def standards(draw):
    """Maxima that add up to 100, and rules on them."""
    cuts = sorted(draw(st.lists(st.integers(1, 99), max_size=6, unique=True)))
    maxima = {n: Decimal(b - a) for n, (a, b) in enumerate(zip([0, *cuts], [*cuts, 100], strict=True))}
    rule = st.builds(
        DeductionRule, criterion=st.sampled_from(sorted(maxima)), points=points,
        cap=st.none() | points, is_veto=st.booleans(),
    )  # fmt: skip
    return maxima, dict(enumerate(draw(st.lists(rule, min_size=1, max_size=8))))


@st.composite
def sheets(draw):
    """A standard and what was hit of it, each item once."""
    maxima, rules = draw(standards())
    hits = draw(st.dictionaries(st.sampled_from(sorted(rules)), counts))
    return maxima, rules, hits


def exact(maxima, rules, hits) -> Fraction:
    """The total by other means: fractions, criterion by criterion, without a veto."""
    whole = Fraction(0)
    for key, maximum in maxima.items():
        lost = Fraction(0)
        for item, count in hits.items():
            if rules[item].criterion == key:
                each = Fraction(rules[item].points) * Fraction(count)
                lost += each if rules[item].cap is None else min(each, Fraction(rules[item].cap))
        whole += max(Fraction(0), Fraction(maximum) - lost)
    return whole


def is_vetoed(rules, hits) -> bool:
    return any(rules[item].is_veto and count > 0 for item, count in hits.items())


@given(sheets())
def test_total_is_what_fractions_say_rounded_half_up_and_capped_by_a_veto(sheet):
    maxima, rules, hits = sheet
    expected = exact(maxima, rules, hits)
    if is_vetoed(rules, hits):
        expected = min(expected, Fraction(59))
    cents = expected * 100
    half_up = (cents + Fraction(1, 2)).__floor__()
    assert total(maxima, rules, hits.items(), DEFAULT) == Decimal(half_up) / 100


@given(sheets())
def test_total_stays_within_0_and_100_with_two_places(sheet):
    maxima, rules, hits = sheet
    found = total(maxima, rules, hits.items(), DEFAULT)
    assert 0 <= found <= 100
    assert found.as_tuple().exponent == -2


@given(sheets())
def test_cap_of_an_item_is_never_passed(sheet):
    _, rules, hits = sheet
    for item, count in hits.items():
        lost = points_lost(rules[item], count)
        assert 0 <= lost <= rules[item].points * count
        assert rules[item].cap is None or lost <= rules[item].cap


@given(sheets())
def test_criterion_that_is_lost_takes_nothing_of_the_others(sheet):
    maxima, rules, hits = sheet
    hits = {item: count for item, count in hits.items() if not rules[item].is_veto}
    touched = {rules[item].criterion for item in hits}
    untouched = sum((maximum for key, maximum in maxima.items() if key not in touched), Decimal(0))
    assert total(maxima, rules, hits.items(), DEFAULT) >= untouched


@given(sheets(), points)
def test_veto_caps_and_never_raises(sheet, veto_cap):
    maxima, rules, hits = sheet
    marks = Thresholds(veto_cap=veto_cap)
    tame = {item: DeductionRule(rule.criterion, rule.points, rule.cap, is_veto=False) for item, rule in rules.items()}
    without, found = (total(maxima, each, hits.items(), marks) for each in (tame, rules))
    assert found == (min(without, veto_cap) if is_vetoed(rules, hits) else without)


@given(sheets())
def test_any_veto_is_a_fail(sheet):
    maxima, rules, hits = sheet
    if is_vetoed(rules, hits):
        assert grade(total(maxima, rules, hits.items(), DEFAULT), DEFAULT) == FAIL


@given(sheets(), st.randoms())
def test_order_of_criteria_items_and_hits_does_not_matter(sheet, random):
    maxima, rules, hits = (list(each.items()) for each in sheet)
    expected = total(dict(maxima), dict(rules), hits, DEFAULT)
    for each in (maxima, rules, hits):
        random.shuffle(each)
    assert total(dict(maxima), dict(rules), hits, DEFAULT) == expected


@given(sheets(), st.data())
def test_more_hits_never_raise_the_total(sheet, data):
    maxima, rules, hits = sheet
    item, more = data.draw(st.sampled_from(sorted(rules))), data.draw(counts)
    worse = hits | {item: hits.get(item, Decimal(0)) + more}
    assert total(maxima, rules, worse.items(), DEFAULT) <= total(maxima, rules, hits.items(), DEFAULT)


@given(sheets())
def test_item_told_twice_counts_once_under_one_cap(sheet):
    maxima, rules, hits = sheet
    told_twice = [(item, count / 2) for item, count in hits.items()] * 2
    assert total(maxima, rules, told_twice, DEFAULT) == total(maxima, rules, hits.items(), DEFAULT)


@given(points, points, points, st.booleans())
def test_each_total_has_one_grade_and_the_marks_divide_them(score, one, two, inclusive):
    low, high = sorted((one, two))
    marks = Thresholds(low, high, inclusive)
    found = grade(score, marks)
    assert (found == FAIL) == (score < low)
    if score >= low:
        assert (found == GOOD) == (score > high or (inclusive and score == high))


# A criterion of 100 and an item that takes the hundredth part of a point for each hit: any total can be made.
FINE = {1: DeductionRule(criterion=1, points=Decimal("0.01"), cap=None, is_veto=False)}


@pytest.mark.parametrize(
    ("lost", "expected", "word"),
    [
        ("40.01", "59.99", FAIL), ("40", "60.00", PASS), ("20", "80.00", PASS), ("19.99", "80.01", GOOD),
        # Rounded first, then graded; half up, never half to even.
        ("40.005", "60.00", PASS), ("40.0051", "59.99", FAIL), ("19.995", "80.01", GOOD), ("19.9951", "80.00", PASS),
        ("0.015", "99.99", GOOD), ("0.025", "99.98", GOOD), ("99.995", "0.01", FAIL), ("99.9951", "0.00", FAIL),
    ],
)  # fmt: skip
def test_totals_at_the_boundaries(lost, expected, word):
    found = total({1: Decimal(100)}, FINE, [(1, Decimal(lost) * 100)], DEFAULT)
    assert (found, grade(found, DEFAULT)) == (Decimal(expected), word)


@given(st.decimals(0, 100, places=4))
def test_rounding_is_half_up(lost):
    found = total({1: Decimal(100)}, FINE, [(1, lost * 100)], DEFAULT)
    assert found == (Decimal(100) - lost).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
