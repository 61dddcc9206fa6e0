"""The whole demonstration, told once."""

from django.db import transaction

from dashboards.demo import clocks, inspections, meetings, people, projects, results, story, troubles
from dashboards.demo.clock import Clock
from dashboards.demo.world import World
from deadlines.services import sweep
from projects.models import Discipline
from staff.models import User

BEGINS = 540  # working days ago


def is_there() -> bool:
    """Whether the demonstration is in this database: it comes whole or not at all."""
    return User.objects.filter(
        employee_number=people.ADMINISTRATOR, name=people.name_of(people.ADMINISTRATOR)
    ).exists()


@transaction.atomic
def build() -> World:
    """Fill an empty database. All or nothing."""
    clock = Clock()
    disciplines = {discipline.code: discipline for discipline in Discipline.objects.all()}
    world = World(clock, people={}, disciplines=disciplines, clients={})
    tales = (projects, clocks, story, inspections, troubles, results, meetings)
    clock.tell([(BEGINS, _set_up(world)), *(each for module in tales for each in module.stories(world))])
    sweep()
    return world


def _set_up(world: World):
    """People and clients, before anything else happens."""
    world.people.update(people.engage(world.clock))
    world.clients.update(projects.register_clients(world.people))
    yield 0
