"""Whether a reader of a clock may open the page of what it is about. A clock of a project is seen by whoever sees the
project; an inspection or a meeting in it is seen by fewer. The floors above tell here what somebody sees of theirs.

    pages.register("inspections.inspection", Inspection.objects.visible_to)      # in apps.ready
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

_visible: dict[str, Callable] = {}


def register(subject_type: str, visible_to: Callable) -> None:
    """`visible_to(user)` → the records of `subject_type` whose page `user` may open; the last registration counts."""
    _visible[subject_type] = visible_to


def closed_to(user, deadlines: Iterable) -> set[int]:
    """The clocks whose subject's page `user` may not open; one query for each registered kind of subject."""
    kinds = defaultdict(list)
    for deadline in deadlines:
        if deadline.subject_type in _visible:
            kinds[deadline.subject_type].append(deadline)
    closed: set[int] = set()
    for kind, clocks in kinds.items():
        shown = _visible[kind](user).filter(pk__in=[clock.subject_id for clock in clocks])
        seen = set(shown.order_by().values_list("pk", flat=True))
        closed |= {clock.pk for clock in clocks if clock.subject_id not in seen}
    return closed
