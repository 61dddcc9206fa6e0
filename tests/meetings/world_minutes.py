"""Meetings from the door to the supplement, for the permission table: the organiser is 复核人, the recorder 编制人; 编制人 gets
a copy."""

from types import SimpleNamespace

from meetings.choices import PartyKind
from meetings.services import agenda, links, minutes, objections
from tests.inspections.kit import photo
from tests.meetings import minutes_kit as kit


def build(cast, project) -> SimpleNamespace:
    contractor = kit.party(project, "滨江建设集团", PartyKind.MAIN_CONTRACTOR)
    guests = list(contractor.contacts.all())
    going = kit.meeting(cast, project, recorder=cast.preparer, contacts=guests, hours=-0.5)
    (paper,) = agenda.add_papers(actor=cast.verifier, meeting=going, files=[photo()])
    _, door = links.create_sign_in(actor=cast.verifier, meeting=going)
    held = kit.written(kit.meeting(cast, project, recorder=cast.preparer, contacts=guests))
    checking = kit.written(kit.meeting(cast, project, recorder=cast.preparer, contacts=guests))
    checking = minutes.submit(actor=cast.preparer, meeting=checking, turn=checking.turn)
    issued = kit.issued(kit.meeting(cast, project, users=[cast.preparer], contacts=guests))
    copy, own = issued.distributions.get(party=contractor), issued.distributions.get(user=cast.preparer)
    _, receipt = links.create_receipt(actor=cast.verifier, distribution=copy)
    objection = objections.make(actor=cast.preparer, distribution=own, text="期限不符")
    return SimpleNamespace(**{name: value for name, value in locals().items() if name not in ("cast", "project")})


def subjects(world: SimpleNamespace) -> list[tuple[tuple, str]]:
    """What stands in the address of each route."""
    item = world.going.agenda.first()
    return [
        ((world.going.pk,), "agenda agenda_adopt papers_add attendance sign_in walk_in door_link door_link_revoke minutes"
         " minutes_state minutes_draft minutes_action hold"),
        ((world.going.pk, item.pk), "item_edit item_move item_remove item_save"),
        ((world.going.pk, world.paper.pk), "paper paper_remove"),
        ((world.held.pk,), "submit"),
        ((world.checking.pk,), "send_back issue"),
        ((world.issued.meeting_id,), "supplement receipts remind"),
        ((world.issued.meeting_id, world.issued.pk), "minutes_pdf"),
        ((world.issued.meeting_id, world.own.pk), "receive object"),
        ((world.issued.meeting_id, world.copy.pk), "register_receipt receipt_link receipt_link_revoke"),
        ((world.issued.meeting_id, world.objection.pk), "objection_answer"),
        ((world.receipt,), "public public_pdf"),
    ]  # fmt: skip
