"""A scoring standard on paper."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from printing import pdf
from scoring import queries
from scoring.content import Content, figure
from scoring.models import Standard


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
    good, pass_mark = figure(content.good_mark), figure(content.pass_mark)
    return Paper(
        firm=settings.FIRM_NAME,
        title=content.title,
        version=f"第 {standard.version} 版",
        state=_state(standard),
        content=content,
        full=content.full,
        good=f"{good} 分及以上" if content.good_inclusive else f"{good} 分以上（不含 {good} 分）",
        passing=f"{pass_mark} 分至 {good} 分" + ("（不含）" if content.good_inclusive else ""),
    )


def _state(standard: Standard) -> str:
    if standard.is_draft:
        return "草稿，未发布"
    day = timezone.localdate(standard.published_at)
    return f"{day.year}年{day.month}月{day.day}日发布"
