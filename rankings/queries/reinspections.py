"""下年度复查名单 ([S] 低于 60 分或问题严重的，下一年度质量检查中须进行复查): made by the system, each confirmed by a person."""

from dataclasses import dataclass

from inspections.choices import ConsequenceKind, Decision
from inspections.models import Consequence
from inspections.queries import concluding
from inspections.services import consequences as services


@dataclass
class Counts:
    confirmed: int = 0
    to_confirm: int = 0
    dismissed: int = 0


def due_in(user, year: int) -> list[Consequence]:
    """The re-inspections of `year` that `user` sees, what nobody has decided first, then by unit and project; each with the
    inspection that was opened (`again`) and whether `user` may decide about it (`may_decide`). Four queries."""
    rows = concluding.consequence_rows(user).filter(kind=ConsequenceKind.REINSPECTION, target_year=year)
    rows = list(rows.order_by("inspection__unit__code", "inspection__project__number", "pk"))
    again = concluding.reinspections_of([row.inspection_id for row in rows])
    partial = concluding.partial_of(user, [row.inspection for row in rows])
    for row in rows:
        row.again = again.get(row.inspection_id)
        is_free = row.decision is None and row.inspection_id not in partial
        row.may_decide = is_free and services.grants(user, row)
    rows.sort(key=lambda row: row.decision is not None)
    return rows


def counts(rows: list[Consequence]) -> Counts:
    """How many are confirmed, wait, were dismissed."""
    return Counts(
        confirmed=sum(row.decision == Decision.CONFIRMED for row in rows),
        to_confirm=sum(row.decision is None for row in rows),
        dismissed=sum(row.decision == Decision.DISMISSED for row in rows),
    )
