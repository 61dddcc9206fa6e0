"""One of everything that an address of `rankings` can name, in the states in which its acts are possible: for the permission
table. Each part of the app puts its own together."""

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from rankings.queries.policies import in_force
from rankings.services import attendance
from tests.rankings import policy_kit, ranking_world, settlement_world


def build(cast) -> SimpleNamespace:
    ranked = ranking_world.build(cast)
    settled = settlement_world.build(cast)
    record = attendance.record(
        actor=cast.quality_office, person=cast.preparer, rule=policy_kit.rule_of("旷工"),
        happened_on=timezone.localdate() - timedelta(days=1),
    )  # fmt: skip
    policy, draft = in_force(), policy_kit.draft_of(cast.quality_office)
    return SimpleNamespace(
        record=record, policy=policy, draft=draft, settled=settled, ranked=ranked, person=cast.preparer
    )


def subjects(world: SimpleNamespace) -> list[tuple[tuple, str]]:
    """What stands in the address of each route."""
    return [
        ((world.policy.pk,), "policy"),
        ((world.draft.pk,), "policy_edit policy_publish policy_discard"),
        ((world.record.pk,), "attendance_withdraw"),
        ((world.person.pk,), "person_record person_record_pdf"),
        *ranking_world.subjects(world.ranked),
        *settlement_world.subjects(world.settled),
    ]
