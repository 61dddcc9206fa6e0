"""The year's ranking on the first screen of 管理层: the first projects and units, each one click from its evidence."""

from django.utils import timezone

from dashboards.blocks.base import Block
from rankings.choices import Board
from rankings.models import Ranking
from rankings.queries import frozen
from rankings.queries.secrecy import hide_secrets

TOP = 5


def ranking_of_year(user) -> Block:
    """The newest frozen ranking of this year or the last; if there is none, this year's as it would be now."""
    this_year = timezone.localdate().year
    rows = Ranking.objects.visible_to(user).filter(year__gte=this_year - 1).select_related("frozen_by")
    ranking = rows.order_by("-year").first()
    boards = {board: _lines(ranking, this_year, board) for board in (Board.PROJECT, Board.UNIT)}
    for board, lines in boards.items():
        hide_secrets(board, lines, user)
    return Block(
        "ranking_of_year", len(boards[Board.PROJECT]),
        {"ranking": ranking, "year": ranking.year if ranking else this_year, "this_year": this_year,
         "boards": list(boards.items())},
    )  # fmt: skip


def _lines(ranking: Ranking | None, this_year: int, board: Board):
    if ranking is not None:
        return frozen.top(ranking, board, TOP)
    return frozen.year_board_of_draft(this_year, board).lines[:TOP]
