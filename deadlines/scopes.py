"""What a clock belongs to. Projects stand on the floor above; they tell here how a clock finds its people and who may
see it, and in which words its rules speak of business lines, contracts and deliverables.

    scopes.register(Scope("projects.project", …))      # in apps.ready
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q


@dataclass(frozen=True)
class Place:
    """A role to be filled on one scope: (its id, role, discipline id or None)."""

    scope_id: int
    role: str
    discipline_id: int | None = None


@dataclass(frozen=True)
class Scope:
    """One kind of record that clocks belong to.

    `holders(places)` → {place: active people, the first one first in line}, in a constant number of queries.
    `roles_on(user, scope_id, discipline_id)` → the user's roles there. `visible_ids(user)` → ids, or None for all.
    `part_ids(units, business_line)` → the ids in these units (None: all) and of this business line ("": all); none where the
    records know nothing of either. `confidential_ids(ids)` → those of which nothing but the fact that there is a message may leave the house (秘密)."""

    label: str
    holders: Callable[[Iterable[Place]], Mapping[Place, list]]
    roles_on: Callable[..., set[str]]
    visible_ids: Callable[..., object]
    confidential_ids: Callable[[Iterable[int]], set[int]] = lambda ids: set()
    part_ids: Callable[[Iterable[int] | None, str], object] = lambda units, business_line: []
    business_lines: Iterable[tuple[str, str]] = ()
    contract_kinds: Iterable[tuple[str, str]] = ()
    deliverable_kinds: Iterable[tuple[str, str]] = ()


_scopes: dict[str, Scope] = {}


def register(scope: Scope) -> None:
    """Let clocks belong to records of `scope.label` from now on; the last registration counts."""
    _scopes[scope.label] = scope


def visible_condition(user) -> Q:
    """The condition on clocks that `user` may see."""
    if not user.is_active:
        return Q(pk__in=[])
    seen = Q(pk__in=[])
    for label, scope in _scopes.items():
        ids = scope.visible_ids(user)
        seen |= Q(scope_type=label) if ids is None else Q(scope_type=label, scope_id__in=ids)
    return seen


def condition_of_part(units: Iterable[int] | None = None, business_line: str = "") -> Q:
    """The condition on clocks of a part of the firm: of these units, of this business line."""
    found = Q(pk__in=[])
    for label, scope in _scopes.items():
        found |= Q(scope_type=label, scope_id__in=scope.part_ids(units, business_line))
    return found


def roles_on(user, deadline) -> set[str]:
    """The roles that `user` has on what the clock belongs to."""
    return _scopes[deadline.scope_type].roles_on(user, deadline.scope_id, deadline.discipline_id)


def holders(scope_type: str, places: Iterable[Place]) -> Mapping[Place, list]:
    """Who fills each place today."""
    return _scopes[scope_type].holders(places)


def confidential(scope_type: str, ids: Iterable[int]) -> set[int]:
    """Which of these scopes are secret."""
    return _scopes[scope_type].confidential_ids(ids)


def choices(name: str) -> list[tuple[str, str]]:
    """`business_lines`, `contract_kinds` or `deliverable_kinds` of all scopes, for the form of a rule."""
    return [pair for scope in _scopes.values() for pair in getattr(scope, name)]
