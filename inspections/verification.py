"""Do the draws come out again as they were kept, and as the ledger has them? Asked by `verify_ledger`."""

import json
from collections.abc import Iterator

from inspections.models import Draw, Plan
from inspections.services import comes_out_again
from ledger.models import Entry


def draws_match() -> Iterator[str]:
    """One sentence for each draw that does not come out again, or is not the one on record."""
    rows = Entry.objects.filter(subject_type=Plan._meta.label_lower, action="plan.draw").order_by("number")
    told = {data["draw"]: data["digest"] for data in map(json.loads, rows.values_list("data", flat=True))}
    for draw in Draw.objects.order_by("pk").iterator():
        if told.get(draw.pk) != draw.digest:
            yield f"抽样 {draw.pk} 与证据链不符"
        elif not comes_out_again(draw):
            yield f"抽样 {draw.pk} 按原种子重抽，结果与记录不符"
    gone = told.keys() - set(Draw.objects.values_list("pk", flat=True))
    for pk in sorted(gone):
        yield f"抽样 {pk} 有记录，却不在数据库中"
