"""Small worlds for the managers' dashboard, as rows: what it reckons is asked here, not how it came about."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from django.utils import timezone

from deadlines.models import Deadline, DeadlineRule
from projects.models import Attachment, Deliverable, DeliverableVersion, Discipline
from reviews.choices import RemarkState, State
from reviews.models import Issue, Level, Remark, Round, Route, Signature
from scoring.choices import Purpose
from tests.inspections import records

_serial = count(1)
YEAR = timezone.localdate().year


def at(month: int, day: int, hour: int = 9, minute: int = 0, year: int = YEAR) -> datetime:
    return timezone.make_aware(datetime(year, month, day, hour, minute))  # noqa: DTZ001


def levels() -> list[Level]:
    """编制自校, 校核, 复核, 审核, 签发."""
    return list(Route.objects.get(code="three_levels").levels.order_by("order"))


def people(cast) -> list:
    return [cast.preparer, cast.checker, cast.verifier, cast.approver]


def signature(round: Round, level: Level, signer, signed_at, *, amount=None, score=None, **more) -> Signature:
    sheet = None if score is None else records.sheet(signer, score, purpose=Purpose.DELIVERABLE)
    return Signature.objects.create(
        round=round, level=level, signer=signer, meaning="同意", opinion="同意", manifest_sha256="0" * 64,
        amount=None if amount is None else Decimal(amount), declares_no_unresolved=True, declares_no_attention=True,
        score_sheet=sheet, signed_at=signed_at, digest=f"{next(_serial):064}", **more,
    )  # fmt: skip


def deliverable(cast, project, *, files: int = 1) -> Deliverable:
    serial = next(_serial)
    found = Deliverable.objects.create(
        project=project, number=f"CG-{serial:04}", title=f"成果 {serial:04}", kind="settlement_report",
        discipline=Discipline.objects.get(code="TJ"), preparer=cast.preparer, created_by=cast.preparer,
    )  # fmt: skip
    version = DeliverableVersion.objects.create(deliverable=found, number=1, created_by=cast.preparer)
    for number in range(files):
        Attachment.objects.create(version=version, file="x", name=f"{number}.xlsx", size=1, sha256="0" * 64)
    return found


def signed(cast, project, *, since=None, times=None, amounts=(), score=None, files: int = 1, skip=()) -> Round:
    """A round that the four signed, one after another: at `times`, else each ten working hours after the other."""
    of = deliverable(cast, project, files=files)
    since = since or at(3, 2)
    times = times or [since + timedelta(days=number) for number in range(4)]
    chain = levels()
    round = Round.objects.create(
        deliverable=of, number=1, route=chain[0].route, version=of.versions.get(), level=chain[-1], state=State.ISSUING
    )
    amounts = dict(zip((1, 2, 3), amounts, strict=False))
    for level, signer, when in zip(chain, people(cast), times, strict=False):
        if level.order not in skip:
            scored = score if level.is_scored else None
            signature(round, level, signer, when, amount=amounts.get(level.order), score=scored)
    return round


def issued(cast, project, *, issued_at=None, **more) -> Deliverable:
    """The same, issued."""
    round = signed(cast, project, **more)
    serial = next(_serial)
    Round.objects.filter(pk=round.pk).update(state=State.ISSUED)
    Issue.objects.create(
        round=round, number=f"QF-{serial}", series="QF", serial=serial, issued_by=cast.approver,
        issued_at=issued_at or at(3, 20), verification_code=f"{serial:024}", flow_sheet="x", flow_sheet_sha256="0" * 64,
        review_record="x", review_record_sha256="0" * 64,
    )  # fmt: skip
    return round.deliverable


def remark(of: Deliverable, order: int, raised_by, *, state=RemarkState.CLOSED) -> Remark:
    round = of.rounds.get()
    number = None if state == RemarkState.DRAFT else of.remarks.count() + 1
    return Remark.objects.create(
        deliverable=of, round=round, level=levels()[order], raised_by=raised_by, place="第 1 行", problem="不符",
        category="quantity", state=state, number=number,
    )  # fmt: skip


def clock(cast, project, code: str, *, due: datetime, state="running", stopped_at=None) -> Deadline:
    serial = next(_serial)
    return Deadline.objects.create(
        rule=DeadlineRule.objects.in_force().get(code=code), subject_type="x.y", subject_id=serial, subject_label="x", url="/",
        scope_type="projects.project", scope_id=project.pk, scope_label=project.name, responsible=cast.verifier,
        started_at=due - timedelta(days=5), due_on=timezone.localdate(due), due_at=due, state=state, stopped_at=stopped_at,
    )  # fmt: skip
