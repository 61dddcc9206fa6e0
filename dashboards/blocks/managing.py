"""项目经理: my projects with stage and light, and who holds up what."""

from collections import defaultdict

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboards.blocks.base import Block
from dashboards.queries import chain
from dashboards.rules import LiveWork, project_light
from deadlines.queries import open_of_scopes
from projects.clocks import LABEL
from projects.models import Assignment, Project
from reviews.choices import LIVE_STATES, State
from reviews.models import Round
from staff.choices import Role

BLOCKERS = 3
_MOST_URGENT = (F("deliverable__due_on").asc(nulls_last=True), "last_acted_at", "pk")


def managed_projects(user) -> Block:
    """The unfinished projects that `user` manages, the most urgent first."""
    managed = Assignment.objects.in_force().filter(user=user, role=Role.PROJECT_MANAGER).values("project")
    projects = list(
        Project.objects.filter(pk__in=managed, actual_finish_on__isnull=True).annotate(
            issued=Count("deliverables__rounds", filter=Q(deliverables__rounds__state=State.ISSUED)),
            live=Count("deliverables__rounds", filter=Q(deliverables__rounds__state__in=LIVE_STATES)),
        )
    )
    rounds = defaultdict(list)
    for row in chain.tell(chain.as_rows(_live_rounds(projects)).order_by(*_MOST_URGENT), user):
        rounds[row.deliverable.project_id].append(row)
    clocks = open_of_scopes(LABEL, [project.pk for project in projects])
    today = timezone.localdate()
    for project in projects:
        works = [LiveWork(row.deliverable.due_on, row.times_sent_back) for row in rounds[project.pk]]
        project.clocks = clocks.get(project.pk, [])
        lights = [clock.light for clock in project.clocks]
        project.light = project_light(works, project.planned_finish_on, today, lights)
        project.next_due_on = min((work.due_on for work in works if work.due_on), default=None)
        project.blockers = rounds[project.pk][:BLOCKERS]
        project.other_blockers = len(rounds[project.pk]) - len(project.blockers)
    projects.sort(key=lambda project: (project.light.rank, project.number))
    return Block("managed_projects", len(projects), {"projects": projects})


def _live_rounds(projects):
    """The live rounds of the projects, each with how often its deliverable was sent back."""
    returns = Round.objects.filter(deliverable=OuterRef("deliverable"), state=State.SENT_BACK).order_by()
    times = returns.values("deliverable").annotate(times=Count("pk")).values("times")
    return (
        Round.objects.live()
        .filter(deliverable__project__in=projects)
        .annotate(times_sent_back=Coalesce(Subquery(times), 0))
    )
