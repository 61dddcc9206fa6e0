"""Clocks of meetings and of their action items: who owes the minutes, who owes an item, who hears of it when they are late."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from deadlines.scopes import Place, Scope
from meetings.chain import roles_at
from meetings.models import ActionItem, Meeting
from meetings.secrecy import may_know
from projects import clocks as project_clocks
from projects.choices import Confidentiality
from staff.choices import COMPANY_ROLES, Role
from staff.models import Post, Unit
from staff.permissions import SOLE_ROLES

ITEM = "meetings.actionitem"
MEETING = "meetings.meeting"
# Whose own work it is; the roles above these hear of it when it is late.
OWING = {
    ITEM: (Role.COST_ENGINEER, Role.DISCIPLINE_LEAD),
    MEETING: (Role.COST_ENGINEER, Role.DISCIPLINE_LEAD, Role.PROJECT_MANAGER),
}


class Named:
    """A record as the scope of its clock, called by what it belongs to: the clock itself tells its subject."""

    def __init__(self, record):
        self._meta, self.pk, self._words = record._meta, record.pk, _words(record)

    def __str__(self) -> str:
        return self._words


def _words(record) -> str:
    if record.project_id:
        return record.project.name
    return (record if isinstance(record, Meeting) else record.meeting).kind.title


# ── Who ─────────────────────────────────────────────────────────────────────
def item_holders(places: Iterable[Place]) -> Mapping[Place, list]:
    """The active people who fill each place of action items: the owner owes it, or for an owner outside, or one who has left,
    the organiser of the meeting; the roles above by the project, or by posts where the firm itself met. A constant number of
    queries, however many places; of secret projects one more for each organiser who is asked for."""
    rows = ActionItem.objects.filter(pk__in={place.scope_id for place in places})
    rows = rows.select_related("owner__unit", "meeting__organiser__unit", "project")
    return _filled(ITEM, places, {row.pk: (row.project_id, _owing(row)) for row in rows})


def _owing(item: ActionItem) -> list:
    if item.owner_id and item.owner.is_active:
        return [item.owner]
    return _organiser(item.meeting.organiser, item.project)


def _organiser(organiser, project) -> list:
    """Whoever organised it, while still there and allowed to know of it."""
    return [organiser] if organiser.is_active and may_know(organiser, project) else []


def owing_item(item: ActionItem) -> list:
    """Who owes it now, the first one first in line."""
    place = Place(item.pk, Role.COST_ENGINEER)
    return item_holders([place])[place]


def owing_minutes(meeting: Meeting) -> list:
    """Who owes the minutes now."""
    place = Place(meeting.pk, Role.PROJECT_MANAGER)
    return meeting_holders([place])[place]


def meeting_holders(places: Iterable[Place]) -> Mapping[Place, list]:
    """As `item_holders`, for the minutes that a meeting's organiser owes."""
    rows = Meeting.objects.filter(pk__in={place.scope_id for place in places})
    rows = rows.select_related("organiser__unit", "project")
    found = {row.pk: (row.project_id, _organiser(row.organiser, row.project)) for row in rows}
    return _filled(MEETING, places, found)


def _filled(label: str, places: Iterable[Place], known: dict[int, tuple[int | None, list]]) -> dict[Place, list]:
    """`known`: record → (project or None, who owes it). Where nobody is left of these, the project manager answers."""
    places = set(places)
    asked = {place: _at_project(place, known) for place in places}
    at_projects = {each for each in asked.values() if each}
    managers = {Place(each.scope_id, Role.PROJECT_MANAGER) for each in at_projects}
    by_project = project_clocks.holders(at_projects | managers)
    of_firm = _of_firm({place.role for place in places})

    def fill(place: Place) -> list:
        _, owing = known.get(place.scope_id, (None, []))
        above = asked[place]
        if place.role in OWING[label]:
            return owing or (by_project[Place(above.scope_id, Role.PROJECT_MANAGER)] if above else [])
        if above:
            return by_project[above]
        return of_firm(place.role, owing[0].unit_id if owing else None)

    return {place: fill(place) for place in places}


def _at_project(place: Place, known) -> Place | None:
    project_id, _ = known.get(place.scope_id, (None, []))
    return Place(project_id, place.role) if project_id else None


def _of_firm(roles: set[str]):
    """(role, unit) → people by posts: of the firm for its roles, else of the unit or the nearest above it."""
    parent_of = dict(Unit.objects.order_by().values_list("pk", "parent_id"))
    rows = Post.objects.in_force().filter(role__in={*roles, *SOLE_ROLES}, user__is_active=True)
    posts, apart = defaultdict(dict), set()
    for row in rows.select_related("user__unit").order_by("user__employee_number", "pk"):
        if row.role in SOLE_ROLES:
            apart.add(row.user_id)
        posts[row.role, row.unit_id][row.user_id] = row.user

    def found(role: str, unit_id: int | None) -> list:
        people = {}
        while unit_id is not None and role not in COMPANY_ROLES:
            people |= posts[role, unit_id]
            unit_id = parent_of.get(unit_id)
        people |= posts[role, None]
        return [person for person in people.values() if person.pk not in apart]

    return found


# ── What they may do, and see ───────────────────────────────────────────────
def _roles_on(user, record) -> set[str]:
    """Whoever sees it may remind of it as one of the team may. The day is agreed upon at the meeting, so nobody decides about
    it on the page of the clock."""
    return {Role.COST_ENGINEER} if record is not None else set()


def item_roles_on(user, scope_id: int, discipline_id: int | None) -> set[str]:
    return _roles_on(user, ActionItem.objects.visible_to(user).filter(pk=scope_id).only("pk").first())


def meeting_roles_on(user, scope_id: int, discipline_id: int | None) -> set[str]:
    """The minutes' days are the rule's; the roles of the project decide about more of them as about any clock."""
    meeting = Meeting.objects.visible_to(user).filter(pk=scope_id).select_related("project").first()
    return roles_at(user, meeting.project) if meeting else set()


def visible_items(user):
    return ActionItem.objects.visible_to(user).order_by().values("pk")


def visible_meetings(user):
    return Meeting.objects.visible_to(user).order_by().values("pk")


def _secret(model, ids: Iterable[int]) -> set[int]:
    rows = model.objects.filter(pk__in=list(ids), project__confidentiality=Confidentiality.SECRET)
    return set(rows.order_by().values_list("pk", flat=True))


def secret_items(ids: Iterable[int]) -> set[int]:
    return _secret(ActionItem, ids)


def secret_meetings(ids: Iterable[int]) -> set[int]:
    return _secret(Meeting, ids)


def scopes() -> list[Scope]:
    return [
        Scope(ITEM, holders=item_holders, roles_on=item_roles_on, visible_ids=visible_items, confidential_ids=secret_items),
        Scope(MEETING, holders=meeting_holders, roles_on=meeting_roles_on, visible_ids=visible_meetings,
              confidential_ids=secret_meetings),
    ]  # fmt: skip
