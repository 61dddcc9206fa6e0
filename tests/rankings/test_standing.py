"""Where some lines of a frozen board stand after corrections equals what reading the whole board says, for corrections drawn at
random; and what is shown of it."""

import random
from decimal import Decimal

import pytest
from django.db.models import Q
from django.utils import timezone

from projects.choices import BusinessLine
from projects.models import Project
from rankings.choices import Board
from rankings.models import Correction, Ranking
from rankings.queries import frozen
from rankings.queries.frozen import Standing, standing
from scoring.rules import FAIL, Thresholds, grade
from tests.rankings import years
from tests.rankings.random_years import TOTALS, YEAR, RandomYear

pytestmark = pytest.mark.django_db
SCORES = [*TOTALS, Decimal(100), Decimal(0), None]


def corrected(ranking: Ranking, board: Board, by, dice: random.Random, most: int) -> None:
    """Up to `most` corrections, of placed lines and of others, some twice."""
    entries = list(ranking.entries.filter(board=board).order_by("order"))
    for entry in dice.choices(entries, k=dice.randint(1, most)) if entries else []:
        score = dice.choice([*SCORES, *(each.score for each in entries if each.score is not None)])
        Correction.objects.create(
            entry=entry, score=score, grade="" if score is None else grade(score, Thresholds()), reason="申诉成立",
            made_by=by, made_at=timezone.now(), digest="0" * 64,
        )  # fmt: skip


def told(lines) -> list[tuple]:
    return [
        (each.entry, each.place, each.place_now, each.score_now, each.grade_now, each.excluded_now, len(each.corrections))
        for each in lines
    ]  # fmt: skip


def assert_same(ranking: Ranking, board: Board, dice: random.Random, where: Q = Q()) -> None:  # noqa: B008
    whole, stands = standing(ranking, board), Standing(ranking, board)
    assert told(stands.lines(stands.entries.order_by("order"))) == told(whole)
    some = {line.entry for line in dice.sample(whole, min(5, len(whole)))}
    assert told(stands.lines(stands.entries.filter(pk__in=some).order_by("order"))) == told(
        [line for line in whole if line.entry in some]
    )
    of_part = set(stands.entries.filter(where).values_list("pk", flat=True))
    now = sorted(
        (line for line in whole if line.place_now is not None and line.entry in of_part),
        key=lambda line: line.place_now,
    )
    for count, failed in ((1, 1), (3, 2), (10, 5), (1000, 1000)):
        first, last = stands.first(count, where, failed=failed)
        assert told(first) == told(now[:count])
        assert told(last) == told([line for line in now[count:] if line.grade_now == FAIL][-failed:])
    assert stands.counts(where) == (len(now), sum(line.grade_now == FAIL for line in now))


@pytest.mark.parametrize("seed", range(300, 312))
def test_some_lines_stand_where_the_whole_board_says(seed, cast):
    dice = random.Random(seed)
    units = [unit for number in range(3) for unit in RandomYear(seed * 10 + number).units]
    ranking = years.frozen(cast, YEAR)
    of_unit = Q(facts__unit__in=[each.pk for each in dice.sample(units, 6)])
    of_line = Q(subject_id__in=Project.objects.filter(business_line=dice.choice(BusinessLine.values)).values("pk"))
    for board in Board:
        assert_same(ranking, board, dice)
        corrected(ranking, board, cast.executive, dice, 1 + seed % 12)
        assert_same(ranking, board, dice)
    assert_same(ranking, Board.PROJECT, dice, of_unit)
    assert_same(ranking, Board.PROJECT, dice, of_unit & of_line)


def test_former_year_of_some_is_that_of_all(cast):
    RandomYear(41)
    ranking = years.frozen(cast, YEAR)
    for _ in range(2):
        for board in Board:
            whole = frozen.former(YEAR + 1, board)
            some = list(whole)[::2]
            assert whole
            assert frozen.former(YEAR + 1, board, subjects=some) == {pk: whole[pk] for pk in some}
        corrected(ranking, Board.PROJECT, cast.executive, random.Random(1), 6)
    assert frozen.former(YEAR + 1, Board.PROJECT, published=True, subjects=[1]) is None
    assert frozen.former(YEAR + 2, Board.PROJECT, subjects=[1]) is None
