"""质量检查书面意见: what an inspection found, how it was scored, what was said about it and what is asked for
(监管检查结果的处理（1）：检查情况应形成文字书面意见，检查意见应与被检项目进行充分沟通)."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from inspections import rules
from inspections.choices import Kind
from inspections.models import Inspection, Opinion, Talk
from inspections.printouts import parts
from inspections.queries.rectifying import reply_limit
from printing import pdf
from reviews.choices import Severity
from reviews.printouts.parts import Grid, Signed, date_words, signature_image, time_words
from scoring.content import figure
from scoring.models import ScoreSheet
from scoring.printouts import Score, mark_words, score_of

TITLE = "质量检查书面意见"
# The drawing of the scale is so many units wide for one point.
SCALE = 2


@dataclass(frozen=True)
class Scale:
    """Where the score stands between 0 and 100, with the marks of the standard; lengths in units of the drawing."""

    total: str
    passing: str
    good: str
    pass_mark: str
    good_mark: str


@dataclass(frozen=True)
class Said:
    """What one side said in the discussion."""

    side: str
    stance: str
    text: str
    by: str
    at: str
    note: str


@dataclass(frozen=True)
class OpinionPaper:
    firm: str
    title: str
    number: str
    at: str
    subject: str
    side: str
    facts: Grid
    score: Score
    capped: str
    scale: Scale
    marks: str
    findings: list[parts.Problem]
    totals: str
    talks: list[Said]
    conclusion: str
    is_serious: bool
    consequences: list[str]
    demand: list[str]
    signed: Signed

    @property
    def images(self) -> list[str]:
        return [self.signed.image] if self.signed.image else []


def opinion_paper(inspection: Inspection, opinion: Opinion, *, draft: bool = False) -> bytes:
    """The written opinion as a PDF. `opinion` is the one that is being issued: its number, signer, time and digest are set,
    and it need not be stored yet. A `draft` shows beforehand what would be issued."""
    paper = build(inspection, opinion)
    return pdf.render(
        "inspections/print/opinion.html",
        {"paper": paper},
        title=f"{TITLE} {paper.number}",
        created_at=opinion.issued_at,
        draft=draft,
        stylesheets=parts.CSS,
        images=paper.images,
    )


def build(inspection: Inspection, opinion: Opinion) -> OpinionPaper:
    """Everything that the written opinion says."""
    sheet = inspection.score_sheet
    findings = [parts.problem(row) for row in parts.findings_of(inspection)]
    return OpinionPaper(
        firm=settings.FIRM_NAME,
        title=TITLE,
        number=opinion.number,
        at=date_words(timezone.localdate(opinion.issued_at)),
        subject=inspection.subject_words,
        side="项目" if inspection.project_id else "单位",
        facts=_facts(inspection),
        score=score_of(sheet, sheet.scorer),
        capped=_capped(sheet),
        scale=_scale(sheet),
        marks=_marks(sheet),
        findings=findings,
        totals=_totals(findings),
        talks=_talks(inspection),
        conclusion=inspection.conclusion,
        is_serious=inspection.is_serious,
        consequences=_consequences(inspection),
        demand=_demand(inspection, any(row.must for row in findings)),
        signed=_signed(opinion),
    )


def _facts(inspection: Inspection) -> Grid:
    sheet = inspection.score_sheet
    facts = [
        *parts.subject_facts(inspection),
        [parts.ground(inspection), ("所属年度", f"{inspection.year} 年")],
        [("检查人员", parts.team_words(inspection))],
        [
            ("计划检查日期", date_words(inspection.planned_on)),
            ("评分定稿日期", date_words(timezone.localdate(sheet.scored_at))),
        ],
        [("评分标准", score_of(sheet, sheet.scorer).standard)],
    ]
    if inspection.note and inspection.kind != Kind.SPECIAL_AUDIT:
        facts.append([("检查内容", inspection.note)])
    if inspection.reinspection_of:
        facts.insert(-1, [("复查自", inspection.reinspection_of.number)])
    return facts


def _scale(sheet: ScoreSheet) -> Scale:
    marks = sheet.standard.thresholds
    return Scale(
        total=f"{sheet.total * SCALE:.2f}", passing=f"{marks.pass_mark * SCALE:.2f}", good=f"{marks.good_mark * SCALE:.2f}",
        pass_mark=figure(marks.pass_mark), good_mark=figure(marks.good_mark),
    )  # fmt: skip


def _capped(sheet: ScoreSheet) -> str:
    """What set the total where the criteria add up to more."""
    whole = sum((Decimal(row["score"]) for row in sheet.snapshot), Decimal(0))
    if not sheet.is_vetoed or whole <= sheet.total:
        return ""
    return f"各评分项合计 {figure(whole)} 分；命中一票否决项，总分按上限 {figure(sheet.total)} 分计。"


def _marks(sheet: ScoreSheet) -> str:
    marks = sheet.standard.thresholds
    good, passing = mark_words(marks)
    return (
        f"{good}为优良，{passing}为合格，低于 {figure(marks.pass_mark)} 分为不合格；"
        f"命中一票否决项的，总分最高 {figure(marks.veto_cap)} 分"
    )


def _totals(findings: list[parts.Problem]) -> str:
    """共 4 条，须整改 3 条：严重 1 条，较大 2 条，一般 1 条；涉及金额合计 …"""
    if not findings:
        return ""
    kinds = [f"{label} {count} 条" for label in Severity.labels
             if (count := sum(1 for row in findings if row.severity == label))]  # fmt: skip
    must = sum(1 for row in findings if row.must)
    amounts = [row.amount for row in findings if row.amount is not None]
    words = f"共 {len(findings)} 条（{'，'.join(kinds)}），须整改 {must} 条"
    return f"{words}；涉及金额合计 {sum(amounts):,.2f} 元" if amounts else words


def _talks(inspection: Inspection) -> list[Said]:
    rows = inspection.talks.select_related("said_by", "evidence").order_by("said_at", "pk")
    return [_said(row, inspection) for row in rows]


def _said(row: Talk, inspection: Inspection) -> Said:
    notes = []
    if row.score_sheet_id != inspection.score_sheet_id:
        notes.append("就重新评分以前的结果")
    if row.is_recorded_by_office:
        notes.append("检查方代为记录" + (f"，沟通记录：{row.evidence.name}" if row.evidence else ""))
    stance = {True: "对检查结果无异议", False: "对检查结果有异议"}.get(row.agrees, "")
    return Said(row.get_side_display(), stance, row.text, row.said_by.name, time_words(row.said_at), "；".join(notes))


def _consequences(inspection: Inspection) -> list[str]:
    """What follows by the 制度 for the inspected side. What is reported upward is not its business and stands elsewhere."""
    reason = rules.reinspection_reason(inspection.score_sheet.grade, inspection.is_serious)
    if not reason:
        return []
    return [
        f"列入 {inspection.year + 1} 年度质量检查复查：{reason}。",
        "对参与人员的处罚，按公司质量问责制度另行认定和处理。",
    ]


def _demand(inspection: Inspection, is_to_rectify: bool) -> list[str]:
    """What the inspected side has to do; it is bound by the rule in force when the opinion goes out."""
    side = "项目" if inspection.project_id else "单位"
    if not is_to_rectify:
        return [f"本次检查没有须整改的问题。请被检{side}在系统中确认收到本意见。"]
    limit = reply_limit()
    within = f"收到本意见之日起 {limit}内" if limit else "收到本意见后及时"
    return [
        f"请被检{side}在系统中确认收到本意见，并于{within}，就上列须整改的问题逐条回复整改意见和整改情况，附整改证据。",
        "回复由质量办逐条复查，未通过的退回继续整改；不能按期回复的，应在到期前申请延期。",
    ]


def _signed(opinion: Opinion) -> Signed:
    signer = opinion.issued_by
    certificate = signer.certificates.valid(timezone.localdate(opinion.issued_at)).first()
    return Signed(
        name=signer.name, certificate=str(certificate) if certificate else "",
        image=signature_image(signer.signature_image.name or ""), at=time_words(opinion.issued_at), digest=opinion.digest,
    )  # fmt: skip
