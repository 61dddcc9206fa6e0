"""Search over what a person may see: deliverables, projects, inspections, meetings, clients, colleagues."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q

from dashboards.queries import chain
from inspections.queries import inspections as inspection_queries
from meetings.queries.search import found_meetings, tell_hits
from projects.models import Client, Deliverable, Project
from reviews.models import Issue, Round
from staff.models import Post, User

LIMIT = 8


@dataclass(frozen=True)
class Results:
    """The first hits of each kind; `more` names the kinds that have others."""

    deliverables: list
    projects: list
    inspections: list
    meetings: list
    clients: list
    people: list
    more: frozenset[str]

    def __bool__(self) -> bool:
        return any((self.deliverables, self.projects, self.inspections, self.meetings, self.clients, self.people))


def find(user, text: str) -> Results:
    """What matches `text` among what `user` may see; nothing else exists for this person."""
    found = {
        "deliverables": chain.tell(_deliverables(user, text)[: LIMIT + 1], user),
        "projects": list(Project.objects.visible_to(user).search(text).select_related("client", "unit")[: LIMIT + 1]),
        "inspections": _inspections(user, text),
        "meetings": tell_hits(found_meetings(user, text)[: LIMIT + 1], text),
        "clients": list(Client.objects.visible_to(user).search(text)[: LIMIT + 1]),
        "people": list(_people(text)[: LIMIT + 1]),
    }
    more = frozenset(kind for kind, rows in found.items() if len(rows) > LIMIT)
    return Results(**{kind: rows[:LIMIT] for kind, rows in found.items()}, more=more)


def _deliverables(user, text: str):
    """Current rounds, newest deliverable first; found by number, title, project, preparer or issue number."""
    rounds = Round.objects.current().visible_to(user).filter(deliverable__in=_matching(text)).select_related("issue")
    return chain.as_rows(rounds, "issue__number").order_by("-deliverable__created_at", "-deliverable")


def _matching(text: str):
    """Ids of deliverables. One way of matching each: together by OR, no database finds its way through the tables."""
    ways = (
        Q(number__icontains=text) | Q(title__icontains=text),
        Q(project__in=Project.objects.filter(Q(number__icontains=text) | Q(name__icontains=text)).order_by()),
        Q(preparer__in=User.objects.filter(name__icontains=text).order_by()),
        Q(pk__in=Issue.objects.filter(number__icontains=text).order_by().values("round__deliverable")),
    )
    first, *others = (Deliverable.objects.filter(way).order_by().values("pk") for way in ways)
    return first.union(*others)


def _inspections(user, text: str) -> list:
    """By their own number, or by the project or unit that they inspect; the newest first."""
    rows = inspection_queries.inspection_rows(user).search(text).order_by("-opened_at", "-pk")
    return inspection_queries.tell_clocks(rows[: LIMIT + 1])


def _people(text: str):
    """Active colleagues: the firm's directory, open to everybody in it."""
    posts = Prefetch("posts", Post.objects.in_force().select_related("unit"), to_attr="posts_in_force")
    return User.objects.active().search(text).select_related("unit").prefetch_related(posts)
