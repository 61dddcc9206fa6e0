"""How the lines of the checklists fare: answered 否, and answered 是 where a later level found something all the same."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import ExtractMonth, ExtractYear

from inspections.choices import CONCLUDED
from inspections.liability import covers
from inspections.models import Finding
from lessons.queries.facts import Asked, in_years
from lessons.queries.library import Trend, trend_of
from reviews.choices import ChecklistResult, RemarkCategory, RemarkState
from reviews.models import ChecklistAnswer, Level, Remark

MISSED_RULE = (
    "一次漏检：签署有效（未撤回）、该条目答“是”，而同一成果文件在签署之后由其后的级别提出了校审意见，"
    "或由监管检查提出了引用校审意见的问题，且其类别为该条目所涵盖（条目文字含该类别的关键词，同质量问责的责任认定规则）。"
    "同一次回答无论其后发现几个问题，只计一次。检查问题未引用校审意见的没有校审类别，不计入。"
)


@dataclass(frozen=True)
class Line:
    """One line of one level, by the words that were answered. `answered` are the answers 是 and 否, 不适用 left out."""

    level: Level
    text: str
    answered: int
    refused: int
    missed: int
    projects: int
    categories: tuple[str, ...]
    trend: Trend

    @property
    def hits(self) -> int:
        return self.refused + self.missed

    @property
    def share(self) -> str:
        """否 and missed in percent of the answers."""
        return f"{self.hits * 100 / self.answered:.1f}" if self.answered else "0"


def lines(asked: Asked) -> list[Line]:
    """Every line that was answered within the filters (year of the signature, unit, business line, words of the line), the
    most conspicuous first. Four queries: the texts, the answers, those that count against the line, the levels."""
    answers = _answers(asked).order_by()
    texts = list(answers.values_list("text", flat=True).distinct())
    covered = {category: [text for text in texts if covers(text, category)] for category in RemarkCategory.values}
    against = _against(asked, covered)
    levels = Level.objects.select_related("route").in_bulk()
    rows = []
    for level, text, answered in answers.values_list("signature__level", "text").annotate(answered=Count("pk")):
        counted = against[level, text]
        categories = tuple(category for category in covered if text in covered[category])
        rows.append(Line(levels[level], text, answered, counted.refused, counted.missed, len(counted.projects),
                         categories, trend_of(asked, counted.months)))  # fmt: skip
    return sorted(rows, key=lambda row: (-row.hits, -row.answered, row.level.route.code, row.level.order, row.text))


@dataclass
class _Against:
    """What counts against a line within the filters; `months` ((year, month) → how often) has the former year too."""

    refused: int = 0
    missed: int = 0
    projects: set[int] = field(default_factory=set)
    months: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))


def _against(asked: Asked, covered: dict[str, list[str]]) -> dict[tuple[int, str], _Against]:
    """By level and words; one query."""
    is_refused = Q(result=ChecklistResult.NO)
    rows = _answers(asked, since=asked.year and asked.year - 1).order_by()
    rows = rows.filter(is_refused | Q(result=ChecklistResult.YES) & _found_later(covered)).annotate(
        year=ExtractYear("signature__signed_at"), month=ExtractMonth("signature__signed_at")
    )
    found: dict[tuple[int, str], _Against] = defaultdict(_Against)
    columns = ("signature__level", "text", "result", "signature__round__deliverable__project", "year", "month")
    for level, text, result, project, year, month, times in rows.values_list(*columns).annotate(times=Count("pk")):
        line = found[level, text]
        line.months[year, month] += times
        if asked.year in (None, year):
            line.projects.add(project)
            line.refused += times if result == ChecklistResult.NO else 0
            line.missed += times if result == ChecklistResult.YES else 0
    return found


def _answers(asked: Asked, *, since: int | None = None):
    """The answers within the filters, of the year asked for or from `since` on to it."""
    rows = ChecklistAnswer.objects.filter(signature__revoked_at__isnull=True)
    rows = rows.exclude(result=ChecklistResult.NOT_APPLICABLE)
    project = "signature__round__deliverable__project"
    if asked.year:
        rows = rows.filter(in_years("signature__signed_at", since or asked.year, asked.year))
    if asked.units is not None:
        rows = rows.filter(**{f"{project}__unit__in": asked.units})
    if asked.line:
        rows = rows.filter(**{f"{project}__business_line": asked.line})
    if asked.q:
        rows = rows.filter(text__icontains=asked.q)
    if asked.category and asked.category.code:
        texts = [text for text in rows.order_by().values_list("text", flat=True).distinct()
                 if covers(text, asked.category.code)]  # fmt: skip
        rows = rows.filter(text__in=texts)
    return rows


def _found_later(covered: dict[str, list[str]]) -> Q:
    """That a later level, or an inspection, found something of a category that the line covers after it was signed."""
    signed = OuterRef("signature__signed_at")
    deliverable = OuterRef("signature__round__deliverable")
    remarks = Remark.objects.exclude(state=RemarkState.DRAFT).filter(
        deliverable=deliverable, level__order__gt=OuterRef("signature__level__order"), raised_at__gt=signed
    )
    findings = Finding.objects.filter(
        inspection__state__in=CONCLUDED, remark__deliverable=deliverable, raised_at__gt=signed
    )
    condition = Q(pk__in=[])
    for category, texts in covered.items():
        if texts:
            later = Exists(remarks.filter(category=category)) | Exists(findings.filter(remark__category=category))
            condition |= Q(text__in=texts) & Q(later)
    return condition
