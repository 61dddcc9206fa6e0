"""The checklists of the levels. Every signature keeps the text that it answered, so a change reaches later ones alone."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from ledger.services import record
from reviews import rules
from reviews.models import ChecklistItem, Level
from staff import permissions
from staff.choices import Action


def require_new_line(level: Level, text: str) -> None:
    """Raise ValidationError where the checklist of `level` says the same already, spaces and punctuation apart."""
    for item in level.checklist.all():
        if rules.same_words(item.text, text):
            raise ValidationError({"text": f"“{level.route} · {level.title}”核查清单第 {item.order} 项已有相同内容。"})


@transaction.atomic
def add_item(*, actor, level: Level, text: str, clause: str) -> ChecklistItem:
    """Put a line at the end of a level's checklist, for whoever signs the level from now on. Whoever may decide about
    checklists; the administrator's form for reference data is the other door.

    Raises PermissionDenied, and ValidationError for an empty or too long text and for one that stands there already."""
    permissions.require_post(actor, Action.DECIDE_CHECKLIST)
    # Two additions at once would take the same number.
    level = Level.objects.select_for_update(of=["self"]).select_related("route").get(pk=level.pk)
    text = text.strip()
    require_new_line(level, text)
    last = level.checklist.aggregate(last=Max("order"))["last"] or 0
    item = ChecklistItem(level=level, order=last + 1, text=text, clause=clause)
    item.full_clean()
    item.save()
    record(actor=actor, action="checklist.add", subject=level,
           data={"item": item.pk, "order": item.order, "text": text, "clause": clause, "route": level.route.code})  # fmt: skip
    return item
