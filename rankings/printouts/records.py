"""个人奖惩档案 on paper: what is on record for one person now, printed on demand; never kept, no evidence."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from inspections.printouts.parts import CSS
from printing import pdf
from rankings.choices import Cause
from rankings.models import Award
from rankings.printouts.awards import signed_words
from rankings.queries.records import Place, Record, Year
from reviews.printouts.parts import BLANK, Grid, date_words, time_words

TITLE = "个人奖惩档案"


@dataclass(frozen=True)
class PaperPlace:
    board: str
    place: str
    score: str
    sample: int
    note: str


@dataclass(frozen=True)
class PaperAward:
    kind: str
    cause: str
    text: str
    appeal: str
    final: str


@dataclass(frozen=True)
class PaperYear:
    title: str
    approval: str
    places: list[PaperPlace]
    awards: list[PaperAward]
    sum_words: str
    net: str
    notes: list[str]


@dataclass(frozen=True)
class RecordPaper:
    firm: str
    title: str
    person: str
    printed: str
    facts: Grid
    years: list[PaperYear]


def record_paper(record: Record, *, by, at: datetime) -> bytes:
    """The record as a PDF, printed by `by`. Raises nothing but what rendering raises."""
    paper = build(record, by=by, at=at)
    return pdf.render(
        "rankings/print/person_record.html", {"paper": paper}, title=f"{TITLE} {record.person.employee_number}",
        created_at=at, stylesheets=(*CSS, "css/print_award.css"),
    )  # fmt: skip


def build(record: Record, *, by, at: datetime) -> RecordPaper:
    """Everything that the paper says."""
    person, whole = record.person, record.sum
    return RecordPaper(
        firm=settings.FIRM_NAME,
        title=TITLE,
        person=person.name,
        printed=f"打印：{by.name}　{time_words(at)}",
        facts=[
            [("姓　名", person.name), ("工　号", person.employee_number)],
            [("所在单位", person.unit.name), ("职　称", person.job_title or BLANK)],
            [("奖　励", f"{record.rewards} 项，{whole.rewards:,.2f} 元"), ("处　罚", f"{record.penalties} 项，{whole.penalties:,.2f} 元")],
        ],
        years=[_year(each) for each in record.years],
    )  # fmt: skip


def _year(year: Year) -> PaperYear:
    approval = ""
    if year.settlement is not None:
        approval = f"奖惩结算批准于 {date_words(timezone.localdate(year.settlement.approved_at))}，依据《{year.settlement.policy}》"
        if year.notice is not None:
            approval += f"，奖惩通知书 {year.notice.number}"
    return PaperYear(
        title=f"{year.year} 年度",
        approval=approval,
        places=[_place(each) for each in year.places],
        awards=[_award(each) for each in year.awards],
        sum_words=year.sum.words,
        net=signed_words(year.sum.net),
        notes=[note.text for note in year.notes],
    )


def _place(row: Place) -> PaperPlace:
    placed = row.place is not None
    return PaperPlace(
        board=row.board.label,
        place=f"第 {row.place} 名 / {row.ranked} 人" if placed else "未列入",
        score=BLANK if row.score is None else f"{row.score:.2f}",
        sample=row.sample,
        note="；".join(text for text in (row.excluded, _correction_words(row)) if text),
    )


def _correction_words(row: Place) -> str:
    now = row.corrected
    if now is None:
        return ""
    place = f"第 {now.place_now} 名" if now.place_now else "不列入排名"
    if now.correction is None:
        return f"他行更正后{place}"
    score = f"{now.score_now:.2f} 分，" if now.score_now is not None else ""
    return f"更正后 {score}{place}：{now.correction.reason}"


def _award(award: Award) -> PaperAward:
    appeal = award.standing_appeal
    told = ""
    if appeal and appeal.outcome:
        told = f"申诉：{appeal.get_outcome_display()}，公示金额 {award.amount:,.2f} 元。处理意见：{appeal.decision}"
    return PaperAward(
        kind=award.get_kind_display(), cause=Cause(award.cause).label, text=award.text, appeal=told,
        final=signed_words(award.signed),
    )  # fmt: skip
