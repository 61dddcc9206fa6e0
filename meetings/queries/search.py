"""Search over meetings in Chinese: parts of words in issued minutes, titles of agendas and action items. Substrings alone, so it
works the same on SQLite and PostgreSQL, with no dictionary and no extension."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from meetings.excerpts import Piece, excerpt, holds, words_of
from meetings.models import ActionItem, AgendaItem, Meeting, Minutes

# Excerpts of one meeting.
MOST = 4
HERE = OuterRef("pk")


@dataclass(frozen=True)
class Hit:
    """Where in a meeting something was found."""

    place: str
    url: str
    pieces: list[Piece]


def found_meetings(user, text: str):
    """The meetings that `user` sees in which every word of `text` stands somewhere; the newest first. None for no words."""
    rows, words = Meeting.objects.visible_to(user), words_of(text)
    if not words:
        return rows.none()
    for word in words:
        rows = rows.filter(
            Q(title__icontains=word) | Q(number__icontains=word)
            | Exists(Minutes.objects.filter(Q(text__icontains=word) | Q(number__icontains=word), meeting=HERE))
            | Exists(AgendaItem.objects.filter(meeting=HERE, title__icontains=word))
            | Exists(ActionItem.objects.filter(meeting=HERE, text__icontains=word))
        )  # fmt: skip
    return rows.select_related("project", "kind", "organiser").order_by("-starts_at", "-pk")


def tell_hits(rows, text: str) -> list[Meeting]:
    """Each meeting with `hits`, the places where the words stand; three queries, however many meetings."""
    rows, words = list(rows), words_of(text)
    pks = [row.pk for row in rows]
    places: dict[int, list] = defaultdict(list)
    for paper in Minutes.objects.filter(meeting__in=pks).order_by("issued_at", "pk"):
        title = f"{'补充' if paper.supplement_to_id else '会议'}纪要 {paper.number}"
        for line in paper.text.split("\n"):
            places[paper.meeting_id].append((title, reverse("meetings:minutes", args=[paper.meeting_id]), line))
    for item in ActionItem.objects.filter(meeting__in=pks).order_by("pk"):
        url = reverse("meetings:action", args=[item.pk])
        places[item.meeting_id].append((f"待办 {item.number}", url, item.text))
    for item in AgendaItem.objects.filter(meeting__in=pks).order_by("order", "pk"):
        places[item.meeting_id].append(("议题", reverse("meetings:agenda", args=[item.meeting_id]), item.title))
    for row in rows:
        row.hits = _hits(places[row.pk], words)
        row.title_pieces = excerpt(row.title, words) or [Piece(row.title)]
    return rows


def _hits(places: list[tuple[str, str, str]], words: list[str]) -> list[Hit]:
    """The first few, those that bring a word nobody has shown yet before the others; a text said twice is shown once, and a
    line that is nothing but a word comes last."""
    left, first, others, said = set(words), [], [], set()
    for place, url, text in sorted(places, key=lambda row: row[2].casefold() in words):
        if text in said or not holds(text, words):
            continue
        said.add(text)
        new = {word for word in left if holds(text, [word])}
        left -= new
        (first if new else others).append(Hit(place, url, excerpt(text, words)))
    return [*first, *others][:MOST]
