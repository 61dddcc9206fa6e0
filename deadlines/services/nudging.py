"""Reminding by hand (催办)."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import scopes
from deadlines.models import Deadline, Nudge
from deadlines.services.clocks import is_secret, locked, page_of, require_open, told_scope, when_words
from ledger.services import record
from notices.choices import Kind
from notices.services import notify
from staff import permissions
from staff.choices import Action

# A second nudge within this time says nothing new.
PAUSE = timedelta(hours=4)


@transaction.atomic
def nudge(*, actor, deadline: Deadline, words: str = "") -> Nudge:
    """Remind who owes a clock. Raises ValidationError where nobody owes it, or it was nudged within four hours."""
    permissions.require(actor, Action.NUDGE, scopes.roles_on(actor, deadline))
    deadline = locked(deadline)
    require_open(deadline)
    if deadline.responsible is None:
        raise ValidationError("责任岗位暂缺人员，请先在项目组中设置。")
    if deadline.responsible_id == actor.pk:
        raise ValidationError("您就是责任人，无须催办自己。")
    last = deadline.nudges.select_related("nudged_by").first()
    if last and timezone.now() - last.nudged_at < PAUSE:
        at = timezone.localtime(last.nudged_at)
        raise ValidationError(f"{last.nudged_by.name} 已于 {at:%H:%M} 催办，四小时内不重复催办。")
    done = Nudge.objects.create(
        deadline=deadline, nudged_by=actor, nudged_at=timezone.now(), words=words.strip()[:200]
    )
    notify(
        recipients=[deadline.responsible], kind=Kind.NUDGE, url=page_of(deadline), is_urgent=True,
        is_confidential=is_secret(deadline),
        title=f"催办：{deadline.rule.title}{deadline.left_words}，{deadline.scope_label} · {deadline.subject_label}",
        body=f"{actor.name} 催办。{when_words(deadline)} 到期。{words.strip()}",
    )  # fmt: skip
    record(actor=actor, action="deadline.nudge", subject=deadline, data={"words": words.strip()},
           scope=told_scope(deadline))  # fmt: skip
    return done


def nudge_all(*, actor, deadlines) -> tuple[int, int]:
    """Nudge each of `deadlines` that may be nudged: (nudged, left out). Each is its own transaction."""
    done = left = 0
    for deadline in deadlines:
        try:
            nudge(actor=actor, deadline=deadline)
            done += 1
        except (ValidationError, PermissionDenied):
            left += 1
    return done, left
