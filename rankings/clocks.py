"""Clocks of a settlement (公示申诉期) and of an appeal: who keeps them in time, who may see them. Nobody is told of a colleague's
matter who does not read settlements, and nothing but that there is a message leaves the house."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from deadlines.scopes import Place, Scope
from rankings.models import Appeal, Award, Settlement
from staff import permissions
from staff.choices import COMPANY_ROLES, Action, Role
from staff.models import Post
from staff.permissions import SOLE_ROLES

SETTLEMENT, APPEAL = Settlement._meta.label_lower, Appeal._meta.label_lower


def _is_of_firm(role: str) -> bool:
    return role in COMPANY_ROLES and permissions.allows(Action.READ_SETTLEMENT, [role])


def _posts(roles: set[str]) -> dict[str, list]:
    """Role → the active people with a post of the firm, by employee number; nobody who configures or audits."""
    wanted = {role for role in roles if _is_of_firm(role)}
    rows = Post.objects.in_force().filter(role__in={*wanted, *SOLE_ROLES}, unit__isnull=True, user__is_active=True)
    found, set_apart = defaultdict(dict), set()
    for row in rows.select_related("user__unit").order_by("user__employee_number", "pk"):
        if row.role in SOLE_ROLES:
            set_apart.add(row.user_id)
        found[row.role][row.user_id] = row.user
    return {
        role: [person for pk, person in people.items() if pk not in set_apart]
        for role, people in found.items()
        if role in wanted
    }


def settlement_holders(places: Iterable[Place]) -> Mapping[Place, list]:
    """Roles of the firm that read settlements, by their posts; nobody else."""
    places = set(places)
    posts = _posts({place.role for place in places})
    return {place: posts.get(place.role, []) for place in places}


def appeal_holders(places: Iterable[Place]) -> Mapping[Place, list]:
    """As of a settlement; never the person concerned, nor, where the role decides, who proposed the settlement."""
    places = set(places)
    posts = _posts({place.role for place in places})
    awards = Award.objects.filter(appeal__in={place.scope_id for place in places})
    about = {pk: (person, by) for pk, person, by in awards.values_list("appeal", "person", "settlement__proposed_by")}

    def fill(place: Place) -> list:
        person, proposer = about.get(place.scope_id, (None, None))
        apart = {person}
        if permissions.allows(Action.APPROVE_SETTLEMENT, [place.role]):
            apart.add(proposer)
        return [each for each in posts.get(place.role, []) if each.pk not in apart]

    return {place: fill(place) for place in places}


def settlement_roles(user, scope_id: int, discipline_id: int | None) -> set[str]:
    return {role for role in user.company_roles if _is_of_firm(role)}


def appeal_roles(user, scope_id: int, discipline_id: int | None) -> set[str]:
    """The person concerned has the least of them, whatever their posts: nobody decides about the time of their own matter."""
    person = Award.objects.filter(appeal=scope_id).values_list("person", flat=True).first()
    if person == user.pk:
        return {Role.COST_ENGINEER}
    return settlement_roles(user, scope_id, discipline_id)


def settlements_seen(user):
    """None (all) for whoever reads settlements; the others find their time on “我的奖惩”."""
    return None if user.may(Action.READ_SETTLEMENT) else []


def appeals_seen(user):
    if user.may(Action.READ_SETTLEMENT):
        return None
    return Appeal.objects.filter(award__person=user).order_by().values("pk")


def scopes() -> list[Scope]:
    return [
        Scope(SETTLEMENT, settlement_holders, settlement_roles, settlements_seen, confidential_ids=set),
        Scope(APPEAL, appeal_holders, appeal_roles, appeals_seen, confidential_ids=set),
    ]
