"""Messages about a round: each points to its deliverable, and none of a secret project says outside what it is about."""

from notices.choices import Kind
from notices.services import notify
from reviews.models import Round


def tell(round: Round, *, recipients, kind: Kind, title: str, body: str = "", is_urgent: bool = False) -> None:
    """Write one message to each of `recipients`; part of the caller's transaction."""
    notify(
        recipients=recipients, kind=kind, title=title, body=body, url=f"/deliverables/{round.deliverable_id}/",
        is_urgent=is_urgent, is_confidential=round.deliverable.project.is_secret,
    )  # fmt: skip
