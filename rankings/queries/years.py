"""Which years there are, and how places and scores went from year to year."""

from dataclasses import dataclass, field

from rankings.choices import Board
from rankings.models import Ranking
from rankings.queries.frozen import Line, standing
from rankings.rules import change_words

MOST_YEARS = 5
# The drawing of a course of scores is so many units wide for a year, and high for 100 points.
STEP, HEIGHT = 24, 28


@dataclass
class Course:
    """One project, unit or person over the years; `cells` has a line or None for each year, the oldest first."""

    subject: int
    label: str
    unit_name: str
    cells: list[Line | None] = field(default_factory=list)
    is_hidden: bool = False
    facts: dict = field(default_factory=dict)

    @property
    def points(self) -> str:
        """The scores as points of a polyline; years without one are left out. Empty for fewer than two."""
        found = [(at, line.score_now) for at, line in enumerate(self.cells) if line and line.score_now is not None]
        if len(found) < 2:
            return ""
        return " ".join(f"{at * STEP + 4},{HEIGHT - 4 - float(score) / 100 * (HEIGHT - 8):.1f}" for at, score in found)


def visible_rankings(user) -> list[Ranking]:
    """The newest first, with who froze and published them."""
    return list(Ranking.objects.visible_to(user).select_related("frozen_by", "published_by").order_by("-year"))


def courses(rankings: list[Ranking], board: Board) -> list[Course]:
    """How everybody on the board stood in `rankings` (of MOST_YEARS, the oldest first), after corrections; in the order of the
    newest year's places, those without one by the year before. Two queries for each year."""
    rankings = sorted(rankings, key=lambda each: each.year)[-MOST_YEARS:]
    found: dict[int, Course] = {}
    for at, ranking in enumerate(rankings):
        for line in standing(ranking, board):
            course = found.setdefault(
                line.subject, Course(line.subject, line.label, line.unit_name, [None] * len(rankings))
            )
            course.label, course.unit_name = line.label, line.unit_name
            line.year = ranking.year
            before = course.cells[at - 1] if at else None
            if at and line.place_now is not None:
                line.change = change_words(line.place_now, before.place_now if before else None)
            course.cells[at] = line
    return sorted(found.values(), key=_by_newest)


def _by_newest(course: Course) -> tuple:
    places = [line.place_now if line and line.place_now else 10**9 for line in reversed(course.cells)]
    return (*places, course.label)
