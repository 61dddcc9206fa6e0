"""Do the lists of materials say what the ledger says? Asked by `verify_ledger`: the day on which a set was complete starts
clocks, so one that was edited behind the application's back is named."""

import json
from collections.abc import Iterator

from ledger.models import Entry
from projects.models import Handover

_LABEL = Handover._meta.label_lower


def completions_match() -> Iterator[str]:
    """One sentence for each set whose day of completion is not the one on record."""
    told: dict[int, str] = {}
    entries = Entry.objects.filter(subject_type=_LABEL, action__in=("handover.complete", "handover.reopen"))
    for pk, action, data in entries.order_by("number").values_list("subject_id", "action", "data").iterator():
        told[pk] = json.loads(data)["completed_on"] if action == "handover.complete" else ""
    for handover in Handover.objects.order_by("pk").iterator():
        if (f"{handover.completed_on}" if handover.completed_on else "") != told.get(handover.pk, ""):
            yield f"资料清单 {handover.pk}（{handover}）的齐全日期与证据链不符"
