"""The steps of an inspection, each with everything that the form would send."""

from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dashboards.demo.faults import Fault, Outcome
from dashboards.demo.pictures import photo
from dashboards.demo.world import World
from inspections.choices import ConsequenceKind, Decision, Side
from inspections.models import Consequence, Finding, Inspection, Section
from inspections.services import concluding, consequences, findings, rectifying, score_sheets
from inspections.telling import inspected_side
from reviews.choices import Severity
from scoring.models import Deduction
from staff.confirmation import Confirmation

OFFICE, SPECIALIST, EXECUTIVE = "1004", "1005", "1001"


def confirmed(person) -> Confirmation:
    return Confirmation(user_id=person.pk, at=timezone.now())


def _fresh(inspection: Inspection) -> Inspection:
    return Inspection.objects.select_related("project__unit", "unit", "standard").get(pk=inspection.pk)


def _turn(inspection: Inspection) -> dict:
    inspection = _fresh(inspection)
    return {"inspection": inspection, "turn": inspection.turn}


def _upload(caption: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{caption}.jpg", photo(caption), content_type="image/jpeg")


def answering(inspection: Inspection):
    """Who answers for what is inspected: the project manager, of a unit its technical director."""
    return inspected_side(inspection)[0]


# ── Steps ───────────────────────────────────────────────────────────────────
def score(world: World, inspection: Inspection, outcome: Outcome, done: int = 99) -> None:
    """Fill in the first `done` criteria, each by one of the inspectors, with findings and photos."""
    team = [row.user for row in inspection.inspectors.select_related("user")]
    faults = {fault.deduction: fault for fault in outcome}
    for place, section in enumerate(Section.objects.filter(inspection=inspection).select_related("criterion")[:done]):
        inspector = team[place % len(team)]
        items = list(Deduction.objects.filter(criterion=section.criterion))
        hits = {item.pk: Decimal(faults[item.text].hits) for item in items if item.text in faults}
        score_sheets.save_section(
            actor=inspector, inspection=_fresh(inspection), criterion=section.criterion, turn=section.turn, hits=hits,
            note="已核对成果文件、底稿和流程单。" if hits else "", is_done=True,
        )  # fmt: skip
        for item in items:
            if item.text in faults:
                _find(inspection, inspector, item, faults[item.text])


def _find(inspection: Inspection, inspector, item: Deduction, fault: Fault) -> None:
    findings.add_finding(
        actor=inspector, inspection=_fresh(inspection), deduction=item, problem=fault.problem,
        requirement=fault.requirement, severity=fault.severity, amount=Decimal(fault.amount) if fault.amount else None,
        evidence=[_upload("现场记录")] if fault.severity != Severity.ORDINARY else [],
    )  # fmt: skip


def finish(world: World, inspection: Inspection, conclusion: str, **flags) -> None:
    lead = inspection.inspectors.get(is_lead=True).user
    concluding.finish_scoring(
        actor=lead, **_turn(inspection), conclusion=conclusion, flags=flags, confirmation=confirmed(lead)
    )


def discuss(
    world: World, inspection: Inspection, words: str = "对检查结果无异议，将逐条整改。", agrees: bool = True
) -> None:
    lead = inspection.inspectors.get(is_lead=True).user
    concluding.talk(actor=lead, **_turn(inspection), side=Side.OFFICE, text="已就得分、扣分依据和整改要求逐条说明。")
    concluding.talk(actor=answering(inspection), **_turn(inspection), side=Side.PROJECT, text=words, agrees=agrees)


def issue(world: World, inspection: Inspection) -> None:
    office = world.people[OFFICE]
    concluding.issue_opinion(actor=office, **_turn(inspection), confirmation=confirmed(office))
    for row in Consequence.objects.undecided().filter(inspection=inspection, kind=ConsequenceKind.REINSPECTION):
        consequences.decide(actor=office, consequence=row, decision=Decision.CONFIRMED)


def receive(world: World, inspection: Inspection) -> None:
    rectifying.receive(actor=answering(inspection), **_turn(inspection))


def rectify(world: World, inspection: Inspection) -> None:
    """Every open finding answered with a proof, and the reply handed in."""
    actor = answering(inspection)
    for finding in Finding.objects.filter(inspection=inspection).unsettled().select_related("inspection"):
        row = finding.rectifications.filter(submitted_at__isnull=True).first()
        rectifying.save_rectification(
            actor=actor, finding=finding, turn=row.turn if row else 0,
            plan=f"接受检查意见，由专业负责人牵头，按要求{finding.requirement}",
            result="已按整改意见完成，相关资料已补入项目档案，并在项目组内组织学习。", files=[_upload(f"问题{finding.number}整改资料")],
        )  # fmt: skip
    rectifying.submit_reply(actor=actor, **_turn(inspection), confirmation=confirmed(actor))


def recheck(world: World, inspection: Inspection, failed: int = 0) -> None:
    """Re-check all answers; the first `failed` of them do not pass."""
    office = world.people[SPECIALIST]
    rows = Finding.objects.filter(inspection=inspection).unsettled()
    results = {
        row.pk: (place >= failed, "" if place >= failed else "整改资料未加盖项目章，差异原因没有说明，请补充。")
        for place, row in enumerate(rows)
    }
    rectifying.recheck(actor=office, **_turn(inspection), results=results, confirmation=confirmed(office))
