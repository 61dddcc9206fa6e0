"""One act of the chain each, with everything that the form would send. `Case` is one deliverable on its way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dashboards.demo import wording
from dashboards.demo.books import Book
from dashboards.demo.pieces import Piece
from dashboards.demo.reports import report_pdf
from dashboards.demo.workbooks import Shape, write
from dashboards.demo.world import World
from projects import services as project_services
from projects.models import Deliverable
from reviews import queries, services
from reviews.choices import Disposition, LevelKind, RemarkState, Severity
from reviews.models import Round
from reviews.services import SignContent
from scoring.choices import Purpose
from scoring.models import Deduction, Standard
from staff.confirmation import Confirmation

SERIOUS_FROM = Decimal(40_000)  # 元 that a mistake moves


@dataclass
class Case:
    """A deliverable, the figures that its present version holds, and what is known of it."""

    world: World
    piece: Piece
    deliverable: Deliverable
    book: Book | None

    @property
    def round(self) -> Round:
        """Its live round, fresh."""
        return (
            Round.objects.live()
            .select_related("level", "version", "deliverable__project__unit", "route")
            .get(deliverable=self.deliverable)
        )

    @property
    def preparer(self):
        return self.deliverable.preparer


def _turn(case: Case) -> dict:
    """The round and the turn for which a page was drawn."""
    round = case.round
    return {"round": round, "turn": round.turn}


def _holder(round: Round, number: int = 0):
    return round.deliverable.seats.select_related("holder").get(level=round.level_id, number=number).holder


def _confirmed(user) -> Confirmation:
    """The password was just re-entered."""
    return Confirmation(user_id=user.pk, at=timezone.now())


# ── Opening and files ───────────────────────────────────────────────────────
def open_case(world: World, piece: Piece) -> Case:
    """The project manager or the discipline's lead opens the deliverable for its preparer."""
    book = piece.book()
    amounts = {}
    if book is not None and piece.is_about_money:
        amounts["draft_amount"] = book.settled.total
        if piece.shape is Shape.COMPARISON:
            amounts["submitted_amount"] = book.submitted.total
    preparer = world.people[piece.preparer]
    deliverable = services.open_deliverable(
        actor=preparer, project=world.projects[piece.project], title=piece.title, kind=piece.kind,
        discipline=world.disciplines[piece.discipline], preparer=preparer, has_calculation=piece.has_calculation,
        starts_on=world.clock.today if piece.begins < 2 else world.clock.days[piece.begins - 1],
        due_on=world.clock.date(piece.due), **amounts,
    )  # fmt: skip
    return Case(world, piece, deliverable, book)


def upload(case: Case) -> None:
    """The files of the present draft version: the workbook, the report, or both."""
    version = case.round.version
    files = []
    if case.book is not None:
        title = f"{case.deliverable.project.name}（{case.piece.title}）"
        files.append((case.piece.workbook_name, write(case.book, case.piece.shape, title)))
    if case.piece.has_report:
        files.append((f"{case.piece.title}.pdf", report_pdf(case)))
    for name, content in files:
        upload = SimpleUploadedFile(name, content)
        project_services.add_attachment(actor=case.preparer, version=version, upload=upload)


def submit(case: Case, answers: Mapping | None = None, **words) -> None:
    """The preparer's self-check."""
    services.submit(
        actor=case.preparer, **_turn(case), content=_content(case, **words), confirmation=_confirmed(case.preparer),
        answers=answers,
    )  # fmt: skip


def revise(case: Case, note: str, corrected: int | None = None) -> None:
    """A new version with mistakes put right: `corrected` of them, all without it."""
    services.start_version(actor=case.preparer, **_turn(case), note=note)
    version = case.round.version
    if case.book is not None:
        case.book = case.book.correct(corrected)
        project_services.update_version(
            actor=case.preparer, version=version, note=note, submitted_amount=version.submitted_amount,
            draft_amount=case.book.settled.total if version.draft_amount is not None else None,
        )  # fmt: skip
    upload(case)


def resubmit(case: Case, **words) -> None:
    """Submit a corrected version, with an answer to every remark."""
    answers = {
        remark.pk: (Disposition.CORRECTED, wording.correction(remark.category, remark.number))
        for remark in queries.remarks_to_answer(case.deliverable)
    }
    submit(case, answers, **words)


def withdraw(case: Case, reason: str) -> None:
    services.withdraw(actor=case.preparer, **_turn(case), reason=reason)


# ── Remarks ─────────────────────────────────────────────────────────────────
def _remarks_on_figures(case: Case, count: int) -> Iterable[dict]:
    """What is really wrong in the workbook, with the row where it stands and what it moves."""
    for flaw in case.book.flaws[:count]:
        line, right = case.book.lines[flaw.index], flaw.corrected
        effect = case.book.effect_of(flaw)
        yield {
            "place": f"{case.piece.workbook_name} 第 {case.piece.rows(case.book)[flaw.index]} 行",
            "problem": f"{line.name}（{line.code}）工程量 {line.settled_quantity:f} {line.unit} 与图纸、底稿不符，"
            f"复核为 {right.settled_quantity:f} {line.unit}，请核对计算式。",
            "category": "quantity",
            "severity": Severity.SERIOUS if abs(effect) >= SERIOUS_FROM else Severity.ORDINARY,
            "amount_affected": effect if case.piece.is_about_money else None,
        }


