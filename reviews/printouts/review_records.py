"""校审记录单: every remark with its answers and re-checks, in the order in which they were raised (§3, rule 2)."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from printing import pdf
from reviews import queries
from reviews.choices import LevelKind, RemarkEventKind, RemarkState, Severity
from reviews.models import Issue, Remark, Round
from reviews.printouts.parts import Code, Grid, Signed, printed_at, project_facts, signed, time_words, verification

TITLE = "校审记录单"


@dataclass(frozen=True)
class Said:
    """An answer or a re-check."""

    word: str
    text: str
    name: str
    at: str


@dataclass(frozen=True)
class Exchange:
    """An answer of the preparer and the re-check that followed it; each may be missing."""

    answer: Said | None
    recheck: Said | None


@dataclass(frozen=True)
class RemarkRow:
    number: int
    round: int
    name: str
    at: str
    place: str
    problem: str
    category: str
    severity: str
    is_grave: bool
    amount: Decimal | None
    state: str
    is_closed: bool
    exchanges: list[Exchange]


@dataclass(frozen=True)
class Group:
    """The remarks of one level."""

    title: str
    remarks: list[RemarkRow]


@dataclass(frozen=True)
class Total:
    """How many remarks of each severity a level raised, how many are closed, and the amount that they move."""

    title: str
    counts: list[int]
    count: int
    closed: int
    amount: Decimal | None


@dataclass(frozen=True)
class Signer:
    title: str
    signed: Signed


@dataclass(frozen=True)
class ReviewRecord:
    firm: str
    title: str
    number: str
    state: str
    at: str
    facts: Grid
    groups: list[Group]
    severities: list[str]
    totals: list[Total]
    signers: list[Signer]
    code: Code | None

    @property
    def images(self) -> list[str]:
        shown = [signer.signed.image for signer in self.signers] + [self.code.qr if self.code else ""]
        return [image for image in shown if image]


def review_record(round: Round, issued: Issue | None = None) -> bytes:
    """The review record of a round, with the remarks of the rounds before it, as a PDF."""
    record = build(round, issued)
    return pdf.render(
        "reviews/print/review_record.html",
        {"record": record},
        title=f"{TITLE} {record.number or round.deliverable.number}",
        created_at=printed_at(round, issued),
        draft=issued is None,
        stylesheets=["css/print_review.css", "css/print_landscape.css"],
        images=record.images,
    )


def build(round: Round, issued: Issue | None = None) -> ReviewRecord:
    """Everything that the review record says. A remark that is not sent yet is its writer's and does not appear."""
    remarks = (
        round.deliverable.remarks.exclude(state=RemarkState.DRAFT)
        .filter(round__number__lte=round.number)
        .select_related("level", "raised_by", "round")
        .prefetch_related("events__by")
        .order_by("level__order", "number")
    )
    by_level: dict[str, list[Remark]] = {}
    for remark in remarks:
        by_level.setdefault(remark.level.title, []).append(remark)
    return ReviewRecord(
        firm=settings.FIRM_NAME,
        title=TITLE,
        number=issued.number if issued else "",
        state="已签发" if issued else round.get_state_display(),
        at=time_words(printed_at(round, issued)),
        facts=_facts(round),
        groups=[Group(title, [_row(remark) for remark in rows]) for title, rows in by_level.items()],
        severities=Severity.labels,
        totals=[_total(title, rows) for title, rows in by_level.items()] + [_total("合计", list(remarks))],
        signers=_signers(round),
        code=verification(issued),
    )


def _facts(round: Round) -> Grid:
    """The facts of the head, three to a row: the paper lies on its side."""
    facts = [fact for row in project_facts(round) for fact in row]
    return [facts[at : at + 3] for at in range(0, len(facts), 3)]


def _row(remark: Remark) -> RemarkRow:
    return RemarkRow(
        number=remark.number,
        round=remark.round.number,
        name=remark.raised_by.name,
        at=time_words(remark.raised_at),
        place=remark.place,
        problem=remark.problem,
        category=remark.get_category_display(),
        severity=remark.get_severity_display(),
        is_grave=remark.severity != Severity.ORDINARY,
        amount=remark.amount_affected,
        state=remark.get_state_display(),
        is_closed=remark.state == RemarkState.CLOSED,
        exchanges=_exchanges(remark),
    )


def _exchanges(remark: Remark) -> list[Exchange]:
    """Answers and re-checks in pairs; a remark without any has one empty pair, so that it has its row."""
    pairs: list[Exchange] = []
    for event in remark.events.all():
        said = Said(_word(event), event.text, event.by.name, time_words(event.at))
        if event.kind == RemarkEventKind.ANSWER:
            pairs.append(Exchange(said, None))
        elif pairs and pairs[-1].recheck is None:
            pairs[-1] = Exchange(pairs[-1].answer, said)
        else:
            pairs.append(Exchange(None, said))
    return pairs or [Exchange(None, None)]


def _word(event) -> str:
    return event.get_disposition_display() or event.get_kind_display()


def _total(title: str, remarks: list[Remark]) -> Total:
    amounts = [remark.amount_affected for remark in remarks if remark.amount_affected is not None]
    return Total(
        title=title,
        counts=[sum(1 for remark in remarks if remark.severity == severity) for severity in Severity],
        count=len(remarks),
        closed=sum(1 for remark in remarks if remark.state == RemarkState.CLOSED),
        amount=sum(amounts) if amounts else None,
    )


def _signers(round: Round) -> list[Signer]:
    """Whoever signed this round, the issue apart: it is signed on the flow sheet."""
    return [
        Signer(
            "编制" if row.level.kind == LevelKind.PREPARE
            else f"{row.level.title}（专家 {row.seat_number}）" if row.seat_number else row.level.title,
            signed(row),
        )
        for row in queries.signatures_of(round)
        if row.level.kind != LevelKind.ISSUE
    ]  # fmt: skip
