"""One action item in each state in which something can be done to it, for the permission table: the organiser is 复核人, the
owner 编制人."""

from types import SimpleNamespace

from meetings.services import action_items as services
from tests.inspections.kit import photo
from tests.meetings.test_action_items import held, item


def build(cast, project) -> SimpleNamespace:
    meeting, later = held(cast, project), held(cast, project, hours=-1)
    open_ = item(cast, meeting)
    done = item(cast, meeting)
    done = services.report_done(actor=cast.preparer, item=done, turn=done.turn, note="完成", files=[photo()])
    return SimpleNamespace(meeting=meeting, later=later, open=open_, done=done, proof=done.proofs.get())


def subjects(world: SimpleNamespace) -> list[tuple[tuple, str]]:
    """What stands in the address of each route."""
    return [
        ((world.open.pk,), "action action_change action_done action_close action_drop"),
        ((world.done.pk,), "action_reopen"),
        ((world.proof.pk,), "action_proof"),
        ((world.later.pk,), "meeting_actions action_create"),
        ((world.later.pk, world.open.pk), "action_progress"),
    ]