def remark(case: Case, figures: int = 0, others: tuple[str, ...] = ()) -> None:
    """The level's holder writes remarks down: on `figures` mistakes of the workbook, and `others` by key of wording."""
    round = case.round
    reviewer = _holder(round)
    fields = list(_remarks_on_figures(case, figures)) if case.book is not None else []
    fields += [wording.REMARKS[key] for key in others]
    for row in fields:
        services.draft_remark(actor=reviewer, round=round, turn=round.turn, **row)


def return_remarks(case: Case, figures: int = 0, others: tuple[str, ...] = ()) -> None:
    """Write remarks down and send them to the preparer."""
    remark(case, figures, others)
    services.return_remarks(actor=_holder(case.round), **_turn(case))


def answer(case: Case) -> None:
    """Explain every remark, the files as they are."""
    answers = {
        remark.pk: (Disposition.EXPLAINED, wording.explanation(remark.number))
        for remark in queries.remarks_to_answer(case.deliverable)
    }
    services.answer_remarks(actor=case.preparer, **_turn(case), answers=answers)


def recheck(case: Case, failed: int = 0) -> None:
    """Re-check all answered remarks of the level; the last `failed` of them do not pass and go back."""
    round = case.round
    reviewer = _holder(round)
    answered = list(case.deliverable.remarks.filter(state=RemarkState.ANSWERED, level=round.level))
    for position, remark in enumerate(answered):
        passed = position < len(answered) - failed
        text = "" if passed else "答复未附签证单原件，请补充依据后再答复。"
        services.recheck_remark(actor=reviewer, remark=remark, turn=round.turn, passed=passed, text=text)
    if failed:
        services.return_remarks(actor=reviewer, **_turn(case))


# ── Signing ─────────────────────────────────────────────────────────────────
def _content(
    case: Case,
    *,
    opinion: str = "",
    unresolved: tuple[str, ...] = (),
    attention: tuple[str, ...] = (),
    less: str = "0",
    score: str | None = None,
    seat: int = 0,
    doubt: str = "",
) -> SignContent:
    """What the present level signs: 元 `less` than the amount below, `score` by name, `doubt` answers one line with 否."""
    round = case.round
    level = round.level
    amount = None
    if level.kind in (LevelKind.REVIEW, LevelKind.PANEL) and seat == 0 and queries.is_about_money(round):
        known = [value for _, value in queries.amounts_of(round) if value is not None]
        amount = known[-1] - Decimal(less)
    checklist = {item.pk: ("yes", "") for item in level.checklist.all()}
    if doubt:
        checklist[list(checklist)[3]] = ("no", doubt)
    return SignContent(
        opinion=opinion or wording.opinion(level.title, case.deliverable.pk, is_expert=seat > 0),
        manifest=round.version.manifest_sha256 or project_services.manifest(round.version),
        checklist=checklist,
        unresolved=unresolved,
        attention=attention,
        declares_no_unresolved=not unresolved,
        declares_no_attention=not attention,
        acknowledged=[prompt.code for prompt in queries.prompts(round, amount)],
        amount=amount,
        hits=_hits(score or wording.score(case.deliverable.pk)) if level.is_scored and seat == 0 else None,
    )


def _hits(name: str) -> dict[int, Decimal]:
    """A score by its name in `wording.SCORES`, as hits on the standard in force."""
    standard = Standard.objects.current(Purpose.DELIVERABLE)
    items = {item.text: item.pk for item in Deduction.objects.filter(criterion__standard=standard)}
    return {items[text]: Decimal(count) for text, count in wording.SCORES[name].items()}


def sign(case: Case, **words) -> None:
    """The holder of the present level signs it."""
    holder = _holder(case.round)
    services.sign(actor=holder, **_turn(case), content=_content(case, **words), confirmation=_confirmed(holder))


def join_opinion(case: Case, seat: int, **words) -> None:
    """An expert of the panel signs an opinion."""
    expert = _holder(case.round, seat)
    content = _content(case, seat=seat, **words)
    services.join_opinion(actor=expert, **_turn(case), content=content, confirmation=_confirmed(expert))


def revoke(case: Case, reason: str) -> None:
    """Whoever signed last takes it back."""
    signer = queries.last_signature(case.round).signer
    services.revoke(actor=case.world.people[signer.employee_number], **_turn(case), reason=reason)


def send_back(case: Case, reason: str) -> None:
    services.send_back(actor=_holder(case.round), **_turn(case), reason=reason)


def issue(case: Case, **words) -> None:
    holder = _holder(case.round)
    services.issue(actor=holder, **_turn(case), content=_content(case, **words), confirmation=_confirmed(holder))


# ── Exceptions ──────────────────────────────────────────────────────────────
def exempt_check(case: Case, reason: str) -> None:
    """The technical director lets a deliverable without calculation pass without 校核."""
    director = case.world.director_of(case.deliverable.project.unit.code)
    level = case.round.route.levels.get(is_exemptible=True)
    services.exempt_level(actor=director, **_turn(case), level=level, reason=reason, confirmation=_confirmed(director))


def hand_over(case: Case, level: str, to: str, reason: str) -> None:
    """The holder of a level gives it to a deputy."""
    seat = case.deliverable.seats.select_related("holder", "level").get(level__title=level, number=0)
    services.hand_over(actor=seat.holder, **_turn(case), seat=seat, to=case.world.people[to], reason=reason)
