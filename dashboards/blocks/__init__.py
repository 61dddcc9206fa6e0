"""The first screen: which blocks a person sees, by the roles held today (experience.md).

A block is a module of this package: a function `(user) → Block | None` beside the reads that only it needs. Each block
costs the same number of queries whatever it shows. What waits for the person comes first, then what they answer for.
"""

from dashboards.blocks.base import Block
from dashboards.blocks.clocks import clocks_of_firm, my_clocks
from dashboards.blocks.evidence import evidence
from dashboards.blocks.firm import issued, key_figures, overdue, units
from dashboards.blocks.health import health
from dashboards.blocks.inspecting import escalations, inspecting, my_inspections
from dashboards.blocks.machine import machine
from dashboards.blocks.managing import managed_projects
from dashboards.blocks.meeting import my_meetings
from dashboards.blocks.preparing import preparing, submitted
from dashboards.blocks.ranking import ranking_of_year
from dashboards.blocks.risks import my_risks
from dashboards.blocks.settling import my_awards, settling
from dashboards.blocks.signing import signing
from projects.models import Assignment
from staff.choices import Role

R = Role

# In the order of the screen: block, the roles whose first screen has it.
SCREEN = (
    (escalations, set()),
    (settling, set()),
    (my_awards, set()),
    (preparing, {R.COST_ENGINEER}),
    (my_inspections, set()),
    (ranking_of_year, {R.EXECUTIVE}),
    (key_figures, {R.EXECUTIVE}),
    (signing, {R.DISCIPLINE_LEAD, R.PROJECT_MANAGER, R.TECHNICAL_DIRECTOR, R.CHIEF_ENGINEER, R.EXPERT}),
    (my_risks, set()),
    (my_meetings, set()),
    (my_clocks, {R.PROJECT_MANAGER}),
    (submitted, {R.COST_ENGINEER}),
    (managed_projects, {R.PROJECT_MANAGER}),
    (inspecting, {R.QUALITY_OFFICE}),
    (clocks_of_firm, {R.QUALITY_OFFICE, R.EXECUTIVE, R.TECHNICAL_DIRECTOR}),
    (units, {R.QUALITY_OFFICE, R.EXECUTIVE, R.CHIEF_ENGINEER}),
    (overdue, {R.QUALITY_OFFICE, R.EXECUTIVE, R.TECHNICAL_DIRECTOR}),
    (issued, {R.QUALITY_OFFICE, R.EXECUTIVE, R.ARCHIVIST}),
    (machine, {R.ADMINISTRATOR}),
    (health, {R.ADMINISTRATOR}),
    (evidence, {R.AUDITOR}),
)
# One's own work shows itself to everybody who has some, whatever the role.
OWN_WORK = (
    escalations, settling, my_awards, preparing, my_inspections, signing, my_risks, my_meetings, my_clocks, submitted
)  # fmt: skip
WAITING = {build.__name__ for build in OWN_WORK} - {"submitted"}


def roles_today(user) -> set[str]:
    """Every role that `user` holds today, by a post or on any project."""
    assigned = Assignment.objects.in_force().filter(user=user).values_list("role", flat=True).distinct()
    return {role for role, _ in user.posts_today} | set(assigned)


def first_screen(user) -> list[Block]:
    """The blocks of `user`'s first screen, in order."""
    roles = roles_today(user)
    blocks = []
    for build, at_home in SCREEN:
        if roles & at_home:
            blocks.append(build(user))
        elif build in OWN_WORK and (block := build(user)).total:
            blocks.append(block)
    return _waiting_first(blocks)


def _waiting_first(blocks: list[Block]) -> list[Block]:
    """Nothing to prepare or to sign does not stand above what is to be done."""
    last = max((place for place, block in enumerate(blocks) if block.name in WAITING and block.total), default=0)

    def place_of(numbered) -> float:
        place, block = numbered
        is_empty = block.name in ("preparing", "signing") and not block.total
        return last + 0.5 if is_empty and place < last else place

    return [block for _, block in sorted(enumerate(blocks), key=place_of)]
