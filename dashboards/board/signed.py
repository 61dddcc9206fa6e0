"""The rows that several charts rest on: what was issued in the year, and what was signed in it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from django.db.models import Count

from dashboards.board.filters import Filters
from deadlines import queries as deadline_queries
from projects.models import Deliverable
from reviews import figures
from reviews.choices import LevelKind, RemarkState, State
from reviews.models import Level, Remark, Round, Signature


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
        where = self.filters.of_projects("round__deliverable__project__")
        return _signed(where, self.levels, round__in=self.issued_rounds)

    @cached_property
    def signed_in_year(self) -> list[Signed]:
        where = self.filters.of_projects("round__deliverable__project__") & self.filters.within("signed_at")
        return _signed(where, self.levels)

    @cached_property
    def remarks(self) -> Counter:
        """(deliverable, level) → how many remarks were sent, of what was issued in the year. One query."""
        rows = Remark.objects.exclude(state=RemarkState.DRAFT).filter(deliverable__in=self._deliverables).order_by()
        counted = rows.values_list("deliverable", "level").annotate(n=Count("pk"))
        return Counter({(deliverable, level): count for deliverable, level, count in counted})

    @cached_property
    def returned(self) -> set[tuple[int, str]]:
        """(deliverable, title of the level) that raised a remark or sent it back, in any round, of what was issued in the
        year: as `reviews.figures.returned_at` has it. One query more."""
        sent_back = Round.objects.filter(state=State.SENT_BACK, deliverable__in=self._deliverables).order_by()
        found = {*self.remarks, *sent_back.values_list("deliverable", "level")}
        return {(deliverable, self.levels[level].title) for deliverable, level in found}

    @property
    def _deliverables(self):
        return self.issued_rounds.values("deliverable")

    @cached_property
    def error_rates(self) -> dict[int, object]:
        """Deliverable → error rate in percent, of those issued in the year with amounts."""
        return figures.error_rates(Deliverable.objects.filter(pk__in=self._deliverables))

    @cached_property
    def calendar(self):
        return deadline_queries.working_calendar()

    @cached_property
    def levels(self) -> dict[int, Level]:
        return Level.objects.in_bulk()


def _signed(where, levels: dict[int, Level], **more) -> list[Signed]:
    """In the order of signing. One query."""
    rows = Signature.objects.filter(where, revoked_at__isnull=True, **more).exclude(level__kind=LevelKind.ISSUE)
    columns = ("round", "round__deliverable", "round__version", "level", "seat_number", "signer", "signed_at")
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
