"""Reminding by hand whom a round waits for (催办)."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from ledger.services import record
from notices.choices import Kind
from projects.queries import roles_on
from reviews.models import Nudge, Round
from reviews.telling import tell
from staff import permissions
from staff.choices import Action

# A second nudge within this time says nothing new.
PAUSE = timedelta(hours=4)


@transaction.atomic
def nudge(*, actor, round: Round) -> list:
    """Remind whom the round waits for; returns them. Raises ValidationError where nobody else is waited for, or somebody
    nudged within four hours."""
    round = (
        Round.objects.select_for_update(of=("self",)).select_related("deliverable__project", "level").get(pk=round.pk)
    )
    deliverable = round.deliverable
    permissions.require(actor, Action.NUDGE, roles_on(actor, deliverable.project))
    people = [waiting.user for waiting in round.waitings.select_related("user") if waiting.user_id != actor.pk]
    if not people:
        raise ValidationError("这一环节现在没有等待他人处理。")
    last = round.nudges.select_related("nudged_by").first()
    if last and timezone.now() - last.nudged_at < PAUSE and last.nudged_at > round.last_acted_at:
        at = timezone.localtime(last.nudged_at)
        raise ValidationError(f"{last.nudged_by.name} 已于 {at:%H:%M} 催办，四小时内不重复催办。")
    Nudge.objects.create(round=round, nudged_by=actor)
    record(actor=actor, action="review.nudge", subject=deliverable, scope=deliverable.project,
           data={"round": round.number, "level": round.level.title, "to": [person.pk for person in people]})  # fmt: skip
    tell(round, recipients=people, kind=Kind.NUDGE, title=f"催办：{deliverable} {round.word}", is_urgent=True,
         body=f"{actor.name} 催办，请尽快处理。")  # fmt: skip
    return people
