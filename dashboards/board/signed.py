"""The rows that several charts rest on: what was issued in the year, and what was signed in it. As whole numbers, for a large
year has 80,000 signatures."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from django.db.models import BigIntegerField, BooleanField, Case, Count, F, Func, Max, Q, RowRange, Value, When, Window

from dashboards.board.filters import Filters
from deadlines import queries as deadline_queries
from reviews import figures
from reviews.choices import LevelKind, RemarkState, State
from reviews.models import Level, Remark, Round, Signature

SECOND = 1_000_000


class Signed(NamedTuple):
    """One standing signature by ids; `at` and `since` in microseconds since 1970. `since` is when the level got it: the signature of
    the level before, in the same round; None where there is none. `is_issued`: its round was issued in the year; `is_in_year`: it
    was signed then."""

    deliverable: int
    version: int
    level: int
    seat: int
    signer: int
    amount: Decimal | None
    is_issued: bool
    is_in_year: bool
    at: int
    since: int | None


class Microseconds(Func):
    """An instant in microseconds since 1970, exactly."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler, connection, **more):
        return self.as_sql(
            compiler, connection, template="CAST(EXTRACT(EPOCH FROM %(expressions)s) * 1000000 AS BIGINT)", **more
        )

    def as_sqlite(self, compiler, connection, **more):
        # Kept as text in UTC, with a fraction of six digits or none.
        sql, params = compiler.compile(self.source_expressions[0])
        whole = f"CAST(strftime('%%s', substr({sql}, 1, 19)) AS INTEGER) * 1000000"
        return f"({whole} + CAST(substr({sql} || '.000000', 21, 6) AS INTEGER))", (*params, *params)


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
    def _signed(self) -> list[Signed]:
        """Of the rounds that were issued in the year, and what else was signed in it, in the order of signing. One query."""
        issued = Q(round__state=State.ISSUED) & self.filters.within("round__issue__issued_at")
        in_year = self.filters.within("signed_at")
        rows = Signature.objects.filter(self.filters.of_projects("round__deliverable__project__"), issued | in_year)
        # Levels sign one after another. Of a panel its experts sign before seat 0, which signs for the level.
        passed = Window(
            Max(Case(When(seat_number=0, then="signed_at"))), partition_by="round_id",
            order_by=[F("level__order").asc(), F("seat_number").desc()], frame=RowRange(end=-1),
        )  # fmt: skip
        rows = rows.filter(revoked_at__isnull=True).exclude(level__kind=LevelKind.ISSUE).annotate(
            is_issued=_flag(issued), is_in_year=_flag(in_year), at=Microseconds("signed_at"), since=Microseconds(passed)
        )  # fmt: skip
        columns = ("round__deliverable", "round__version", "level", "seat_number", "signer", *Signed._fields[5:])
        return [Signed(*row) for row in rows.order_by("signed_at", "pk").values_list(*columns)]

    @cached_property
    def issued_signatures(self) -> list[Signed]:
        return [each for each in self._signed if each.is_issued]

    @cached_property
    def signed_in_year(self) -> list[Signed]:
        """In the order of signing. What was handed on before the year has no `since`."""
        begins = int(self.filters.starts_at.timestamp()) * SECOND
        found = [each for each in self._signed if each.is_in_year]
        return [each if (each.since or begins) >= begins else each._replace(since=None) for each in found]

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
    def error_rates(self) -> dict[int, Decimal]:
        """Deliverable → error rate in percent, of those issued in the year with amounts: `reviews.figures.error_rates`."""
        amounts: dict[int, dict[int, Decimal]] = defaultdict(dict)
        orders = {pk: level.order for pk, level in self.reviewing.items()}
        for each in self.issued_signatures:
            if each.seat == 0 and each.amount is not None and each.level in orders:
                amounts[each.deliverable][orders[each.level]] = each.amount
        rates = {pk: figures.error_rate([steps[order] for order in sorted(steps)]) for pk, steps in amounts.items()}
        return {pk: rate for pk, rate in rates.items() if rate is not None}

    @cached_property
    def calendar(self):
        return deadline_queries.working_calendar()

    @cached_property
    def levels(self) -> dict[int, Level]:
        return Level.objects.in_bulk()

    @cached_property
    def reviewing(self) -> dict[int, Level]:
        """The levels that look at what others made."""
        return {pk: level for pk, level in self.levels.items() if level.kind in figures.REVIEWING}


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
