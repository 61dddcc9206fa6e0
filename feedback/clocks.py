"""What complaints tell the clocks below: who answers for them and who may see them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from deadlines.scopes import Place, Scope
from feedback.models import AboutPerson, Complaint
from staff import permissions
from staff.choices import Action
from staff.models import Post
from staff.permissions import SOLE_ROLES

LABEL = "feedback.complaint"


def holders(places: Iterable[Place]) -> Mapping[Place, list]:
    """The active people who hold each place's role for the firm, without those whom the complaint is about. 质量办 fills no
    place of a complaint about itself: its clock is reported to 管理层 at each step. Three queries."""
    places = set(places)
    by_role, set_apart = _posts({place.role for place in places})
    ids = {place.scope_id for place in places}
    about = set(AboutPerson.objects.in_force().filter(complaint__in=ids).values_list("complaint", "user"))
    past_office = set(
        Complaint.objects.filter(pk__in=ids, is_about_office=True).order_by().values_list("pk", flat=True)
    )

    def fill(place: Place) -> list:
        if place.scope_id in past_office and not permissions.allows(Action.SEE_REPORTER, [place.role]):
            return []
        people = by_role[place.role]
        return [each for each in people if each.pk not in set_apart and (place.scope_id, each.pk) not in about]

    return {place: fill(place) for place in places}


def _posts(roles: set[str]) -> tuple[dict[str, list], set[int]]:
    """(role → people with a post of the firm, in the order of employee numbers; the ids of those who are set apart).
    Only roles that may handle complaints fill a place: nobody else sees them."""
    wanted = {role for role in roles if permissions.allows(Action.HANDLE_COMPLAINTS, [role])}
    rows = Post.objects.in_force().filter(role__in={*wanted, *SOLE_ROLES}, unit__isnull=True, user__is_active=True)
    found, set_apart = defaultdict(dict), set()
    for row in rows.select_related("user__unit").order_by("user__employee_number", "pk"):
        if row.role in SOLE_ROLES:
            set_apart.add(row.user_id)
        found[row.role][row.user_id] = row.user
    return defaultdict(list, {role: list(people.values()) for role, people in found.items()}), set_apart


def roles_on(user, scope_id: int, discipline_id: int | None) -> set[str]:
    """The roles of `user` for the firm that have to do with complaints; none on one that they may not see."""
    if not Complaint.objects.visible_to(user).filter(pk=scope_id).exists():
        return set()
    return {role for role in user.company_roles if permissions.allows(Action.HANDLE_COMPLAINTS, [role])}


def visible_ids(user):
    """The complaints whose clocks `user` sees."""
    return Complaint.objects.visible_to(user).order_by().values("pk")


def scope() -> Scope:
    # All of them are secret: nothing leaves the house but that there is a message.
    return Scope(LABEL, holders=holders, roles_on=roles_on, visible_ids=visible_ids, confidential_ids=set)
