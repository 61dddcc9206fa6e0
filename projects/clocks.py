"""What projects tell the clocks below: who fills a role, who may see them; and which clocks a deliverable fulfils."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from deadlines import queries as deadline_queries
from deadlines.models import Deadline
from deadlines.scopes import Place, Scope
from deadlines.services.clocks import when_words
from projects.choices import BusinessLine, Confidentiality, ContractKind, DeliverableKind
from projects.models import Assignment, Discipline, Project, sees_all_projects
from projects.queries import roles_on as roles_on_project
from staff.models import Post, Unit
from staff.permissions import SOLE_ROLES

LABEL = "projects.project"


# ── Who ─────────────────────────────────────────────────────────────────────
def holders(places: Iterable[Place]) -> Mapping[Place, list]:
    """The active people who fill each place today, in the order of `queries.holders_of`: by assignment (of the place's
    discipline or of none), then by a post of the nearest unit up the tree, then of the firm. Four queries, however many
    places. Never the administrator and the auditor (三员分立)."""
    places = set(places)
    roles = {place.role for place in places}
    unit_of = dict(Project.objects.filter(pk__in={place.scope_id for place in places}).values_list("pk", "unit_id"))
    parent_of = dict(Unit.objects.order_by().values_list("pk", "parent_id"))
    posts, set_apart = _posts_by_place(roles)
    assigned = _assigned(unit_of, roles)

    def fill(place: Place) -> list:
        people = [
            person
            for discipline_id, person in assigned[place.scope_id, place.role]
            if place.discipline_id is None or discipline_id in (None, place.discipline_id)
        ]
        for unit_id in [*_lineage(unit_of.get(place.scope_id), parent_of), None]:
            people += posts[place.role, unit_id]
        return list({person.pk: person for person in people if person.pk not in set_apart}.values())

    return {place: fill(place) for place in places}


def _assigned(project_ids, roles) -> dict[tuple[int, str], list]:
    """(project, role) → (discipline id or None, person), in the order of employee numbers."""
    rows = Assignment.objects.in_force().filter(project__in=project_ids, role__in=roles, user__is_active=True)
    found = defaultdict(list)
    for row in rows.select_related("user__unit").order_by("user__employee_number", "pk"):
        found[row.project_id, row.role].append((row.discipline_id, row.user))
    return found


def _posts_by_place(roles) -> tuple[dict[tuple[str, int | None], list], set[int]]:
    """(role, unit or None) → people, in the order of employee numbers; and the ids of those who are set apart."""
    rows = Post.objects.in_force().filter(role__in={*roles, *SOLE_ROLES}, user__is_active=True)
    found, set_apart = defaultdict(list), set()
    for row in rows.select_related("user__unit").order_by("user__employee_number", "pk"):
        if row.role in SOLE_ROLES:
            set_apart.add(row.user_id)
        found[row.role, row.unit_id].append(row.user)
    return found, set_apart


def _lineage(unit_id: int | None, parent_of: Mapping[int, int | None]) -> list[int]:
    """The unit and those above it."""
    found: list[int] = []
    while unit_id is not None and unit_id not in found:
        found.append(unit_id)
        unit_id = parent_of.get(unit_id)
    return found


def roles_on(user, scope_id: int, discipline_id: int | None) -> set[str]:
    """The roles of `user` on the project; assignments to another discipline do not count."""
    project = Project.objects.only("unit_id").get(pk=scope_id)
    return roles_on_project(user, project, Discipline(pk=discipline_id) if discipline_id else None)


def visible_ids(user):
    """The projects whose clocks `user` sees; None: all."""
    return None if sees_all_projects(user) else Project.objects.visible_to(user).order_by().values("pk")


def confidential_ids(ids: Iterable[int]) -> set[int]:
    """Which of these projects are 秘密."""
    rows = Project.objects.filter(pk__in=list(ids), confidentiality=Confidentiality.SECRET)
    return set(rows.order_by().values_list("pk", flat=True))


def part_ids(units: Iterable[int] | None, business_line: str):
    """The projects in these units (None: all) and of this business line ("": all)."""
    rows = Project.objects.order_by()
    if units is not None:
        rows = rows.filter(unit__in=list(units))
    return (rows.filter(business_line=business_line) if business_line else rows).values("pk")


def scope() -> Scope:
    return Scope(
        LABEL, holders=holders, roles_on=roles_on, visible_ids=visible_ids, confidential_ids=confidential_ids, part_ids=part_ids,
        business_lines=BusinessLine.choices, contract_kinds=ContractKind.choices,
        deliverable_kinds=DeliverableKind.choices,
    )  # fmt: skip


# ── Which ───────────────────────────────────────────────────────────────────
def clocks_for_many(deliverables: Iterable) -> dict[int, list[Deadline]]:
    """For each deliverable the open clocks of its project that its issue would fulfil (the rule names its kind; a clock of
    one discipline takes a deliverable of this discipline alone), the most urgent first. One query."""
    deliverables = list(deliverables)
    running = deadline_queries.open_of_scopes(LABEL, {each.project_id for each in deliverables})
    return {
        each.pk: [clock for clock in running.get(each.project_id, []) if _is_fulfilled_by(clock, each)]
        for each in deliverables
    }


def clocks_for(deliverable) -> list[Deadline]:
    """As `clocks_for_many`, for one."""
    return clocks_for_many([deliverable])[deliverable.pk]


def _is_fulfilled_by(clock: Deadline, deliverable) -> bool:
    if deliverable.kind not in clock.rule.fulfilled_by:
        return False
    return clock.discipline_id in (None, deliverable.discipline_id)


def of_projects(projects: Iterable) -> dict[int, list[Deadline]]:
    """The open clocks of each project, the most urgent first. One query."""
    return deadline_queries.open_of_scopes(LABEL, [each.pk for each in projects])


def of_records(model, ids: Iterable[int]) -> dict[int, list[Deadline]]:
    """The clocks of records of `model`, open or fulfilled, the most urgent first. One query."""
    return deadline_queries.of_subjects(model._meta.label_lower, ids)


def words(deadlines: Iterable[Deadline]) -> str:
    """What a message tells of clocks that have begun: “总承包结算审核 45 日历天，2026-12-28 周一到期；…”."""
    return "；".join(
        f"{each.rule.title} {each.rule.amount_words}，{when_words(each)}{' ' if each.rule.is_in_hours else ''}到期"
        for each in deadlines
    )
