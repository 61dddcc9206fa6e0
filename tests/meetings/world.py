"""One of everything that an address of the meetings can name, in the states in which its acts are possible: for the permission
table. Each of PARTS builds its own, and tells what stands in the address of its routes."""

from types import SimpleNamespace

from tests.meetings import world_actions, world_calling, world_minutes

# First those whose meetings get real numbers.
PARTS = (world_calling, world_actions, world_minutes)


def build(cast, project) -> SimpleNamespace:
    return SimpleNamespace(parts=[part.build(cast, project) for part in PARTS])


def subjects(world: SimpleNamespace) -> list[tuple[tuple, str]]:
    """What stands in the address of each route."""
    return [row for part, built in zip(PARTS, world.parts, strict=True) for row in part.subjects(built)]
