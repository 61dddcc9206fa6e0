"""Do the proposals for the checklists say what the ledger says? Asked by `verify_ledger`."""

import json
from collections.abc import Iterator

from ledger.models import Entry
from lessons.choices import ProposalState
from lessons.models import ChecklistProposal
from lessons.services import facts

LABEL = ChecklistProposal._meta.label_lower
# The titles of levels and routes may be put otherwise later.
FIXED = ("level", "text", "category", "basis")
DECIDED = {"checklist.accept": ProposalState.ACCEPTED, "checklist.refuse": ProposalState.REFUSED}


def proposals_match() -> Iterator[str]:
    """One sentence for each proposal that is not what was proposed or decided, and for each that is gone."""
    told: dict[int, dict] = {}
    rows = Entry.objects.filter(subject_type=LABEL, action__startswith="checklist.").order_by("number")
    for pk, action, by, data in rows.values_list("subject_id", "action", "actor_id", "data"):
        told.setdefault(pk, {})[action] = {**json.loads(data), "by": by}
    for row in ChecklistProposal.objects.select_related("level__route").order_by("pk"):
        if wrong := _wrong(row, told.pop(row.pk, {})):
            yield f"核查清单建议 {row.pk} {wrong}"
    yield from (f"核查清单建议 {pk} 有记录，却不在数据库中" for pk in told)


def _wrong(row: ChecklistProposal, told: dict[str, dict]) -> str:
    proposed = told.get("checklist.propose")
    if proposed is None:
        return "没有建议记录"
    now = {name: value for name, value in facts(row).items() if name in FIXED}
    if now != {name: proposed[name] for name in FIXED} or row.proposed_by_id != proposed["by"]:
        return "的内容与证据链不符"
    act = next((each for each in DECIDED if each in told), None)
    decided = told.get(act, {})
    expected = (DECIDED.get(act, ProposalState.PROPOSED), decided.get("by"), decided.get("note", ""))
    if (row.state, row.decided_by_id, row.note) != expected:
        return "的审定情况与证据链不符"
    # A line that was taken out of a checklist since leaves the proposal without one.
    if row.item_id != decided.get("item") and (row.item_id is not None or _stands(decided["item"])):
        return "的新增条目与证据链不符"
    return ""


def _stands(item: int) -> bool:
    return ChecklistProposal.item.field.related_model.objects.filter(pk=item).exists()
