"""Clocks of an inspected unit (the ten days of its written opinion): who answers for a unit, and who may see them. Those of
an inspected project belong to the project, as all its clocks do."""

from collections.abc import Iterable, Mapping

from deadlines.scopes import Place, Scope
from staff import permissions
from staff.choices import Action, Role
from staff.models import Post, Unit

LABEL = "staff.unit"


def holders(places: Iterable[Place]) -> Mapping[Place, list]:
    """Who fills each place: the roles of a project's team are the unit's technical director's here; the nearest unit up the
    tree first, then the posts of the firm. Two queries."""
    parent_of = dict(Unit.objects.order_by().values_list("pk", "parent_id"))
    rows = Post.objects.in_force().filter(user__is_active=True).select_related("user__unit")
    posts: dict[tuple[str, int | None], list] = {}
    for row in rows.order_by("user__employee_number", "pk"):
        posts.setdefault((row.role, row.unit_id), []).append(row.user)

    def fill(place: Place) -> list:
        role = place.role if _is_of_posts(place.role) else Role.TECHNICAL_DIRECTOR
        found: list = []
        unit_id: int | None = place.scope_id
        while unit_id is not None:
            found += posts.get((role, unit_id), [])
            unit_id = parent_of.get(unit_id)
        found += posts.get((role, None), [])
        return list({person.pk: person for person in found}.values())

    return {place: fill(place) for place in set(places)}


def _is_of_posts(role: str) -> bool:
    return role not in (Role.PROJECT_MANAGER, Role.DISCIPLINE_LEAD, Role.COST_ENGINEER)


def roles_on(user, scope_id: int, discipline_id: int | None) -> set[str]:
    """The roles that the posts of `user` give for the unit."""
    return {role for role, units in user.reach if units is None or scope_id in units}


def visible_ids(user):
    """The units whose clocks `user` sees: None (all) for whoever reads inspections, else the units that they direct."""
    if user.may(Action.READ_INSPECTIONS):
        return None
    answering = [units for role, units in user.reach if permissions.allows(Action.ANSWER_INSPECTION, [role])]
    return {unit for units in answering for unit in units or ()}


def part_ids(units: Iterable[int] | None, business_line: str):
    """The units themselves; a unit has no business line."""
    if business_line:
        return []
    return Unit.objects.order_by().values("pk") if units is None else list(units)


def scope() -> Scope:
    return Scope(LABEL, holders=holders, roles_on=roles_on, visible_ids=visible_ids, part_ids=part_ids)
