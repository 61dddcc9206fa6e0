"""质量问责单 on paper: the problem, the walk along the signatures, what is proposed by which clause, what the person answered, and
what was decided, each signed (质量问责制, §3). Of the others in the case it tells what they signed, not what they answer for."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from inspections import liability
from inspections.choices import Origin, SheetState
from inspections.liability_digests import answer_digest
from inspections.models import LiabilitySheet
from inspections.printouts.parts import CSS
from ledger.services import head
from printing import pdf
from reviews.choices import LevelKind
from reviews.models import Issue
from reviews.printouts.parts import BLANK, Grid, Signed, date_words, signature_image, time_words

TITLE = "质量问责单"
ANSWER_WORDS = {"accepted": "无异议", "lapsed": "逾期未提出", "appealed": "陈述申辩"}
RESULTS = {"yes": "是", "no": "否", "na": "不适用"}


@dataclass(frozen=True)
class Step:
    """A step of the walk: who signed, what was said of the category, and what the covering lines were answered."""

    title: str
    name: str
    at: str
    said: list[str]
    answers: list[str]
    is_own: bool


@dataclass(frozen=True)
class Answer:
    word: str
    text: str
    by: str
    at: str
    digest: str


@dataclass(frozen=True)
class LiabilityPaper:
    firm: str
    title: str
    number: str
    right: str
    facts: Grid
    problem: str
    steps: list[Step]
    rule: str
    person: Grid
    grounds: str
    clause: str
    proposal: str
    proposed: Signed
    answer: Answer | None
    hearing: str
    outcome: str
    decision: str
    decided: Signed | None
    digests: Grid
    chain_number: int
    chain_hash: str

    @property
    def images(self) -> list[str]:
        shown = [self.proposed.image, self.decided.image if self.decided else ""]
        return [image for image in shown if image]


def sheet_paper(sheet: LiabilitySheet) -> bytes:
    """A sheet as a PDF: with its decision where the columns hold one (it need not be stored yet), else a draft."""
    paper = build(sheet)
    return pdf.render(
        "inspections/print/liability_sheet.html",
        {"paper": paper},
        title=f"{TITLE} {paper.number}",
        created_at=sheet.decided_at or sheet.answered_at or sheet.proposed_at,
        draft=sheet.decided_at is None,
        stylesheets=(*CSS, "css/print_liability.css"),
        images=paper.images,
    )


def build(sheet: LiabilitySheet) -> LiabilityPaper:
    """Everything that the paper says."""
    case, is_decided = sheet.case, sheet.decided_at is not None
    chain_number, chain_hash = head()
    return LiabilityPaper(
        firm=settings.FIRM_NAME,
        title=TITLE,
        number=sheet.number,
        right=f"决定日期：{date_words(timezone.localdate(sheet.decided_at))}" if is_decided
        else f"{SheetState(sheet.state).label}，尚未决定",
        facts=_facts(sheet),
        problem=case.problem,
        steps=[_step(row, case.category, sheet) for row in case.walk],
        rule=f"涉及“{case.get_category_display()}”的核查事项，指核查内容含{'、'.join(liability.covering_words(case.category))}之一的事项。",
        person=_person(sheet),
        grounds=sheet.grounds,
        clause=sheet.clause,
        proposal=sheet.proposal,
        proposed=_signed(sheet.proposed_by, sheet.proposed_at, sheet.proposal_digest),
        answer=_answer(sheet),
        hearing=sheet.hearing or "",
        outcome=sheet.get_outcome_display() if is_decided else "",
        decision=sheet.decision or "",
        decided=_signed(sheet.decided_by, sheet.decided_at, sheet.decision_digest) if is_decided else None,
        digests=_digests(sheet),
        chain_number=chain_number,
        chain_hash=chain_hash,
    )  # fmt: skip


def _facts(sheet: LiabilitySheet) -> Grid:
    case = sheet.case
    deliverable, project = case.deliverable, case.deliverable.project
    issue = Issue.objects.filter(round=case.round_id).first()
    source = (
        f"检查 {case.finding.inspection.number} 问题 {case.finding.number}"
        if case.origin == Origin.FINDING
        else case.document
    )
    return [
        [("项目名称", project.name)],
        [("项目编号", project.number), ("承办单位", project.unit.name)],
        [("成果名称", deliverable.title)],
        [("成果编号", deliverable.number), ("签发编号", issue.number if issue else "（未签发）")],
        [("追溯轮次", f"第 {case.round.number} 轮 · 第 {case.round.version.number} 版"), ("问责编号", case.number)],
        [("事由来源", case.get_origin_display()), ("发现日期", date_words(case.found_on))],
        [("来源文书", source)],
        [("问题类别", case.get_category_display()),
         ("涉及金额", BLANK if case.amount is None else f"{case.amount:,.2f} 元")],
    ]  # fmt: skip


def _step(row: dict, category: str, sheet: LiabilitySheet) -> Step:
    at = time_words(datetime.fromisoformat(row["signed_at"]))
    is_own = row["person"] == sheet.person_id
    if row["signature"] is None:
        return Step(row["title"], row["name"], at, [f"本级经批准免除：{row['exempted']}"], [], is_own)
    said = [f"说明：{text}" for text in row["stated"]]
    said += [_remark_words(each) for each in row["remarks"]]
    if not said:
        is_silent = row["declares_no_unresolved"] and row["declares_no_attention"]
        said = ["声明“无”，未作说明" if is_silent else "所作说明未涉及该类问题"]
    if row["kind"] == LevelKind.ISSUE:
        said = ["签发，不在三级复核范围内"]
    return Step(row["title"], row["name"], at, said, answer_lines(row), is_own)


def answer_lines(row: dict) -> list[str]:
    """第 3 项 是：the line's text."""
    return [f"第 {each['order']} 项 {RESULTS[each['result']]}：{each['text']}" for each in row["answers"]]


def _remark_words(remark: dict) -> str:
    word = {"explained": "编制人说明未改", "corrected": "已修改"}.get(remark["disposition"], "未答复")
    return f"意见第 {remark['number']} 条：{remark['problem']}（{word}）"


def _person(sheet: LiabilitySheet) -> Grid:
    person = sheet.person
    return [
        [("责任人", f"{person.name}（{person.employee_number}）"), ("所在单位", person.unit.name)],
        [("所在级别", sheet.level_title), ("责任类别", sheet.get_share_display())],
    ]


def _answer(sheet: LiabilitySheet) -> Answer | None:
    kind = liability.answer_kind(sheet.answer)
    if not kind:
        return None
    by = "系统" if kind == "lapsed" else sheet.person.name
    return Answer(ANSWER_WORDS[kind], sheet.answer, by, time_words(sheet.answered_at), answer_digest(sheet))


def _signed(person, at, digest: str) -> Signed:
    return Signed(
        name=person.name, certificate="", image=signature_image(person.signature_image.name or ""), at=time_words(at),
        digest=digest,
    )  # fmt: skip


def _digests(sheet: LiabilitySheet) -> Grid:
    rows = [
        ("所依签署", sheet.signature.digest if sheet.signature else BLANK),
        ("签署追溯", sheet.case.walk_sha256),
        ("提出问责", sheet.proposal_digest),
        ("陈述申辩", answer_digest(sheet) if sheet.answer else BLANK),
        ("处理决定", sheet.decision_digest or BLANK),
    ]
    return [[row] for row in rows]
