"""The roles that people hold on projects, for the list of logins on the login page of a demonstration."""

from collections.abc import Iterable

from django.db.models import Count

from projects.models import Assignment


def by_assignments() -> Iterable[tuple[str, object]]:
    """(role, person), those of the project with the most deliverables first: the visitor's logins sit on one team."""
    found = Assignment.objects.in_force().filter(user__is_active=True, is_deputy=False).select_related("user")
    busiest_first = found.annotate(busy=Count("project__deliverables")).order_by("-busy", "pk")
    return ((assignment.role, assignment.user) for assignment in busiest_first)
