"""The ranking of a year as it was frozen, with its corrections beside; the boards of a year whether frozen or not (§7).

A frozen board may have 100,000 lines, of which a page shows 50: `Standing` says of any of them where they stand now without
reading the others, `standing` reads all. Both say the same (`tests/rankings/test_standing.py`)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Q

from rankings import rules
from rankings.choices import Board
from rankings.models import Correction, Ranking
from rankings.queries import drafts
from rankings.rules import Placed, Row
from scoring.rules import FAIL


@dataclass
class Line:
    """One line of a board as a page shows it. Of a frozen board `entry` is the id of the frozen line, whose figures never change,
    `order` its number on the board, and `corrections` stand beside, the oldest first; `place_now` and `score_now` are what follows from the newest (equal to
    the frozen ones where there is none; None: taken out). `change` against the former year, in words."""

    subject: int
    label: str
    unit_name: str
    place: int | None
    score: Decimal | None
    grade: str
    sample: int
    facts: dict
    evidence: list
    excluded: str = ""
    entry: int | None = None
    order: int | None = None
    corrections: list[Correction] = field(default_factory=list)
    place_now: int | None = None
    score_now: Decimal | None = None
    grade_now: str = ""
    excluded_now: str = ""
    change: str = ""
    # Of which year, where lines of several stand beside one another.
    year: int | None = None
    # Whether the name is kept from the reader (`queries.secrecy`); whether a what-if changes it.
    is_hidden: bool = False
    is_changed: bool = False

    @property
    def correction(self) -> Correction | None:
        """The newest, which counts."""
        return self.corrections[-1] if self.corrections else None

    @property
    def is_moved(self) -> bool:
        """Whether a correction, of this or another line, changed its place."""
        return self.place_now != self.place


@dataclass
class YearBoard:
    """One board of a year: from the frozen ranking if there is one, else the draft. `lines` are the placed, best first by the
    frozen places; `excluded` the others. A page has some of both, and says of how many (`excluded_count`)."""

    year: int
    board: Board
    lines: list[Line]
    excluded: list[Line]
    ranking: Ranking | None = None
    draft: drafts.Draft | None = None
    excluded_count: int | None = None

    def __post_init__(self):
        if self.excluded_count is None:
            self.excluded_count = len(self.excluded)

    @property
    def is_frozen(self) -> bool:
        return self.ranking is not None


# A frozen line as a tuple, in the order of `Line`: a board may have 100,000.
_COLUMNS = (
    "subject_id",
    "label",
    "unit_name",
    "place",
    "score",
    "grade",
    "sample",
    "facts",
    "evidence",
    "excluded",
    "pk",
    "order",
)


def standing(ranking: Ranking, board: Board) -> list[Line]:
    """The frozen lines of a board with their corrections, and the places that follow from these by the same rules, from the
    frozen facts. Two queries. In the frozen order, those without a place last."""
    corrections = _corrections(ranking, board)
    rows = ranking.entries.filter(board=board).order_by("order").values_list(*_COLUMNS)
    lines = [_line(row, corrections) for row in rows]
    if not corrections:
        return lines
    # A line without a place is ranked only once a correction gives it one.
    rows = [_row(line) for line in lines if not line.excluded_now]
    places = {each.subject: each.place for each in rules.ranked(board, rows)}
    for line in lines:
        line.place_now = places.get(line.subject)
    return lines


class Standing:
    """Where the lines of a frozen board stand after its corrections. One query; three more where there are corrections, however
    many. `corrected` are the corrected lines, in the frozen order."""

    def __init__(self, ranking: Ranking, board: Board):
        self.board, self.entries = board, ranking.entries.filter(board=board)
        self._corrections = _corrections(ranking, board)
        self.corrected: list[Line] = []
        self._come: list[tuple] = []
        if self._corrections:
            self.corrected = self._read(self.entries.filter(pk__in=self._corrections).order_by("order"))
            self._place_corrected()

    @property
    def placed(self):
        """The frozen lines with a place, in the order of the board: a query set of entries."""
        return self.entries.filter(place__isnull=False).order_by("order")

    @property
    def excluded(self):
        """The frozen lines without a place."""
        return self.entries.filter(place__isnull=True).order_by("order")

    def lines(self, entries) -> list[Line]:
        """The lines of `entries` (a query set of the board's, or a slice of it) as they stand now, in its order. One query."""
        known = {line.entry: line for line in self.corrected}
        found = [known.get(line.entry, line) for line in self._read(entries)]
        for line in found:
            if not line.corrections and line.place is not None:
                line.place_now = self._place_now(line)
        return found

    def first(self, count: int, where: Q = Q(), *, failed: int = 0) -> tuple[list[Line], list[Line]]:  # noqa: B008
        """The first `count` by the places of now among the lines `where` a condition on entries holds, and the last `failed` below
        the pass mark that are not among them. A query for each, and one for the condition on the corrected."""
        uncorrected, corrected = self._now(where)
        best = sorted([*self.lines(uncorrected[:count]), *corrected], key=_by_place_now)[:count]
        if not failed:
            return best, []
        shown = {line.entry for line in best}
        last = self.lines(uncorrected.filter(grade=FAIL).order_by("-order")[:failed])
        last += [line for line in corrected if line.grade_now == FAIL]
        return best, [line for line in sorted(last, key=_by_place_now) if line.entry not in shown][-failed:]

    def counts(self, where: Q = Q()) -> tuple[int, int]:  # noqa: B008
        """How many lines have a place now, and how many of them are below the pass mark."""
        uncorrected, corrected = self._now(where)
        found = uncorrected.order_by().aggregate(every=Count("pk"), failed=Count("pk", filter=Q(grade=FAIL)))
        failed = sum(line.grade_now == FAIL for line in corrected)
        return found["every"] + len(corrected), found["failed"] + failed

    def _now(self, where: Q) -> tuple:
        """Those with a place now: the uncorrected as a query set in the order of the board, the corrected as lines."""
        corrected = [line for line in self.corrected if line.place_now is not None]
        if where and corrected:
            known = self.entries.filter(where, pk__in=[line.entry for line in corrected])
            known = set(known.order_by().values_list("pk", flat=True))
            corrected = [line for line in corrected if line.entry in known]
        return self.placed.filter(where).exclude(pk__in=list(self._corrections)), corrected

    def _read(self, entries) -> list[Line]:
        return [_line(row, self._corrections) for row in entries.values_list(*_COLUMNS)]

    def _place_now(self, line: Line) -> int:
        """Of a line that was not corrected: who stood before it and is gone, who is come before it."""
        key = self._key(line, line.score)
        gone = sum(each.place is not None and each.place < line.place for each in self.corrected)
        return line.place - gone + sum(each > key for each in self._come)

    def _key(self, line: Line, score: Decimal) -> tuple:
        return rules.KEYS[self.board](_row(line)._replace(score=score))

    def _place_corrected(self) -> None:
        """A corrected line stands behind every line with a better key: those of the frozen board but for the corrected, and the
        corrected as they are now. Two queries."""
        ranked = [line for line in self.corrected if not line.excluded_now]
        keys = {line.entry: self._key(line, line.score_now) for line in ranked}
        self._come = list(keys.values())
        gone = [self._key(line, line.score) for line in self.corrected if line.place is not None]
        scores = sorted({line.score_now for line in ranked})
        above = self.placed.order_by().aggregate(
            **{f"above_{at}": Count("pk", filter=Q(score__gt=score)) for at, score in enumerate(scores)}
        )
        level = defaultdict(list)
        for line in self._read(self.placed.filter(score__in=scores)):
            level[line.score].append(self._key(line, line.score))
        for line in self.corrected:
            line.place_now = None
        for line in ranked:
            key = keys[line.entry]
            frozen = above[f"above_{scores.index(line.score_now)}"] + sum(each > key for each in level[line.score_now])
            line.place_now = 1 + frozen - sum(each > key for each in gone) + sum(each > key for each in self._come)


def _by_place_now(line: Line) -> tuple:
    return line.place_now, line.order


def _corrections(ranking: Ranking, board: Board) -> dict[int, list[Correction]]:
    """Those of each frozen line (its id), the oldest first."""
    found = defaultdict(list)
    rows = Correction.objects.filter(entry__ranking=ranking, entry__board=board).select_related("made_by")
    for made in rows.order_by("made_at", "pk"):
        found[made.entry_id].append(made)
    return dict(found)


def _line(row: tuple, corrections: dict[int, list[Correction]]) -> Line:
    line = Line(*row)
    line.place_now, line.score_now, line.grade_now, line.excluded_now = (
        line.place,
        line.score,
        line.grade,
        line.excluded,
    )
    line.corrections = corrections.get(line.entry, [])
    if newest := line.correction:
        line.score_now, line.grade_now = newest.score, newest.grade
        line.excluded_now = rules.TAKEN_OUT if newest.score is None else ""
    return line


def _row(line: Line) -> Row:
    return Row(line.subject, line.label, line.unit_name, line.score_now, line.sample, line.grade_now, line.facts)


def year_board(year: int, board: Board, *, drafted: drafts.Draft | None = None) -> YearBoard:
    """The board of `year`: frozen and corrected if the year is frozen, else as drafted now (`drafted`, if it was computed
    already). `change` is filled in against `former`. Whether the reader may see it is asked before."""
    ranking = Ranking.objects.filter(year=year).select_related("frozen_by", "published_by").first()
    if ranking is None:
        return board_of_draft(drafted or drafts.draft(year, boards=[board]), board)
    return _board(year, board, standing(ranking, board), ranking, None)


def board_of_draft(drafted: drafts.Draft, board: Board) -> YearBoard:
    """A board as drafted, whether or not the year was frozen since."""
    lines = [line_of(each) for each in [*drafted.boards[board], *drafted.excluded[board]]]
    return _board(drafted.year, board, lines, None, drafted)


def year_board_of_draft(year: int, board: Board) -> YearBoard:
    return board_of_draft(drafts.draft(year, boards=[board]), board)


def _board(year: int, board: Board, lines: list[Line], ranking: Ranking | None, drafted) -> YearBoard:
    is_public = ranking is not None and ranking.published_at is not None
    _say_changes(lines, former(year, board, published=is_public))
    return YearBoard(
        year, board, [each for each in lines if each.place is not None], [each for each in lines if each.place is None],
        ranking, drafted,
    )  # fmt: skip


def tell_changes(year: int, board: Board, lines: list[Line], *, published: bool) -> None:
    """Fill in `change` of some lines of a board of `year`, against `former`."""
    _say_changes(lines, former(year, board, published=published, subjects=[line.subject for line in lines]))


def _say_changes(lines: list[Line], before: dict[int, tuple] | None) -> None:
    for line in lines:
        line.change = (
            "" if before is None else rules.change_words(line.place_now, before.get(line.subject, (None,))[0])
        )


def line_of(each: Placed) -> Line:
    """A line of a draft."""
    row = each.row
    return Line(
        subject=row.subject, label=row.label, unit_name=row.unit, place=each.place, score=row.score, grade=row.grade,
        sample=row.sample, facts=row.facts, evidence=list(row.evidence), excluded=each.excluded, place_now=each.place,
        score_now=row.score, grade_now=row.grade, excluded_now=each.excluded,
    )  # fmt: skip


def former(year: int, board: Board, *, published: bool = False,
           subjects: Collection[int] | None = None) -> dict[int, tuple[int | None, Decimal | None]] | None:  # fmt: skip
    """Place and score in the year before, by subject (of `subjects` alone, if told), as they stand after corrections; None where
    that year was not frozen, so that nothing can be compared. Of what is `published` only the published year before is told."""
    ranking = Ranking.objects.filter(year=year - 1).first()
    if ranking is None or (published and ranking.published_at is None):
        return None
    if subjects is not None:
        stands = Standing(ranking, board)
        told = stands.lines(stands.entries.filter(subject_id__in=subjects).order_by())
        return {line.subject: (line.place_now, line.score_now) for line in told}
    if Correction.objects.filter(entry__ranking=ranking, entry__board=board).exists():
        return {line.subject: (line.place_now, line.score_now) for line in standing(ranking, board)}
    rows = ranking.entries.filter(board=board).order_by().values_list("subject_id", "place", "score")
    return {subject: (place, score) for subject, place, score in rows}


def tops(rankings: dict[int, Ranking], year: int, boards: Collection[Board], count: int) -> dict[Board, list[Line]]:
    """The first lines of some boards of a frozen year as they stand now, with their change against the year before. `rankings`
    are the frozen ones by year. Three queries, and five for each board that was corrected."""
    ranking, former_ranking = rankings[year], rankings.get(year - 1)
    corrected = set(
        Correction.objects.filter(entry__ranking__in=[each for each in (ranking, former_ranking) if each])
        .order_by().values_list("entry__ranking__year", "entry__board").distinct()
    )  # fmt: skip
    found = {board: [] for board in boards}
    # The placed come first in a frozen board, counted from 1.
    first = ranking.entries.filter(board__in=boards, place__isnull=False, order__lte=count).order_by("order")
    for board, *row in first.values_list("board", *_COLUMNS):
        found[Board(board)].append(_line(row, {}))
    for board in boards:
        if (year, board) in corrected:
            found[board], _ = Standing(ranking, board).first(count)
    if former_ranking is not None:
        _tell_changes(found, former_ranking, corrected)
    return found


def _tell_changes(found: dict[Board, list[Line]], former_ranking: Ranking, corrected: set) -> None:
    subjects = {line.subject for lines in found.values() for line in lines}
    rows = former_ranking.entries.filter(board__in=found, subject_id__in=subjects)
    before = {(board, subject): place for board, subject, place in rows.values_list("board", "subject_id", "place")}
    for board, lines in found.items():
        if (former_ranking.year, board) in corrected:
            stands = Standing(former_ranking, board)
            told = stands.lines(stands.entries.filter(subject_id__in=[line.subject for line in lines]))
            before |= {(board, each.subject): each.place_now for each in told}
        for line in lines:
            line.change = rules.change_words(line.place_now, before.get((board, line.subject)))
