"""A scoring standard on paper, and a score as the papers of the floors above show it."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from printing import pdf
from scoring import queries
from scoring.content import Content, figure
from scoring.models import ScoreSheet, Standard
from scoring.rules import Thresholds


@dataclass(frozen=True)
class Paper:
    firm: str
    title: str
    version: str
    state: str
    content: Content
    full: Decimal
    good: str
    passing: str


def standard_paper(standard: Standard) -> bytes:
    """One version as a PDF: the same bytes for the same version."""
    paper = build(standard)
    return pdf.render(
        "scoring/print/standard.html",
        {"paper": paper},
        title=f"{paper.title} {paper.version}",
        created_at=standard.published_at or standard.changed_at or timezone.now(),
        draft=standard.is_draft,
        stylesheets=["css/print_review.css", "css/print_standard.css"],
    )


def build(standard: Standard) -> Paper:
    """Everything that the paper says."""
    content = queries.content_of(standard)
    good, passing = mark_words(standard.thresholds)
    return Paper(
        firm=settings.FIRM_NAME,
        title=content.title,
        version=f"第 {standard.version} 版",
        state=_state(standard),
        content=content,
        full=content.full,
        good=good,
        passing=passing,
    )


def mark_words(thresholds: Thresholds) -> tuple[str, str]:
    """What is 优良 and what is 合格, in words."""
    good, pass_mark = figure(thresholds.good_mark), figure(thresholds.pass_mark)
    if thresholds.good_inclusive:
        return f"{good} 分及以上", f"{pass_mark} 分至 {good} 分（不含）"
    return f"{good} 分以上（不含 {good} 分）", f"{pass_mark} 分至 {good} 分"


def _state(standard: Standard) -> str:
    if standard.is_draft:
        return "草稿，未发布"
    day = timezone.localdate(standard.published_at)
    return f"{day.year}年{day.month}月{day.day}日发布"


# ── A score ─────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class ScoreLine:
    title: str
    maximum: Decimal
    score: Decimal
    deductions: list[str]


@dataclass(frozen=True)
class Score:
    standard: str
    lines: list[ScoreLine]
    total: Decimal
    grade: str
    vetoes: list[str]
    is_vetoed: bool
    scorer: str


def score_of(sheet: ScoreSheet, scorer) -> Score:
    """A score sheet as it was given: from its snapshot, whatever became of the standard since."""
    lines, vetoes = [], []
    for row in sheet.snapshot:
        hit = [item for item in row["items"] if Decimal(item["hits"]) > 0]
        vetoes += [item["text"] for item in hit if item["is_veto"]]
        deductions = [f"{item['text']}：{_plain(item['hits'])} 处，扣 {_plain(item['lost'])} 分" for item in hit]
        lines.append(ScoreLine(row["title"], Decimal(row["maximum"]), Decimal(row["score"]), deductions))
    standard = str(sheet.standard)
    if sheet.standard.is_sample and "示例" not in standard:
        standard += "（示例）"
    return Score(
        standard=standard, lines=lines, total=sheet.total, grade=sheet.grade, vetoes=vetoes,
        is_vetoed=sheet.is_vetoed, scorer=scorer.name,
    )  # fmt: skip


def _plain(text: str) -> str:
    """1.50 → 1.5, 2.00 → 2."""
    return figure(Decimal(text))
