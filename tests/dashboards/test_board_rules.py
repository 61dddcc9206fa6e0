"""The pure rules of the managers' dashboard."""

from decimal import Decimal

import pytest

from dashboards.board import rules
from reviews.figures import error_bin


@pytest.mark.parametrize(
    ("part", "whole", "found"), [(2, 3, "66.7"), (1, 3, "33.3"), (0, 5, "0.0"), (5, 5, "100.0"), (1, 800, "0.1")]
)
def test_percent_has_one_place_rounded_half_up(part, whole, found):
    assert rules.percent(part, whole) == Decimal(found)


def test_nothing_is_no_percentage_of_nothing():
    assert rules.percent(0, 0) is None
    assert rules.mean([]) is None
    assert rules.days_summary([]) == (None, None, None)


def test_mean_and_days_are_rounded_at_the_end():
    assert rules.mean([Decimal("1.00"), Decimal("2.01")]) == Decimal("1.51")
    assert rules.days_summary([0.5, 1.0, 4.06]) == (Decimal("1.0"), Decimal("1.9"), Decimal("4.1"))


@pytest.mark.parametrize(("flags", "run"), [("", 0), ("0", 0), ("1101110", 3), ("111", 3)])
def test_longest_run(flags, run):
    assert rules.longest_run(flag == "1" for flag in flags) == run


def test_quick_is_less_than_three_minutes_for_each_file():
    begun, second = 1_772_000_000_000_000, 1_000_000
    assert rules.is_quick(begun, begun + 179 * second, 1)
    assert rules.is_quick(begun, begun + 180 * second - 1, 1)
    assert not rules.is_quick(begun, begun + 180 * second, 1)
    assert rules.is_quick(begun, begun + 480 * second, 3)
    assert rules.is_quick(begun, begun + 60 * second, 0)
    assert not rules.is_quick(None, begun, 1)


@pytest.mark.parametrize(
    ("rate", "key"),
    [
        ("0", "0-1"),
        ("1", "0-1"),
        ("1.01", "1-2"),
        ("2", "1-2"),
        ("3", "2-3"),
        ("3.01", "3-5"),
        ("5", "3-5"),
        ("5.01", "5-"),
    ],
)
def test_three_percent_itself_is_within_the_line(rate, key):
    assert error_bin(Decimal(rate)) == key
