"""Messages about a complaint: its number and nothing else, and outside not even that."""

from deadlines.scopes import Place
from feedback import clocks
from feedback.models import Complaint
from notices.choices import Kind
from notices.services import notify
from staff.choices import Role


def page_of(complaint: Complaint) -> str:
    return f"/feedback/complaints/{complaint.pk}/"


def handlers(complaint: Complaint) -> list:
    """质量办, or 管理层 where the complaint is about 质量办 or nobody of it is left."""
    places = [Place(complaint.pk, role) for role in (Role.QUALITY_OFFICE, Role.EXECUTIVE)]
    found = clocks.holders(places)
    return next((found[place] for place in places if found[place]), [])


def tell(complaint: Complaint, people, *, title: str) -> None:
    """One message to each of `people`; part of the caller's transaction."""
    notify(recipients=people, kind=Kind.TO_DO, title=title, url=page_of(complaint), is_confidential=True)
