"""Time limits on the first screens: what I owe, what I decide about, what is late and where."""

from collections import Counter

from dashboards.blocks.base import SHORT, Block
from deadlines import queries
from deadlines.choices import Decision, Event
from deadlines.models import Deadline, TimeRequest
from projects.clocks import LABEL
from projects.models import Project

OF_MEETINGS = (Event.MEETING_HELD, Event.ACTION_ITEM_SET)


def my_clocks(user) -> Block:
    """The open clocks that `user` owes, the most urgent first; but those of meetings, which stand in 会议与待办."""
    mine = Deadline.objects.open().filter(responsible=user).exclude(rule__event__in=OF_MEETINGS)
    rows = list(mine.select_related("rule").order_by("due_at", "pk")[:SHORT])
    return Block("my_clocks", mine.count(), {"rows": rows})


def clocks_of_firm(user) -> Block:
    """Of the clocks that `user` sees: figures, the longest overdue with who owes them, overdue by unit, and requests that
    wait for a decision."""
    seen = Deadline.objects.visible_to(user)
    late = seen.overdue()
    rows = list(late.select_related("rule", "responsible").order_by("due_at", "pk")[:SHORT])
    figures = queries.counts(seen)
    figures["pending"] = TimeRequest.objects.filter(decision=Decision.PENDING, deadline__in=seen.open()).count()
    return Block("clocks_of_firm", figures["overdue"], {"rows": rows, "figures": figures, "units": _by_unit(late)})


def _by_unit(late) -> list[tuple[str, int]]:
    """(unit, overdue clocks), the worst first."""
    per_project = Counter(late.filter(scope_type=LABEL).values_list("scope_id", flat=True))
    units = Project.objects.filter(pk__in=per_project).order_by().values_list("pk", "unit__name")
    totals: Counter = Counter()
    for pk, unit in units:
        totals[unit] += per_project[pk]
    return totals.most_common()
