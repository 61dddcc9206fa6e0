"""Figures of what was issued, for the lists and the managers' dashboard: how far amounts were off, where it was remarked
on and returned, how long a level had it."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Exists, Max, OuterRef, Q

from deadlines import queries as deadline_queries
from deadlines.rules import to_tenth, working_days
from reviews.choices import LevelKind, RemarkState, State
from reviews.models import Remark, Round, Signature
from reviews.rules import percent_of

# The levels that look at what others made: neither the self-check nor the issue.
REVIEWING = (LevelKind.REVIEW, LevelKind.PANEL)
# [S] 误差率不超过 3%. (key, words, upper end in percent, itself included).
ERROR_BINS = (
    ("0-1", "0%–1%", Decimal(1)),
    ("1-2", "1%–2%", Decimal(2)),
    ("2-3", "2%–3%", Decimal(3)),
    ("3-5", "3%–5%", Decimal(5)),
    ("5-", "5% 以上", None),
)
ERROR_CHOICES = [(key, words) for key, words, _ in ERROR_BINS]


def error_bin(rate: Decimal) -> str:
    """The key of the bin that an error rate, in percent, belongs to; 3 % itself belongs to 2–3 %."""
    return next(key for key, _, upper in ERROR_BINS if upper is None or rate <= upper)


def error_rate(amounts: Sequence[Decimal]) -> Decimal | None:
    """How far the amount of the first reviewing level was off that of the last, in percent of the last; None where that is zero."""
    return percent_of(abs(amounts[-1] - amounts[0]), amounts[-1])


def error_rates(deliverables) -> dict[int, Decimal]:
    """Deliverable id → `error_rate`, of the issued ones with amounts among `deliverables` (a query set). One query."""
    signed = Signature.objects.filter(
        round__state=State.ISSUED, round__deliverable__in=deliverables.order_by().values("pk"), revoked_at__isnull=True,
        seat_number=0, level__kind__in=REVIEWING, amount__isnull=False,
    ).order_by("round", "level__order")  # fmt: skip
    amounts = defaultdict(list)
    for pk, amount in signed.values_list("round__deliverable", "amount"):
        amounts[pk].append(amount)
    rates = {pk: error_rate(steps) for pk, steps in amounts.items()}
    return {pk: rate for pk, rate in rates.items() if rate is not None}


def returned_at(level_title: str) -> Q:
    """The condition on deliverables that a level of this title raised a remark, or sent it back, in any round."""
    sent_back = Round.objects.filter(state=State.SENT_BACK, deliverable=OuterRef("pk"), level__title=level_title)
    return remarked_at(level_title) | Q(Exists(sent_back.order_by()))


def remarked_at(level_title: str) -> Q:
    """The condition on deliverables that a level of this title raised a remark and sent it."""
    remarks = Remark.objects.exclude(state=RemarkState.DRAFT).filter(level__title=level_title)
    return Q(Exists(remarks.filter(deliverable=OuterRef("pk")).order_by()))


def passed(level_title: str) -> Q:
    """The condition on deliverables that they were issued and a reviewing level of this title had signed that round."""
    return Q(pk__in=_signed_at(level_title).values("round__deliverable"))


def remarked_after(level_title: str) -> Q:
    """The condition on deliverables that passed such a level, and a later level of the same route sent a remark on them."""
    later = Remark.objects.exclude(state=RemarkState.DRAFT).filter(
        deliverable=OuterRef("round__deliverable"), level__route=OuterRef("level__route"), level__order__gt=OuterRef("level__order")
    )  # fmt: skip
    return Q(pk__in=_signed_at(level_title).filter(Exists(later.order_by())).values("round__deliverable"))


def days_at(level_title: str, deliverables) -> dict[int, Decimal]:
    """Deliverable id → working days from the signature of the level before to that of the level of this title, in the round that
    was issued, among `deliverables` (a query set). One query, and the calendar."""
    before = Signature.objects.filter(
        round=OuterRef("round"), seat_number=0, revoked_at__isnull=True, level__order__lt=OuterRef("level__order")
    ).order_by()
    signed = _signed_at(level_title).filter(round__deliverable__in=deliverables.order_by().values("pk")).annotate(
        since=before.values("round").annotate(last=Max("signed_at")).values("last")
    )  # fmt: skip
    rows = list(signed.filter(since__isnull=False).values_list("round__deliverable", "since", "signed_at"))
    pairs = [(int(since.timestamp()), int(at.timestamp())) for _, since, at in rows]
    days = working_days(deadline_queries.working_calendar(), pairs)
    return {row[0]: to_tenth(each) for row, each in zip(rows, days, strict=True)}


def _signed_at(level_title: str):
    """The signatures by which reviewing levels of this title passed what was issued."""
    return Signature.objects.filter(
        round__state=State.ISSUED, seat_number=0, revoked_at__isnull=True, level__title=level_title, level__kind__in=REVIEWING
    ).order_by()  # fmt: skip
