"""Who stands where: shared places, order independence, monotony; the score of a person; words for a change of place."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankings import rules
from rankings.choices import Board
from rankings.rules import Row

quick = settings(max_examples=150, deadline=None, derandomize=True)
# Few values, so that much ties.
points = st.sampled_from([Decimal(text) for text in ("59", "60.5", "80", "92.05")])
shares = st.sampled_from([Decimal("33.33"), Decimal("50"), Decimal("66.67")])


def project(subject, score, share="50", findings=0, on_time=True) -> Row:
    facts = {"lowest_share": Decimal(share), "findings": findings, "on_time": on_time}
    return Row(subject, f"项目 {subject}", "造价一所", Decimal(score), 1, "合格", facts, (subject,))


@st.composite
def rows(draw):
    count = draw(st.integers(0, 12))
    return [project(n, draw(points), draw(shares), draw(st.integers(0, 2)), draw(st.booleans())) for n in range(count)]


def places(found) -> dict[int, int]:
    return {each.subject: each.place for each in found}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (project(1, "80.01", "10", 9, False), project(2, "80", "90")),
        (project(1, "80", "66.67", 9, False), project(2, "80", "66.66")),
        (project(1, "80", "50", 1, False), project(2, "80", "50", 2, True)),
        (project(1, "80", "50", 1, True), project(2, "80", "50", 1, False)),
    ],
)
def test_tie_is_broken_by_weakest_criterion_then_findings_then_punctuality(better, worse):
    assert [(each.subject, each.place) for each in rules.ranked(Board.PROJECT, [worse, better])] == [(1, 1), (2, 2)]


def test_equals_share_a_place_and_the_next_is_left_out():
    same = [project(n, "80") for n in (3, 1)]
    found = rules.ranked(Board.PROJECT, [*same, project(2, "70")])
    assert [(each.label, each.place) for each in found] == [("项目 1", 1), ("项目 3", 1), ("项目 2", 3)]
    assert rules.shares_place(found) == {1}


@quick
@given(rows(), st.randoms())
def test_places_do_not_depend_on_the_order_of_the_rows(found, dice):
    shuffled = list(found)
    dice.shuffle(shuffled)
    assert rules.ranked(Board.PROJECT, shuffled) == rules.ranked(Board.PROJECT, found)


@quick
@given(rows())
def test_place_is_one_more_than_the_number_of_those_who_are_better(found):
    keys = {row.subject: rules.project_key(row) for row in found}
    for each in rules.ranked(Board.PROJECT, found):
        assert each.place == 1 + sum(key > keys[each.subject] for key in keys.values())


@quick
@given(rows().filter(bool), st.sampled_from(["0.01", "5"]), st.data())
def test_more_points_never_lose_a_place(found, more, data):
    chosen = data.draw(st.sampled_from(found))
    lifted = [row._replace(score=row.score + Decimal(more)) if row is chosen else row for row in found]
    before, after = (places(rules.ranked(Board.PROJECT, each)) for each in (found, lifted))
    assert after[chosen.subject] <= before[chosen.subject]
    for row in found:
        if row is not chosen:
            assert before[row.subject] <= after[row.subject] <= before[row.subject] + 1


@quick
@given(rows().filter(bool))
def test_unit_has_the_score_of_its_lowest_project(found):
    row = rules.unit_row(7, "造价一所", found)
    assert row.score == min(each.score for each in found) <= row.facts["mean"]
    assert row.sample == len(found) == len(row.evidence)
    assert row.facts["findings"] == sum(each.facts["findings"] for each in found)
    setting = [each for each in found if each.score == row.score]
    assert row.facts["lowest_count"] == len(setting)
    assert (
        row.facts["lowest"]
        == sorted(([each.subject, each.label] for each in setting), key=lambda pair: pair[::-1])[: rules.MOST_NAMED]
    )
    assert row.evidence[0] in {each.evidence[0] for each in setting}


@pytest.mark.parametrize(
    ("missed", "signed", "expected"),
    [(0, 3, "100.00"), (1, 3, "93.33"), (2, 3, "86.67"), (5, 1, "0.00"), (6, 1, "0.00"), (1, 16, "98.75")],
)
def test_score_of_a_person(missed, signed, expected):
    assert str(rules.person_score(missed, signed)) == expected


def test_score_of_who_signed_nothing_is_refused():
    with pytest.raises(ValueError, match="没有签署"):
        rules.person_score(0, 0)


@quick
@given(st.integers(0, 60), st.integers(1, 40))
def test_score_of_a_person_falls_with_what_was_missed_and_stays_within_the_scale(missed, signed):
    score = rules.person_score(missed, signed)
    assert 0 <= rules.person_score(missed + 1, signed) <= score <= 100
    assert rules.person_score(missed, signed + 1) >= score


def test_grave_problems_weigh_more():
    assert rules.weighted({"ordinary": 2, "serious": 1, "major": 1}) == 2 + 3 + 5


def test_mean_is_rounded_half_up_and_of_nothing_there_is_none():
    assert rules.mean([Decimal("0"), Decimal("0.01")]) == Decimal("0.01")
    assert rules.mean([]) is None


@pytest.mark.parametrize(
    ("now", "before", "words"), [(1, 3, "↑2"), (3, 1, "↓2"), (2, 2, "持平"), (4, None, "新列入"), (None, 1, "")]
)
def test_change_against_the_former_year(now, before, words):
    assert rules.change_words(now, before) == words


def test_every_board_says_its_formula_and_its_tie_rule():
    for board in Board:
        assert rules.FORMULAS[board]
        assert "并列" in rules.TIE_RULES[board]
        assert "最少样本" in rules.sample_rule(board, 3)
