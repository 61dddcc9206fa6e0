"""Steps of the chain for tests, each through the real services, with everything that the form would send."""

import io
from datetime import datetime
from decimal import Decimal

import pikepdf
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from projects import services as project_services
from projects.choices import DeliverableKind
from projects.models import Discipline
from reviews import queries, services
from reviews.choices import Disposition, LevelKind, RemarkCategory, RemarkState, Severity
from reviews.models import Round
from reviews.services import SignContent
from scoring.choices import Purpose
from scoring.models import Deduction, Standard
from staff.confirmation import Confirmation


def pdf_file(name: str = "结算审核报告.pdf", mark: str = "") -> SimpleUploadedFile:
    """A PDF of one blank page whose bytes depend on `mark`."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.docinfo["/Title"] = mark or "报告"
    buffer = io.BytesIO()
    pdf.save(buffer, deterministic_id=True)
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="application/pdf")


def workbook_file(name: str = "结算审核对比表.xlsx", mark: str = "") -> SimpleUploadedFile:
    """An xlsx of one cell: checked in-process, so much faster to upload than a PDF."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001
        book.add_worksheet().write(0, 0, mark or "对比表")
    return SimpleUploadedFile(name, buffer.getvalue())


def confirmed(user) -> Confirmation:
    """As if the password had just been re-entered."""
    return Confirmation(user_id=user.pk, at=timezone.now())


def live(deliverable) -> Round:
    return (
        Round.objects.live()
        .select_related("level", "version", "deliverable__project", "route")
        .get(deliverable=deliverable)
    )


def open_deliverable(cast, project, *, title="土建结算审核报告", has_calculation=True, **fields):
    """A deliverable of the cast's preparer in 土建, with one workbook in its first version."""
    fields = {"submitted_amount": Decimal("1000000.00"), "draft_amount": Decimal("960000.00"), **fields}
    deliverable = services.open_deliverable(
        actor=cast.preparer, project=project, title=title, kind=DeliverableKind.SETTLEMENT_REPORT,
        discipline=Discipline.objects.get(code="TJ"), preparer=cast.preparer, has_calculation=has_calculation, **fields,
    )  # fmt: skip
    upload(deliverable)
    return deliverable


def upload(deliverable, name="结算审核对比表.xlsx", mark=""):
    version = deliverable.versions.order_by("-number").first()
    make = pdf_file if name.endswith(".pdf") else workbook_file
    return project_services.add_attachment(actor=deliverable.preparer, version=version, upload=make(name, mark))


def content(round: Round, **changes) -> SignContent:
    """Everything answered 是, 无 declared, amounts unchanged; the scored level loses nothing."""
    manifest = round.version.manifest_sha256 or project_services.manifest(round.version)
    needs_amount = round.level.kind in (LevelKind.REVIEW, LevelKind.PANEL) and queries.is_about_money(round)
    values = {
        "opinion": "同意",
        "manifest": manifest,
        "checklist": {item.pk: ("yes", "") for item in round.level.checklist.all()},
        "declares_no_unresolved": True,
        "declares_no_attention": True,
        "amount": round.version.draft_amount if needs_amount else None,
        "hits": {} if round.level.is_scored else None,
        "acknowledged": [prompt.code for prompt in queries.prompts(round, changes.get("amount"))],
    }
    return SignContent(**{**values, **changes})


def submit(deliverable, *, answers=None, **changes) -> Round:
    round = live(deliverable)
    actor = deliverable.preparer
    return services.submit(
        actor=actor, round=round, turn=round.turn, content=content(round, **changes), confirmation=confirmed(actor),
        answers=answers,
    )  # fmt: skip


def holder(round: Round, number: int = 0):
    return round.deliverable.seats.get(level=round.level, number=number).holder


def sign(deliverable, **changes) -> Round:
    """The holder of the present level signs it."""
    round = live(deliverable)
    actor = holder(round)
    return services.sign(
        actor=actor, round=round, turn=round.turn, content=content(round, **changes), confirmation=confirmed(actor)
    )


def sign_panel(deliverable) -> Round:
    """Every expert of the panel joins, then its leader concludes."""
    round = live(deliverable)
    for number in range(1, round.level.panel_size + 1):
        round = live(deliverable)
        expert = holder(round, number)
        services.join_opinion(
            actor=expert, round=round, turn=round.turn, content=content(round), confirmation=confirmed(expert)
        )
    return sign(deliverable)


def issue(deliverable, **changes) -> Round:
    round = live(deliverable)
    actor = holder(round)
    return services.issue(
        actor=actor, round=round, turn=round.turn, content=content(round, **changes), confirmation=confirmed(actor)
    )


def sign_all(deliverable) -> Round:
    """From 审签中 to 待签发, panel included."""
    while live(deliverable).state == "reviewing":
        step = sign_panel if live(deliverable).level.kind == LevelKind.PANEL else sign
        step(deliverable)
    return live(deliverable)


def draft_remark(deliverable, problem="工程量计算式与图纸不符", **fields):
    round = live(deliverable)
    fields = {"place": "土建.xlsx 第 36 行", "category": RemarkCategory.QUANTITY, "severity": Severity.ORDINARY,
              "amount_affected": Decimal("-12000.00"), **fields}  # fmt: skip
    return services.draft_remark(actor=holder(round), round=round, turn=round.turn, problem=problem, **fields)


def return_remarks(deliverable) -> Round:
    round = live(deliverable)
    return services.return_remarks(actor=holder(round), round=round, turn=round.turn)


def explained(deliverable) -> dict:
    return {
        remark.pk: (Disposition.EXPLAINED, "按合同约定计算，详见底稿")
        for remark in queries.remarks_to_answer(deliverable)
    }


def corrected(deliverable) -> dict:
    return {remark.pk: (Disposition.CORRECTED, "已修改") for remark in queries.remarks_to_answer(deliverable)}


def answer(deliverable) -> Round:
    round = live(deliverable)
    return services.answer_remarks(
        actor=deliverable.preparer, round=round, turn=round.turn, answers=explained(deliverable)
    )


def recheck_all(deliverable, passed=True) -> None:
    round = live(deliverable)
    for remark in deliverable.remarks.filter(state=RemarkState.ANSWERED, level=round.level):
        services.recheck_remark(
            actor=holder(round), remark=remark, turn=round.turn, passed=passed, text="" if passed else "仍不符"
        )


def send_back(deliverable, reason="依据不足，请补充") -> Round:
    round = live(deliverable)
    return services.send_back(actor=holder(round), round=round, turn=round.turn, reason=reason)


def start_version(deliverable, note="") -> Round:
    round = live(deliverable)
    return services.start_version(actor=deliverable.preparer, round=round, turn=round.turn, note=note)


def hits_losing(points: Decimal) -> dict[int, Decimal]:
    """Hits on the first criteria that cost exactly `points` by the standard in force."""
    standard = Standard.objects.current(Purpose.DELIVERABLE)
    hits, left = {}, points
    items = Deduction.objects.filter(criterion__standard=standard, is_veto=False).order_by("-points", "pk")
    room = {criterion.pk: criterion.maximum for criterion in standard.criteria.all()}
    for item in items:
        available = min(left, room[item.criterion_id], item.cap if item.cap is not None else left)
        count = available // item.points
        if count > 0:
            hits[item.pk] = count
            left -= count * item.points
            room[item.criterion_id] -= count * item.points
    assert left == 0, f"{points} cannot be lost by this standard"
    return hits
