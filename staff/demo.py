"""The logins of the demonstration firm, shown on the login page in demo mode only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings

from staff.choices import Role
from staff.models import Post, User

PASSWORD = "Zaojia@2026"  # noqa: S105 — of invented people, printed on the login page


@dataclass(frozen=True)
class DemoLogin:
    role: str
    name: str
    employee_number: str
    password: str = PASSWORD


_sources: list[Callable[[], Iterable[tuple[str, User]]]] = []


def register(source: Callable[[], Iterable[tuple[str, User]]]) -> None:
    """Roles held on projects are known a floor above: `source()` gives (role, person) pairs, best first."""
    if source not in _sources:
        _sources.append(source)


def _by_posts() -> Iterable[tuple[str, User]]:
    posts = Post.objects.in_force().filter(user__is_active=True).select_related("user").order_by("pk")
    return ((post.role, post.user) for post in posts)


def demo_logins() -> list[DemoLogin]:
    """One active person for each role, in the order of the roles; nobody outside demo mode.

    Somebody who holds one role only is preferred: the pages then show what belongs to the role."""
    if not settings.DEMO:
        return []
    pairs = [pair for source in (_by_posts, *_sources) for pair in source()]
    roles_of: dict[int, set[str]] = {}
    for role, user in pairs:
        roles_of.setdefault(user.pk, set()).add(role)
    chosen: dict[str, User] = {}
    for role, user in sorted(pairs, key=lambda pair: len(roles_of[pair[1].pk])):
        chosen.setdefault(role, user)
    return [DemoLogin(role.label, chosen[role].name, chosen[role].employee_number) for role in Role if role in chosen]
