"""Who of us may know of a meeting. Of a 秘密 project whoever sees the project now, and nobody else, on whatever list of guests
they stand from the time before; of all others whoever is invited too."""

from django.db.models import Q

from projects.choices import Confidentiality
from projects.models import Project

# Of meetings and series that are no matter of a secret project: being invited, or organising, is enough to see them.
IS_OPEN = ~Q(project__confidentiality=Confidentiality.SECRET)
UNNAMED_PROJECT, UNNAMED_MEETING = "秘密项目", "会议（秘密项目）"


def may_know(user, project: Project | None) -> bool:
    """Whether `user` may know of a meeting of `project` (None: of the firm); no query unless it is secret."""
    if project is None or not project.is_secret:
        return True
    return Project.objects.visible_to(user).filter(pk=project.pk).exists()


def seeing(project: Project | None, people) -> list:
    """Those of `people` who may know of a meeting of `project`, in their order."""
    return [person for person in people if may_know(person, project)]
