"""What the tests of inspections share: an inspection under way, a second inspector, photos."""

from decimal import Decimal
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from deadlines import services as deadline_services
from deadlines.models import DeadlineRule
from inspections.choices import EvidenceOf, Kind, Side
from inspections.models import Finding, Hit, Inspection
from inspections.queries import rectifying as rectifying_queries
from inspections.services import concluding, opening, rectifying
from inspections.services.evidence import keep
from scoring.models import Deduction
from staff.choices import Role
from staff.models import Post, User
from tests.conftest import LONG_AGO
from tests.reviews.flow import confirmed


def inspector(cast, name: str = "检查员乙", *, role: Role = Role.QUALITY_OFFICE) -> User:
    """One more person who may inspect, by a post for the whole firm."""
    number = f"K{User.objects.count():03}"
    user = User.objects.create(employee_number=number, name=name, unit=cast.hq, password=cast.quality_office.password)
    Post.objects.create(user=user, role=role, unit=None, starts_on=LONG_AGO)
    return user


def inspection(cast, project=None, *inspectors: User, unit=None, **more) -> Inspection:
    """In 检查评分, by the standard in force; the first inspector leads (质量办, if none is named). Without a project the
    unit itself is inspected. 不定期检查 unless told otherwise: it needs no plan."""
    lead, *others = inspectors or [cast.quality_office]
    told = {"kind": Kind.IRREGULAR, "planned_on": timezone.localdate()} | more
    return opening.open_inspection(
        actor=cast.quality_office, project=project, unit=unit, lead=lead, inspectors=others, **told
    )


def criteria(of: Inspection) -> list:
    return list(of.standard.criteria.prefetch_related("deductions"))


def deduction(of: Inspection, *, is_veto: bool = False, criterion=None) -> Deduction:
    """The first deduction of its standard, with a veto or without."""
    rows = Deduction.objects.filter(criterion__standard=of.standard, is_veto=is_veto)
    if criterion:
        rows = rows.filter(criterion=criterion)
    return rows.order_by("criterion__order", "order").first()


def finding(of: Inspection, **fields) -> Finding:
    """A problem as the database keeps it, without going through the service."""
    fields = {"problem": "复核签署缺失", "raised_by": of.opened_by, "amount": Decimal("1200.50")} | fields
    return Finding.objects.create(inspection=of, number=of.findings.count() + 1, **fields)


def photo(name: str = "现场.png", shade: int = 200) -> SimpleUploadedFile:
    """A small photo; another `shade` is another file."""
    buffer = BytesIO()
    Image.new("RGB", (40, 30), (shade, 120, 90)).save(buffer, "PNG")
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="image/png")


# ── Step by step, through the real services ─────────────────────────────────
def now(of: Inspection) -> Inspection:
    """As it is in the database."""
    return Inspection.objects.get(pk=of.pk)


def answerer(cast, of: Inspection) -> User:
    """Who answers for what is inspected: the project manager, or the unit's technical director (造价一所)."""
    return cast.verifier if of.project_id else cast.approver


def hit(of: Inspection, item: Deduction, count="1", **told) -> Finding:
    """A deduction as often as told, with the problem and the proof that it takes."""
    Hit.objects.create(section=of.sections.get(criterion=item.criterion), deduction=item, count=Decimal(count))
    found = finding(of, deduction=item, **{"requirement": "补齐后回复"} | told)
    keep(actor=of.opened_by, of=EvidenceOf.FINDING, upload=photo(shade=found.number), finding=found)
    return found


def finish(of: Inspection, *, conclusion="总体符合要求，签署留痕须改进。", **flags) -> Inspection:
    """评分定稿 by the lead, every criterion being done."""
    lead = of.inspectors.get(is_lead=True).user
    of.sections.update(is_done=True)
    return concluding.finish_scoring(actor=lead, inspection=of, turn=of.turn, conclusion=conclusion, flags=flags,
                                     confirmation=confirmed(lead))  # fmt: skip


def discuss(cast, of: Inspection, *, agrees=True) -> Inspection:
    """Both sides speak about the score as it is."""
    lead, side = of.inspectors.get(is_lead=True).user, answerer(cast, of)
    concluding.talk(actor=lead, inspection=of, turn=of.turn, side=Side.OFFICE, text="已逐条说明扣分依据。")
    concluding.talk(
        actor=side, inspection=of, turn=of.turn + 1, side=Side.PROJECT, text="情况属实，按要求整改。", agrees=agrees
    )
    return now(of)


def issue(cast, of: Inspection) -> Inspection:
    """出具书面意见 by 质量办."""
    office = cast.quality_office
    concluding.issue_opinion(actor=office, inspection=of, turn=of.turn, confirmation=confirmed(office))
    return now(of)


def discussing(
    cast, project=None, *, unit=None, findings: int = 2, veto: bool = False, flags=None, **more
) -> Inspection:
    """In 沟通确认, with so many problems to rectify; a `veto` caps the score at 59 (不合格)."""
    of = inspection(cast, project, unit=unit, **more)
    items = [item for part in criteria(of) for item in part.deductions.all() if not item.is_veto]
    for item in items[:findings]:
        hit(of, item)
    if veto:
        hit(of, deduction(of, is_veto=True), problem="三级签署不全即出具成果")
    return finish(of, **(flags or {}))


def concluded(cast, project=None, **more) -> Inspection:
    """Its opinion is out: 待确认收到."""
    return issue(cast, discuss(cast, discussing(cast, project, **more)))


def rectifying_one(cast, project=None, **more) -> Inspection:
    """Received by the inspected side: 整改中, the ten days run."""
    of = concluded(cast, project, **more)
    return rectifying.receive(actor=answerer(cast, of), inspection=of, turn=of.turn)


def fill(cast, of: Inspection, *, shade: int = 100) -> None:
    """整改意见, 整改情况 and a proof for every problem that is not settled."""
    for row in of.findings.unsettled():
        draft = rectifying_queries.draft_of(row)
        rectifying.save_rectification(
            actor=answerer(cast, of), finding=row, turn=draft.turn if draft else 0, plan=f"补签问题 {row.number}",
            result=f"问题 {row.number} 已补齐", files=[photo("整改.png", shade=shade + row.number)],
        )  # fmt: skip


def reply(cast, of: Inspection, *, shade: int = 100) -> Inspection:
    """All is filled in and submitted: 待复查."""
    fill(cast, of, shade=shade)
    side = answerer(cast, of)
    return rectifying.submit_reply(actor=side, inspection=of, turn=of.turn, confirmation=confirmed(side))


def recheck(cast, of: Inspection, *, failed=()) -> Inspection:
    """Re-checked by 质量办; `failed` are the numbers of the problems that did not pass."""
    office = cast.quality_office
    rows = rectifying_queries.awaiting_recheck(of)
    results = {
        row.finding_id: (False, "签署日期仍不一致") if row.finding.number in failed else (True, "") for row in rows
    }
    return rectifying.recheck(
        actor=office, inspection=of, turn=of.turn, results=results, confirmation=confirmed(office)
    )


def switch_off_reply_clock(cast) -> None:
    """The rule of the ten days is not in force any more."""
    rule = DeadlineRule.objects.newest().get(code="rectification_reply")
    deadline_services.change_rule(
        actor=cast.quality_office, rule=rule, changes={"is_active": False}, reason="停用", move_running=False,
        seen=deadline_services.digest_of([]),
    )  # fmt: skip
