"""The rows that several charts rest on: what was issued in the year, and what was signed in it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from dashboards.board.filters import Filters
from deadlines import queries as deadline_queries
from projects.models import Deliverable
from reviews import figures
from reviews.choices import LevelKind, State
from reviews.models import Level, Round, Signature


class Signed(NamedTuple):
    """One standing signature; `since` is when the level got it: the signature of the level before, in the same round."""

    round: int
    deliverable: int
    version: int
    level: Level
    seat: int
    signer: int
    at: datetime
    since: datetime | None


@dataclass
class Figures:
    """What one board is reckoned from, each asked for once."""

    filters: Filters

    @cached_property
    def issued_rounds(self):
        """The rounds issued in the year; a query set, to ask by."""
        where = self.filters.of_projects("deliverable__project__") & self.filters.within("issue__issued_at")
        return Round.objects.filter(where, state=State.ISSUED).order_by()

    @cached_property
    def issued_count(self) -> int:
        return self.issued_rounds.count()

    @cached_property
    def issued_signatures(self) -> list[Signed]:
        return _signed(self.filters.of_projects("round__deliverable__project__"), round__in=self.issued_rounds)

    @cached_property
    def signed_in_year(self) -> list[Signed]:
        where = self.filters.of_projects("round__deliverable__project__") & self.filters.within("signed_at")
        return _signed(where)

    @cached_property
    def error_rates(self) -> dict[int, object]:
        """Deliverable → error rate in percent, of those issued in the year with amounts."""
        return figures.error_rates(Deliverable.objects.filter(pk__in=self.issued_rounds.values("deliverable")))

    @cached_property
    def calendar(self):
        return deadline_queries.working_calendar()

    @cached_property
    def levels(self) -> dict[int, Level]:
        return _levels()


def _levels() -> dict[int, Level]:
    return Level.objects.in_bulk()


def _signed(where, **more) -> list[Signed]:
    """In the order of signing. Two queries."""
    rows = Signature.objects.filter(where, revoked_at__isnull=True, **more).exclude(level__kind=LevelKind.ISSUE)
    columns = ("round", "round__deliverable", "round__version", "level", "seat_number", "signer", "signed_at")
    levels = _levels()
    passed: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    found = []
    for round_pk, deliverable, version, level_pk, seat, signer, at in rows.order_by("signed_at", "pk").values_list(
        *columns
    ):
        level = levels[level_pk]
        before = [when for order, when in passed[round_pk] if order < level.order]
        found.append(Signed(round_pk, deliverable, version, level, seat, signer, at, before[-1] if before else None))
        if seat == 0:
            passed[round_pk].append((level.order, at))
    return found


def is_reviewing(signed: Signed) -> bool:
    """Whether it is a look at what others made."""
    return signed.level.kind in figures.REVIEWING
