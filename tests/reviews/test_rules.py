from decimal import Decimal

import pytest

from reviews import rules


def test_amount_steps_tell_the_difference_of_each_level():
    steps = rules.amount_steps(
        [("送审", Decimal(1000)), ("初稿", None), ("校核", Decimal(950)), ("复核", Decimal(950))]
    )
    assert [(s.title, s.difference, s.percent) for s in steps] == [
        ("送审", None, None),
        ("校核", Decimal(-50), Decimal("-5.00")),
        ("复核", Decimal(0), Decimal("0.00")),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(1000, 950, False), (1000, 949, True), (1000, 1051, True), (1000, 1000, False), (0, 1, True)],
)
def test_swing_is_more_than_the_threshold(before, after, expected):
    step = rules.amount_steps([("甲", Decimal(before)), ("乙", Decimal(after))])[1]
    assert rules.is_swing(step, Decimal(5)) is expected


@pytest.mark.parametrize(
    ("rows", "none", "is_wrong"),
    [([], True, False), (["价差"], False, False), ([], False, True), (["价差"], True, True)],
)
def test_statement_is_rows_or_an_explicit_none(rows, none, is_wrong):
    assert bool(rules.statement_problem(rows, none, "未决事项")) is is_wrong


@pytest.mark.parametrize(
    ("pattern", "is_wrong"),
    [
        ("{year}-{unit}-{line}-{serial:04d}", False),
        ("造审字〔{year}〕{serial}号", False),
        ("{unit}-{serial}", True),
        ("{year}-{unit}", True),
        ("{year}-{serial}-{serial}", True),
        ("{year}-{client}-{serial}", True),
        ("{year-{serial}", True),
    ],
)
def test_number_pattern_is_checked(pattern, is_wrong):
    assert bool(rules.number_pattern_problem(pattern)) is is_wrong
