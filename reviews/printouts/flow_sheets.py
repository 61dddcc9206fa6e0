"""工程造价咨询业务质量控制流程单: who prepared, reviewed and issued what, with what they said and signed (§3)."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from ledger.models import Entry
from printing import pdf
from reviews import queries, rules
from reviews.choices import ChecklistResult, LevelKind, StatementKind
from reviews.models import Issue, Round, Signature
from reviews.printouts.parts import (
    BLANK,
    Code,
    Grid,
    Signed,
    date_words,
    printed_at,
    project_facts,
    signed,
    span_words,
    time_words,
    verification,
)
from reviews.seals import seal_rounds
from scoring.printouts import Score, score_of

TITLE = "工程造价咨询业务质量控制流程单"


@dataclass(frozen=True)
class Answer:
    order: int
    text: str
    result: str
    note: str


@dataclass(frozen=True)
class Act:
    """One signed act: a level's signature with everything that it says."""

    title: str
    meaning: str
    opinion: str
    answers: list[Answer]
    answer_totals: str
    unresolved: list[str]
    attention: list[str]
    prompts: list[str]
    amount: Decimal | None
    signed: Signed
    is_expert: bool


@dataclass(frozen=True)
class Exempted:
    title: str
    reason: str
    name: str
    at: str


@dataclass(frozen=True)
class FormerRound:
    number: int
    version: int
    ended: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True)
