"""The first of the boards as the database ranks them equal the first of the whole ranking, in years drawn at random."""

import random

import pytest
from django.db import connection

from inspections.choices import State
from inspections.models import Inspection
from projects.choices import BusinessLine
from projects.models import Project
from rankings.choices import Board
from rankings.queries import drafts
from rankings.queries.first import first
from scoring.rules import FAIL
from tests.conftest import guards_lifted
from tests.rankings.random_years import YEAR, RandomYear

pytestmark = pytest.mark.django_db


LINES = BusinessLine.values[:3]


def a_year(seed: int) -> RandomYear:
    """With projects of several business lines."""
    year, dice = RandomYear(seed), random.Random(seed)
    for each in year.projects:
        each.business_line = dice.choice(LINES)
    Project.objects.bulk_update(year.projects, ["business_line"])
    return year


def whole(units=None, business_line: str = "") -> list:
    """The project board of the whole ranking, of a part of the firm."""
    of_line = Project.objects.filter(business_line=business_line) if business_line else Project.objects.all()
    known = set(of_line.values_list("pk", flat=True))
    placed = drafts.draft(YEAR, boards=[Board.PROJECT]).boards[Board.PROJECT]
    return [
        each for each in placed if each.subject in known and (units is None or each.facts["unit"] in units)
    ]  # fmt: skip


def assert_first_of_the_whole(projects: int, failed: int, **part) -> None:
    expected, found = whole(**part), first(YEAR, projects=projects, failed=failed, **part)
    assert found.projects == expected[:projects]
    assert found.failed == ([each for each in expected[projects:] if each.grade == FAIL][-failed:] if failed else [])
    assert (found.count, found.failed_count) == (len(expected), sum(each.grade == FAIL for each in expected))


def told_of_units(placed) -> list[tuple]:
    return [
        (each.place, each.subject, each.label, each.score, each.sample, each.grade, each.facts["mean"], each.facts["findings"])
        for each in placed
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(200, 220))
def test_first_lines_are_those_of_the_whole_ranking(seed, monkeypatch):
    dice = random.Random(seed)
    years = [a_year(seed * 10 + number) for number in range(dice.randint(1, 4))]
    for projects, failed in ((1, 1), (3, 2), (10, 5), (dice.randint(1, 60), 0), (1000, 1000)):
        assert_first_of_the_whole(projects, failed)
    units = tuple(each.pk for each in dice.sample(years[0].units, 2))
    assert_first_of_the_whole(3, 2, units=units)
    line = dice.choice(LINES)
    assert_first_of_the_whole(2, 5, units=units, business_line=line)
    assert_first_of_the_whole(4, 1, business_line=line)
    least = drafts.Least(1 + seed % 3, 3, None)
    monkeypatch.setattr(drafts, "least_of", lambda policy: least)
    drafted = drafts.draft(YEAR, boards=[Board.PROJECT, Board.UNIT]).boards[Board.UNIT]
    assert told_of_units(first(YEAR, projects=1).units) == told_of_units(drafted)


def test_the_random_years_hold_what_they_are_to_show():
    """Shared places across the cut, failed ones on both sides of it, projects with several inspections, and parts that differ."""
    for number in range(6):
        a_year(900 + number)
    placed = whole()
    assert placed[9].place == placed[10].place or placed[2].place == placed[3].place
    assert any(each.grade == FAIL for each in placed)
    assert any(each.sample > 1 for each in placed)
    assert 0 < len(whole(business_line=LINES[0])) < len(placed)


def test_what_an_inspection_does_not_say_stands_last_on_either_database():
    """Closed before tie figures were kept: no share, no number of problems, no reply."""
    RandomYear(4)
    closed = Inspection.objects.filter(state=State.CLOSED, year=YEAR).order_by("pk")
    with guards_lifted(connection):
        every_other = list(closed.values_list("pk", flat=True))[::2]
        closed.filter(pk__in=every_other).update(lowest_share=None, finding_count=None, was_on_time=None)
    assert_first_of_the_whole(1000, 1000)
    assert_first_of_the_whole(2, 2)


def test_nothing_inspected_is_nothing_to_show():
    found = first(YEAR, projects=10, failed=5)
    assert (found.projects, found.failed, found.count, found.failed_count, found.units) == ([], [], 0, 0, [])
    assert first(YEAR, projects=10, units=()).count == 0


def test_costs_the_same_queries_for_one_and_for_many(django_assert_num_queries):
    for number in range(2):
        RandomYear(700 + number)
        with django_assert_num_queries(5):
            first(YEAR, projects=10, failed=5)
