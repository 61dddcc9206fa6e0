"""A published ranking is read by the whole firm, a 秘密 project is not: its name is left out for whoever does not see it."""

from collections.abc import Iterable

from django.db.models import Q

from projects.choices import Confidentiality
from projects.models import Project, sees_all_projects
from rankings.choices import Board
from rankings.queries.frozen import Line

UNNAMED = "（秘密项目）"


def hide_secrets(board: Board, lines: Iterable[Line], user=None) -> None:
    """Take the names of secret projects out of `lines` that `user` may not read (None: a paper for everybody). By the
    confidentiality that a project has today. At most one query; none for people's boards, nor for whoever sees every project."""
    if board not in (Board.PROJECT, Board.UNIT) or (user is not None and sees_all_projects(user)):
        return
    lines = list(lines)
    named = {line.subject for line in lines} if board == Board.PROJECT else _lowest(lines)
    hidden = named.intersection(_secret_to(user).order_by().values_list("pk", flat=True)) if named else set()
    if not hidden:
        return
    for line in lines:
        if board == Board.PROJECT and line.subject in hidden:
            line.label, line.is_hidden = UNNAMED, True
        elif board == Board.UNIT:
            lowest = [[pk, UNNAMED if pk in hidden else name] for pk, name in line.facts.get("lowest", [])]
            line.facts = {**line.facts, "lowest": lowest}


def name_has(board: Board, words: str, user) -> Q:
    """The condition on frozen lines that their name has `words`, as `user` reads it: a secret name is no search term for those from
    whom it is kept."""
    found = Q(label__icontains=words)
    if board != Board.PROJECT or sees_all_projects(user):
        return found
    hidden = Q(subject_id__in=_secret_to(user).order_by().values("pk"))
    return (found & ~hidden) | hidden if words in UNNAMED else found & ~hidden


def _secret_to(user):
    """The secret projects that `user` may not read; of None all of them."""
    secret = Project.objects.filter(confidentiality=Confidentiality.SECRET)
    return secret if user is None else secret.exclude(pk__in=Project.objects.visible_to(user).order_by().values("pk"))


def _lowest(lines: list[Line]) -> set[int]:
    return {pk for line in lines for pk, _ in line.facts.get("lowest", [])}
