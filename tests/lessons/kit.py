"""What the tests of the library share: remarks and findings as rows, of any day, without walking the chain for each."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from inspections.choices import State
from inspections.models import Inspection
from reviews.choices import RemarkCategory, RemarkState, Severity
from reviews.models import Remark
from tests.inspections import kit as inspections_kit
from tests.inspections import records
from tests.reviews import flow


def at(year: int, month: int, day: int = 10, hour: int = 10) -> datetime:
    """An instant in the firm's time zone."""
    return timezone.make_aware(datetime(year, month, day, hour))  # noqa: DTZ001


def remark(
    deliverable, category=RemarkCategory.QUANTITY, problem="计算式与图纸不符", *, order: int = 1, **fields
) -> Remark:
    """A remark of the level with this `order`, sent and waiting."""
    round = flow.live(deliverable)
    level = round.route.levels.get(order=order)
    fields = {"severity": Severity.ORDINARY, "state": RemarkState.OPEN, "raised_at": timezone.now(),
              "amount_affected": Decimal("-100.00"), **fields}  # fmt: skip
    number = None if fields["state"] == RemarkState.DRAFT else deliverable.remarks.exclude(number=None).count() + 1
    return Remark.objects.create(deliverable=deliverable, round=round, level=level, number=number, place="土建.xlsx",
                                 raised_by=flow.holder(round), category=category, problem=problem, **fields)  # fmt: skip


def finding(
    cast, project=None, problem="签署日期早于提交日期", *, unit=None, concluded=True, amount="50.00", **fields
):
    """A finding of an inspection of its own, whose written opinion is out unless told otherwise."""
    of = records.inspection(cast, project, unit=unit, state=State.SCORING)
    found = inspections_kit.finding(of, problem=problem, amount=Decimal(amount), **fields)
    if concluded:
        sheet = records.sheet(cast.quality_office, "75", standard=of.standard)
        Inspection.objects.filter(pk=of.pk).update(state=State.CLOSED, score_sheet=sheet, closed_at=timezone.now())
    return found
