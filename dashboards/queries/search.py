"""Search over what a person may see: deliverables, projects, clients, colleagues."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q

from dashboards.queries import chain
from projects.models import Client, Deliverable, Project
from reviews.models import Issue, Round
from staff.models import Post, User

LIMIT = 8


@dataclass(frozen=True)
class Results:
    """The first hits of each kind; `more` names the kinds that have others."""

    deliverables: list
    projects: list
    clients: list
    people: list
    more: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.deliverables or self.projects or self.clients or self.people)


def find(user, text: str) -> Results:
    """What matches `text` among what `user` may see; nothing else exists for this person."""
    found = {
        "deliverables": chain.tell(_deliverables(user, text)[: LIMIT + 1], user),
        "projects": list(Project.objects.visible_to(user).search(text).select_related("client", "unit")[: LIMIT + 1]),
        "clients": list(Client.objects.visible_to(user).search(text)[: LIMIT + 1]),
        "people": list(_people(text)[: LIMIT + 1]),
    }
    more = frozenset(kind for kind, rows in found.items() if len(rows) > LIMIT)
    return Results(**{kind: rows[:LIMIT] for kind, rows in found.items()}, more=more)


def _deliverables(user, text: str):
    """Current rounds, newest deliverable first; found by number, title, project, preparer or issue number."""
    issued = Issue.objects.filter(number__icontains=text).values("round__deliverable")
    wanted = Deliverable.objects.search(text).order_by().values("pk")
    return chain.as_rows(
        Round.objects.current()
        .visible_to(user)
        .filter(Q(deliverable__in=wanted) | Q(deliverable__in=issued))
        .select_related("issue")
    ).order_by("-deliverable__created_at", "-deliverable")


def _people(text: str):
    """Active colleagues: the firm's directory, open to everybody in it."""
    posts = Prefetch("posts", Post.objects.in_force().select_related("unit"), to_attr="posts_in_force")
    return User.objects.active().search(text).select_related("unit").prefetch_related(posts)
