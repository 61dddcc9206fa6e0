"""What the tests of rankings share: inspections as rows, an issued deliverable, a frozen year."""

from decimal import Decimal

from django.utils import timezone

from rankings.models import Ranking
from rankings.queries import drafts
from rankings.services import freezing
from tests.inspections import records
from tests.reviews import flow

YEAR = timezone.localdate().year
# What breaks ties, for an inspection that is a row.
TIES = {"lowest_share": Decimal("66.67"), "finding_count": 2, "was_on_time": True}


def issued(cast, project):
    """A deliverable that every level signed."""
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    flow.issue(deliverable)
    return deliverable


def inspected(cast, project, score, **fields):
    return records.inspection(cast, project, score=score, **{**TIES, **fields})


def frozen(cast, year: int = YEAR) -> Ranking:
    """The ranking of the year as it is, frozen by 管理层."""
    boss = cast.executive
    seen = drafts.digest(drafts.draft(year))
    return freezing.freeze(actor=boss, year=year, seen=seen, confirmation=flow.confirmed(boss))


def published(cast, year: int = YEAR) -> Ranking:
    boss = cast.executive
    return freezing.publish(actor=boss, ranking=frozen(cast, year), confirmation=flow.confirmed(boss))
