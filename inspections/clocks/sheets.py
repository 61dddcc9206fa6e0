"""Clocks of 问责单: who answers in time and who decides in time. Nobody is told of a colleague's sheet who does not read them all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from deadlines.scopes import Place, Scope
from inspections.choices import SheetState
from inspections.liability_chain import barred_of
from inspections.models import LiabilitySheet
from staff import permissions
from staff.choices import COMPANY_ROLES, Action, Role
from staff.models import Post
from staff.permissions import SOLE_ROLES

LABEL = "inspections.liabilitysheet"


def holders(places: Iterable[Place]) -> Mapping[Place, list]:
    """The active people who fill each place. Four queries, however many places.

    Roles of the firm that read inspections by their posts, never the person concerned; those that decide without who stands
    aside in the case. Any role below the firm's level is the person's while the answer is awaited; afterwards nobody's, so
    that nobody is told as their own superior."""
    places = set(places)
    rows = LiabilitySheet.objects.filter(pk__in={place.scope_id for place in places})
    sheets = {sheet.pk: sheet for sheet in rows.select_related("person__unit", "case")}
    barred = barred_of({sheet.case_id: sheet.case for sheet in sheets.values()}.values())
    posts, set_apart = _posts({place.role for place in places})

    def fill(place: Place) -> list:
        sheet = sheets.get(place.scope_id)
        if sheet is None:
            return []
        if _is_of_firm(place.role):
            apart = {sheet.person_id} | set_apart
            if permissions.allows(Action.DECIDE_LIABILITY, [place.role]):
                apart |= barred[sheet.case_id]
            return [person for person in posts[place.role] if person.pk not in apart]
        is_awaited = sheet.state == SheetState.PROPOSED and sheet.person.is_active
        return [sheet.person] if is_awaited and place.role not in COMPANY_ROLES else []

    return {place: fill(place) for place in places}


def _is_of_firm(role: str) -> bool:
    return role in COMPANY_ROLES and permissions.allows(Action.READ_INSPECTIONS, [role])


def _posts(roles: set[str]) -> tuple[dict[str, list], set[int]]:
    """(role → people with a post of the firm, in the order of employee numbers; the ids of those who are set apart)."""
    wanted = {role for role in roles if _is_of_firm(role)}
    rows = Post.objects.in_force().filter(role__in={*wanted, *SOLE_ROLES}, unit__isnull=True, user__is_active=True)
    found, set_apart = defaultdict(dict), set()
    for row in rows.select_related("user__unit").order_by("user__employee_number", "pk"):
        if row.role in SOLE_ROLES:
            set_apart.add(row.user_id)
        found[row.role][row.user_id] = row.user
    return defaultdict(list, {role: list(people.values()) for role, people in found.items()}), set_apart


def roles_on(user, scope_id: int, discipline_id: int | None) -> set[str]:
    """The roles of `user` on a sheet. The person concerned has the least of them, whatever their posts: nobody decides about
    the time of their own matter."""
    sheet = LiabilitySheet.objects.visible_to(user).filter(pk=scope_id).only("person").first()
    if sheet is None:
        return set()
    if sheet.person_id == user.pk:
        return {Role.COST_ENGINEER}
    return {role for role in user.company_roles if _is_of_firm(role)}


def visible_ids(user):
    """The sheets whose clocks `user` sees; None: all."""
    if user.may(Action.READ_INSPECTIONS):
        return None
    return LiabilitySheet.objects.filter(person=user).order_by().values("pk")


def confidential_ids(ids: Iterable[int]) -> set[int]:
    """All of them: nothing leaves the house but that there is a message."""
    return set(ids)


def scope() -> Scope:
    return Scope(LABEL, holders=holders, roles_on=roles_on, visible_ids=visible_ids, confidential_ids=confidential_ids)