class Printed:
    """A file of the version."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class FlowSheet:
    firm: str
    title: str
    number: str
    state: str
    at: str
    facts: Grid
    amounts: list[rules.AmountStep]
    seals: list[dict]
    acts: list[Act]
    exemptions: list[Exempted]
    score: Score | None
    issue: Grid
    files: list[Printed]
    manifest: str
    chain_number: int | None
    chain_hash: str
    code: Code | None
    former_rounds: list[FormerRound]
    withdrawn: list[str]

    @property
    def images(self) -> list[str]:
        """The data: URIs that the page shows."""
        shown = [act.signed.image for act in self.acts] + [self.code.qr if self.code else ""]
        return [image for image in shown if image]


def flow_sheet(round: Round, issued: Issue | None = None) -> bytes:
    """The flow sheet of a round as a PDF."""
    sheet = build(round, issued)
    return pdf.render(
        "reviews/print/flow_sheet.html",
        {"sheet": sheet},
        title=f"{TITLE} {sheet.number or round.deliverable.number}",
        created_at=printed_at(round, issued),
        draft=issued is None,
        stylesheets=["css/seals.css", "css/print_review.css"],
        images=sheet.images,
    )


def build(round: Round, issued: Issue | None = None) -> FlowSheet:
    """Everything that the flow sheet says, read from the record."""
    signatures = list(queries.signatures_of(round).prefetch_related("answers", "statements"))
    entry = Entry.objects.about(round.deliverable).last()
    return FlowSheet(
        firm=settings.FIRM_NAME,
        title=TITLE,
        number=issued.number if issued else "",
        state="已签发" if issued else round.get_state_display(),
        at=time_words(printed_at(round, issued)),
        facts=_facts(round, issued),
        amounts=rules.amount_steps(queries.amounts_of(round)),
        seals=_seals(round),
        acts=[_act(signature) for signature in signatures],
        exemptions=_exemptions(round),
        score=next((score_of(s.score_sheet, s.signer) for s in signatures if s.score_sheet is not None), None),
        issue=_issue(issued),
        files=[Printed(f.name, f.size, f.sha256) for f in round.version.attachments.order_by("name")],
        manifest=round.version.manifest_sha256,
        chain_number=entry.number if entry else None,
        chain_hash=entry.hash if entry else "",
        code=verification(issued),
        former_rounds=_former_rounds(round),
        withdrawn=_withdrawn(round),
    )


def _facts(round: Round, issued: Issue | None) -> Grid:
    deliverable = round.deliverable
    project = deliverable.project
    signed_on = date_words(project.contract_signed_on)
    opened_on = timezone.localdate(deliverable.rounds.order_by("number").first().opened_at)
    issued_on = timezone.localdate(issued.issued_at) if issued else None
    return [
        *project_facts(round),
        [("合同编号", project.contract_number or BLANK), ("合同类别", project.get_contract_kind_display())],
        [("合同金额", _money(project.contract_amount)), ("合同签订日期", signed_on)],
        [("重要程度", project.get_importance_display()), ("审签路线", round.route.title)],
        [
            ("项目计划", span_words(project.planned_start_on, project.planned_finish_on)),
            ("项目实际", span_words(project.actual_start_on, project.actual_finish_on)),
        ],
        [
            ("成果计划", span_words(deliverable.starts_on, deliverable.due_on)),
            ("成果实际", span_words(opened_on, issued_on)),
        ],
    ]


def _seals(round: Round) -> list[dict]:
    """The seals of this round and of those before it. Certificates and reasons stand elsewhere; here they have no room."""
    rows = [row for row in seal_rounds(round.deliverable) if row["number"] <= round.number]
    return [{**row, "seals": [{**seal, "certificate": "", "note": ""} for seal in row["seals"]]} for row in rows]


def _money(amount: Decimal | None) -> str:
    return BLANK if amount is None else f"{amount:,.2f} 元"


def _act(signature: Signature) -> Act:
    level, statements = signature.level, list(signature.statements.all())
    title = level.title if signature.seat_number == 0 else f"{level.title}（专家 {signature.seat_number}）"
    if level.kind == LevelKind.PREPARE:
        title = f"编制与{level.title}"
    return Act(
        title=title,
        meaning=signature.meaning,
        opinion=signature.opinion,
        answers=[Answer(a.order, a.text, a.get_result_display(), a.note) for a in signature.answers.all()],
        answer_totals=_totals(signature),
        unresolved=[row.text for row in statements if row.kind == StatementKind.UNRESOLVED],
        attention=[row.text for row in statements if row.kind == StatementKind.ATTENTION],
        prompts=list(signature.prompts_overridden),
        amount=signature.amount,
        signed=signed(signature),
        is_expert=signature.seat_number > 0,
    )


def _totals(signature: Signature) -> str:
    """是 6 项，否 1 项，不适用 0 项."""
    given = [answer.result for answer in signature.answers.all()]
    return "，".join(f"{result.label} {given.count(result)} 项" for result in ChecklistResult) if given else ""


def _exemptions(round: Round) -> list[Exempted]:
    rows = round.deliverable.exemptions.select_related("level", "signed_by").order_by("level__order")
    return [Exempted(row.level.title, row.reason, row.signed_by.name, time_words(row.signed_at)) for row in rows]


def _issue(issued: Issue | None) -> Grid:
    if issued is None:
        return []
    return [
        [("签发编号", issued.number), ("签发日期", time_words(issued.issued_at))],
        [("签发人", issued.issued_by.name), ("核验码", issued.verification_code)],
    ]


def _former_rounds(round: Round) -> list[FormerRound]:
    rows = round.deliverable.rounds.filter(number__lt=round.number).select_related("version", "last_actor", "level")
    return [
        FormerRound(
            number=row.number,
            version=row.version.number,
            ended=f"{row.get_state_display()}（{row.level.title}）",
            by=row.last_actor.name if row.last_actor else BLANK,
            at=time_words(row.ended_at),
            reason=row.end_reason or BLANK,
        )
        for row in rows.order_by("number")
    ]


def _withdrawn(round: Round) -> list[str]:
    """Signatures of this round that were taken back: they stay on record."""
    rows = round.signatures.filter(revoked_at__isnull=False).select_related("level", "signer")
    return [
        f"{row.level.title} {row.signer.name} 于 {time_words(row.signed_at)} 签署，{time_words(row.revoked_at)} 撤回"
        for row in rows
    ]
