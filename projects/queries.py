"""Reads of projects that are used in more than one place."""

from django.db.models import Q

from staff.choices import Action
from staff.models import Post, Unit, User, unit_and_descendants
from staff.permissions import allows


def roles_on(user, project, discipline=None) -> set[str]:
    """The roles that `user` has on `project` today: posts of the firm, posts of its unit or a unit above, assignments.

    With `discipline`, assignments to another discipline do not count."""
    lineage = set(project.unit.lineage_ids()) if any(unit_id for _, unit_id in user.posts_today) else set()
    roles = {role for role, unit_id in user.posts_today if unit_id is None or unit_id in lineage}
    for role, discipline_id in assignments_of(user, project):
        if discipline is None or discipline_id in (None, discipline.pk):
            roles.add(role)
    return roles


def assignments_of(user, project) -> list[tuple[str, int | None]]:
    """(role, discipline id) of each assignment of `user` on `project` in force today."""
    return list(project.assignments.in_force().filter(user=user).values_list("role", "discipline_id"))


def holders_of(project, role: str, discipline=None) -> list:
    """The active people who have `role` on `project` today, by assignment first, then by a post of the unit (the nearest
    unit up the tree) or of the firm."""
    assigned = project.assignments.in_force().filter(role=role)
    if discipline is not None:
        assigned = assigned.filter(Q(discipline=discipline) | Q(discipline__isnull=True))
    people = list(User.objects.active().filter(pk__in=assigned.values("user")).order_by("employee_number"))
    posts = Post.objects.in_force().filter(role=role, user__is_active=True)
    for unit_id in [*project.unit.lineage_ids(), None]:
        here = User.objects.active().filter(pk__in=posts.filter(unit=unit_id).values("user"))
        people += [person for person in here.order_by("employee_number") if person not in people]
    return people


def units_for_new_projects(user):
    """The units in which `user` may open a project: all for a post of the firm, else the units of their posts."""
    granted = [unit_id for role, unit_id in user.posts_today if allows(Action.CREATE_PROJECT, {role})]
    units = Unit.objects.filter(is_active=True)
    if None in granted:
        return units
    return units.filter(pk__in=unit_and_descendants(granted))
