"""Rounds as the first screen, the inbox and the search show them: with state in words and who has them now."""

from collections.abc import Iterable

from django.db.models import Case, Exists, IntegerField, OuterRef, Prefetch, Q, Value, When

from dashboards.rules import chain_state
from reviews.choices import State
from reviews.models import Round, Waiting

_HOLDERS = Prefetch("waitings", Waiting.objects.select_related("user").order_by("since"))
# The columns of a line; the other seventy of these tables would only be carried around.
_SHOWN = [
    *("deliverable", "number", "state", "turn", "level", "version", "last_acted_at", "last_actor", "last_act"),
    *(f"deliverable__{name}" for name in ("number", "title", "due_on", "project", "preparer")),
    *("deliverable__project__number", "deliverable__project__name", "deliverable__preparer__name", "level__title"),
]


def as_rows(rounds, *more: str):
    """`rounds` with what a line about them needs, and the columns `more`. Constant queries however many there are."""
    related = ("deliverable__project", "deliverable__preparer", "level")
    return rounds.select_related(*related).only(*_SHOWN, *more).prefetch_related(_HOLDERS)


def returned_first():
    """For order_by: the deliverables that were sent back to their preparer before all others."""
    previous = Round.objects.filter(deliverable=OuterRef("deliverable"), number=OuterRef("number") - 1).order_by()
    is_returned = Q(state=State.PREPARING, number__gt=1) & Q(Exists(previous.filter(state=State.SENT_BACK)))
    return Case(When(is_returned, then=Value(0)), default=Value(1), output_field=IntegerField()).asc()


def tell(rounds: Iterable[Round], user) -> list[Round]:
    """Give each row its `state_kind` and `state_word` (badge), `holders` (names), `holds_since` and `reason` (of a return)."""
    rows = list(rounds)
    previous = _previous(rows)
    for row in rows:
        waitings = list(row.waitings.all())
        is_mine = any(waiting.user_id == user.pk for waiting in waitings)
        before, reason = previous.get((row.deliverable_id, row.number - 1), (None, ""))
        row.state_kind, row.state_word = chain_state(row.state, row.level.title, before, is_mine)
        row.reason = reason if before == State.SENT_BACK else ""
        row.holders = "、".join(waiting.user.name for waiting in waitings)
        row.holds_since = min((waiting.since for waiting in waitings), default=None)
    return rows


def _previous(rows: list[Round]) -> dict[tuple[int, int], tuple[str, str]]:
    """(deliverable, number) → how and why that round ended, of the rounds before those in preparation: where only the
    round before tells a return from a draft. One query, none without such rows."""
    wanted = [row.deliverable_id for row in rows if row.state == State.PREPARING and row.number > 1]
    if not wanted:
        return {}
    ended = Round.objects.filter(deliverable__in=wanted, state__in=(State.SENT_BACK, State.WITHDRAWN)).order_by()
    found = ended.values_list("deliverable", "number", "state", "end_reason")
    return {(deliverable, number): (state, reason) for deliverable, number, state, reason in found}
