"""What the stories share: people by number, clients and projects by key, disciplines by code, the clock."""

from dataclasses import dataclass, field

from dashboards.demo.clock import Clock

DIRECTORS = {"ZJ1": "2001", "ZJ2": "3001", "QGC": "4001"}


@dataclass
class World:
    clock: Clock
    people: dict
    disciplines: dict
    clients: dict
    projects: dict = field(default_factory=dict)
    managers: dict = field(default_factory=dict)

    def director_of(self, unit: str):
        """The technical director of a unit, by its code."""
        return self.people[DIRECTORS[unit]]

    def manager_of(self, key: str):
        """The project manager of a project, by its key."""
        return self.managers[key]
