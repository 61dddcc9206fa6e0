"""What an address of the library can name, for the permission table."""

from types import SimpleNamespace

from lessons import services
from reviews.choices import RemarkCategory
from reviews.models import Level


def build(cast) -> SimpleNamespace:
    """A proposal of 审核人 that waits."""
    (proposal,) = services.propose(
        actor=cast.approver,
        levels=[Level.objects.first()],
        text="合计是否复核",
        category=RemarkCategory.DATA,
        basis="1 条",
    )
    return SimpleNamespace(proposal=proposal)


def subjects(world: SimpleNamespace) -> list[tuple[tuple, str]]:
    """What stands in the address of each route."""
    return [
        ((world.proposal.pk,), "proposal decide"),
        (("data",), "category category_export"),
    ]
