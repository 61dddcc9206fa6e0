"""The ranking equals an independent re-computation in plain SQL, in years drawn at random, on either database."""

import random
from decimal import Decimal
from types import SimpleNamespace

import pytest

from inspections.choices import State
from inspections.models import Finding, Inspection
from rankings.choices import Board
from rankings.queries.drafts import draft
from reviews.choices import State as RoundState
from reviews.models import Issue, Route, Signature
from tests.rankings import recompute
from tests.rankings.random_years import BEGINS, YEAR, RandomYear
from tests.rankings.recompute import Line

pytestmark = pytest.mark.django_db
SEEDS = range(24)
BESIDE = {Board.PROJECT: ("lowest_share", "on_time", "findings"), Board.UNIT: ("mean", "findings")}


def boards_of(drafted) -> dict[str, set[Line]]:
    """A draft as the re-computation tells it. Of the words why a project is not ranked, those before the numbers."""
    found = {board.value: set() for board in drafted.boards}
    for boards in (drafted.boards, drafted.excluded):
        for board, rows in boards.items():
            lines = [
                Line(row.subject, row.place, row.score, row.sample, row.grade, row.excluded.split("（")[0],
                     tuple(Decimal(row.facts[name]) for name in BESIDE.get(board, ()) if name in row.facts))
                for row in rows
            ]  # fmt: skip
            assert len(lines) == len(set(lines))
            found[board.value] |= set(lines)
    return found


def policy(*, least_projects: int, least_signed: int):
    return SimpleNamespace(min_unit_sample=least_projects, min_person_sample=least_signed, version=1)


def assert_agrees(*, least_projects=1, least_signed=3, **what_if) -> dict[str, set[Line]]:
    least = {"least_projects": least_projects, "least_signed": least_signed}
    expected = recompute.boards(YEAR, **least, **what_if)
    assert boards_of(draft(YEAR, policy=policy(**least), **what_if)) == expected
    return expected


@pytest.mark.parametrize("seed", SEEDS)
def test_every_board_equals_its_recomputation(seed):
    RandomYear(seed)
    assert_agrees(least_projects=1 + seed % 3, least_signed=1 + seed % 4)


@pytest.mark.parametrize("seed", range(100, 106))
def test_what_if_equals_its_recomputation(seed):
    RandomYear(seed)
    dice = random.Random(seed)
    inspections = sorted(Inspection.objects.values_list("pk", flat=True))
    left_out, appealed = dice.sample(inspections, 3), dice.sample(inspections, 4)
    as_it_is = assert_agrees()
    without = assert_agrees(without=frozenset(left_out))
    scores = {pk: dice.choice([Decimal("95.5"), Decimal("20"), Decimal("80.01")]) for pk in appealed}
    changed = assert_agrees(scores=scores)
    both = assert_agrees(without=frozenset(left_out), scores=scores)
    assert as_it_is == assert_agrees(), "a what-if leaves nothing behind"
    assert len({frozenset(each["project"]) for each in (as_it_is, without, changed, both)}) > 1


def test_the_random_years_hold_what_they_are_to_show():
    """Shared places on every board and every reason not to be ranked: else the comparisons would say little."""
    shared, reasons = set(), set()
    for seed in SEEDS[:6]:  # each joins those before
        RandomYear(seed)
        for board, lines in recompute.boards(YEAR, least_projects=2, least_signed=3).items():
            places = [line.place for line in lines if line.place]
            shared |= {board for place in places if places.count(place) > 1}
            reasons |= {line.excluded for line in lines}
    assert shared == {"project", "unit", "preparer", "checker", "verifier", "approver"}
    assert reasons == {"", "整改未关闭", "检查尚未出具书面意见", "被检项目少于 2 个", "签署少于 3 份"}


def test_a_half_hundredth_of_a_person_is_rounded_up_in_the_score():
    """100 − 20 × 1 ÷ 32 is 99.375: 99.38, not 100 − 0.63."""
    year = RandomYear(7, deliverables=0)
    signed = year.make_deliverables(32)
    route = Route.objects.get(code="three_levels")
    rounds = [year.make_round(each, route, RoundState.ISSUED) for each in signed]
    checker, level = year.people[0], route.levels.get(order=1)
    Signature.objects.bulk_create(year.make_signature(each, level, checker) for each in rounds)
    Issue.objects.bulk_create(year.make_issue(each, BEGINS) for each in rounds)
    of = next(each for each in year.inspections if each.state == State.CLOSED and each.year == YEAR)
    Finding.objects.create(inspection=of, number=900, problem="漏项", raised_by=checker, deliverable=signed[0])
    assert assert_agrees()["checker"] == {Line(checker.pk, 1, Decimal("99.38"), 32)}
