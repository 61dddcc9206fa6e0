"""The year's ranking on the first screen of 管理层: the first projects and units, each one click from its evidence; what rewards
and penalties came of it."""

from django.utils import timezone

from dashboards.blocks.base import Block
from rankings.choices import Board
from rankings.models import Ranking
from rankings.queries import frozen
from rankings.queries.first import first
from rankings.queries.secrecy import hide_secrets
from rankings.queries.settlements import summary
from staff.choices import Action

TOP = 5
BOARDS = (Board.PROJECT, Board.UNIT)


def ranking_of_year(user) -> Block:
    """The newest frozen ranking of this year or the last; if there is none, this year's as it would be now."""
    this_year = timezone.localdate().year
    rows = Ranking.objects.visible_to(user).filter(year__range=(this_year - 2, this_year)).select_related("frozen_by")
    rankings = {row.year: row for row in rows}
    year = next((each for each in (this_year, this_year - 1) if each in rankings), this_year)
    boards = frozen.tops(rankings, year, BOARDS, TOP) if year in rankings else _drafted(year)
    for board, lines in boards.items():
        hide_secrets(board, lines, user)
    data = {"ranking": rankings.get(year), "year": year, "this_year": this_year, "boards": list(boards.items()),
            "settlement": summary(year) if year in rankings and user.may(Action.READ_SETTLEMENT) else None}  # fmt: skip
    return Block("ranking_of_year", len(boards[Board.PROJECT]), data)


def _drafted(year: int) -> dict[Board, list[frozen.Line]]:
    found = first(year, projects=TOP)
    boards = {Board.PROJECT: found.projects, Board.UNIT: found.units[:TOP]}
    return {board: [frozen.line_of(each) for each in rows] for board, rows in boards.items()}
