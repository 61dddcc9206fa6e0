"""A ranking in each state that an address can name, in years of their own: for the permission table."""

import hashlib
from types import SimpleNamespace

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from projects.models import Project
from rankings.choices import Board
from rankings.models import Ranking
from tests.rankings import years

# To be frozen; frozen; published.
OPEN, FROZEN, PUBLISHED = 2017, 2018, 2019


def build(cast) -> SimpleNamespace:
    project = Project.objects.get(number="2026-ZJ1-001")
    for year in (OPEN, FROZEN, PUBLISHED, years.YEAR):
        years.inspected(cast, project, "90", year=year)
    frozen, published = years.frozen(cast, FROZEN), years.frozen(cast, PUBLISHED)
    content = b"%PDF-1.7"
    Ranking.objects.filter(pk=published.pk).update(
        published_by=cast.executive, published_at=timezone.now(), pdf_sha256=hashlib.sha256(content).hexdigest(),
        pdf=default_storage.save("rankings/ranking.pdf", ContentFile(content)),
    )  # fmt: skip
    return SimpleNamespace(project=project, frozen=frozen, published=published)


def subjects(world: SimpleNamespace) -> list[tuple[tuple, str]]:
    entry = world.published.entries.get(board=Board.PROJECT)
    return [
        ((OPEN,), "ranking_freeze"),
        ((FROZEN,), "ranking_publish"),
        ((PUBLISHED,), "ranking ranking_export ranking_pdf"),
        ((PUBLISHED, entry.pk), "ranking_row ranking_correct"),
        (("project", world.project.pk), "ranking_draft_row"),
    ]
