"""Rounds as the first screen, the inbox and the search show them: with state in words and who has them now."""

from collections.abc import Iterable

from django.db.models import Case, Exists, IntegerField, OuterRef, Prefetch, Q, Subquery, Value, When

from dashboards.rules import chain_state
from reviews.choices import State
from reviews.models import Round, Waiting

_PREVIOUS = Round.objects.filter(deliverable=OuterRef("deliverable"), number=OuterRef("number") - 1)
_SENT_BACK_BEFORE = Exists(_PREVIOUS.filter(state=State.SENT_BACK))


def as_rows(rounds):
    """`rounds` with what a line about them needs. Constant queries however many there are."""
    return (
        rounds.select_related("deliverable__project", "deliverable__preparer", "level", "version")
        .annotate(
            previous_state=Subquery(_PREVIOUS.values("state")[:1]),
            previous_reason=Subquery(_PREVIOUS.values("end_reason")[:1]),
        )
        .prefetch_related(Prefetch("waitings", Waiting.objects.select_related("user").order_by("since")))
    )


def returned_first():
    """For order_by: the deliverables that were sent back to their preparer before all others."""
    is_returned = Q(state=State.PREPARING, number__gt=1) & Q(_SENT_BACK_BEFORE)
    return Case(When(is_returned, then=Value(0)), default=Value(1), output_field=IntegerField()).asc()


def tell(rounds: Iterable[Round], user) -> list[Round]:
    """Give each row its `state_kind` and `state_word` (badge), `holders` (names), `holds_since` and `reason` (of a return)."""
    rows = list(rounds)
    for row in rows:
        waitings = list(row.waitings.all())
        is_mine = any(waiting.user_id == user.pk for waiting in waitings)
        row.state_kind, row.state_word = chain_state(row.state, row.level.title, row.previous_state, is_mine)
        row.holders = "、".join(waiting.user.name for waiting in waitings)
        row.holds_since = min((waiting.since for waiting in waitings), default=None)
        is_returned = row.state == State.PREPARING and row.previous_state == State.SENT_BACK
        row.reason = row.previous_reason if is_returned else ""
    return rows
