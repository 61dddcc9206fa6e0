"""What goes wrong in the demonstration: complaints, a special audit that is escalated, a serious accident, and who answers
for a mistake that the client found."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from dashboards.demo.clock import Story
from dashboards.demo.faults import CORRUPT
from dashboards.demo.inspecting import EXECUTIVE, OFFICE, SPECIALIST, confirmed, discuss, finish, issue, receive, score
from dashboards.demo.world import World
from feedback import services as feedback
from feedback.choices import ComplaintChannel, ComplaintKind, Verdict
from feedback.models import Complaint
from feedback.services import Content, SenderFacts
from inspections.choices import AccidentSource, ConsequenceKind, Decision, Kind, Origin, Outcome
from inspections.models import Consequence, LiabilitySheet
from inspections.services import accidents, consequences, liability, liability_sheets, opening
from inspections.services.liability import Proposed
from projects.models import Deliverable
from reviews.choices import RemarkCategory
from reviews.models import Signature
from staff.models import User


def _complaint(of: Complaint) -> dict:
    of = Complaint.objects.get(pk=of.pk)
    return {"complaint": of, "turn": of.turn}


def complaint_becomes_audit(world: World) -> Story:
    """A letter about a dinner with the contractor: accepted, audited, escalated, disposed of; the project still rectifies."""
    office, project = world.people[OFFICE], world.projects["仓储"]
    content = Content(
        ComplaintKind.COMPLAINT, "对账人员接受施工单位宴请",
        "物流园仓储工程对账期间，贵公司对账人员多次接受施工单位宴请，签证计取明显偏高，请核查。", project.name,
    )  # fmt: skip
    sender = SenderFacts("闻人清", "0574-8812 6607")
    complaint, _ = feedback.receive(content=content, sender=sender, actor=office, channel=ComplaintChannel.LETTER)
    yield 1
    feedback.accept(actor=office, **_complaint(complaint))
    feedback.place(actor=office, **_complaint(complaint), project=project)
    yield 1
    audit = opening.open_inspection(
        actor=office, kind=Kind.SPECIAL_AUDIT, project=project, complaint=Complaint.objects.get(pk=complaint.pk), lead=office,
        inspectors=[world.people[SPECIALIST], world.people["1011"]], planned_on=timezone.localdate() + timedelta(days=2),
        note="核查对账过程的廉洁自律情况，重新核对现场签证。",
    )  # fmt: skip
    yield 3
    score(world, audit, CORRUPT)
    finish(world, audit, "宴请属实，签证多计 15.2 万元，违反廉政规定，应按规定程序上报。", is_serious=True, touches_ethics=True,
           harms_reputation=True)  # fmt: skip
    yield 2
    discuss(world, audit, "对事实没有异议，接受处理，多计的签证已提请委托人扣回。")
    issue(world, audit)
    yield 1
    escalation = Consequence.objects.get(inspection=audit, kind=ConsequenceKind.ESCALATION)
    consequences.decide(
        actor=world.people[EXECUTIVE], consequence=escalation, decision=Decision.CONFIRMED,
        note="责成造价二所停止当事人参与对账，签证重新核对并书面告知委托人；问责按制度办理，结果报总经理办公会。",
    )  # fmt: skip
    receive(world, audit)
    feedback.investigate(
        actor=office, **_complaint(complaint), verdict=Verdict.CONFIRMED, cause="对账人员廉洁意识淡薄，项目部未执行双人对账。",
        finding="经专项稽查，宴请两次属实，签证多计 15.2 万元。",
    )  # fmt: skip
    yield 2
    feedback.handle(
        actor=office, **_complaint(complaint), disposition="停止当事人参与对账，重新核对签证，启动质量问责。"
    )


def report_waits(world: World) -> Story:
    """An anonymous report through the public form, not accepted yet."""
    content = Content(
        ComplaintKind.REPORT,
        "控制价编制中材料询价不实",
        "某学校迁建项目控制价中石材、铝板没有真实询价，询价单系事后补做。",
        "云栖小学迁建工程",
    )
    feedback.receive(content=content, sender=None)
    yield 0


def accident(world: World) -> Story:
    """The court's expert finds another sum: a serious accident on file."""
    accidents.register_accident(
        actor=world.people[OFFICE], project=world.projects["枢纽"], title="司法鉴定与咨询结论差异较大",
        happened_on=timezone.localdate() - timedelta(days=4), source=AccidentSource.COURT, amount_lost=Decimal("3260000.00"),
        description="换乘枢纽土建标段结算争议案，司法鉴定意见与本公司咨询结论相差 326 万元，主要为围护结构工程量重复计取。",
    )  # fmt: skip
    yield 0


def somebody_answers(world: World) -> Story:
    """The client's letter about an issued bill of quantities: who signed it over is heard; one accepts, one appeals."""
    office, executive = world.people[OFFICE], world.people[EXECUTIVE]
    deliverable = Deliverable.objects.get(title="教学楼土建工程量清单")
    case = liability.open_case(
        actor=office, deliverable=deliverable, origin=Origin.CLIENT, document="云栖区教育局 云教函〔2026〕41 号",
        category=RemarkCategory.QUANTITY, amount=Decimal("126800.00"), found_on=timezone.localdate() - timedelta(days=2),
        problem="招标后核对发现教学楼二层框架柱工程量少计 86.4 m³，投标人提出异议，造成补充招标公告。",
    )  # fmt: skip
    yield 1
    blamed = [step for step in case.walk if step.get("share") in ("direct", "accepted")][:2]
    sheets = [
        Proposed(
            person=User.objects.get(pk=step["person"]), level_title=step["title"], share=step["share"], grounds=step["grounds"],
            clause=step["clause"], proposal="批评教育，扣减当月绩效；金额按公司奖惩标准执行。",
            signature=Signature.objects.get(pk=step["signature"]),
        )
        for step in blamed
    ]  # fmt: skip
    rows = liability.propose_sheets(
        actor=office, case=case, turn=case.turn, sheets=sheets, confirmation=confirmed(office)
    )
    yield 2
    for row, accepts in zip(rows, (False, True), strict=False):
        row = LiabilitySheet.objects.select_related("person").get(pk=row.pk)
        text = "" if accepts else "复核意见中已提请核对框架柱配模图，委托人提供的结构图在签发后才变更。"
        liability_sheets.answer_sheet(
            actor=row.person, sheet=row, turn=row.turn, accepts=accepts, text=text, confirmation=confirmed(row.person)
        )
    yield 2
    last = LiabilitySheet.objects.get(pk=rows[-1].pk)
    liability_sheets.decide_sheet(
        actor=executive, sheet=last, turn=last.turn, outcome=Outcome.UPHELD, decision="维持处理意见，在单位内通报。",
        hearing="已查阅底稿和流程单，本人认可。", confirmation=confirmed(executive),
    )  # fmt: skip


def stories(world: World) -> list[tuple[int, Story]]:
    """Each trouble with the working day on which it begins."""
    told = [(22, complaint_becomes_audit(world)), (2, report_waits(world)), (9, accident(world))]
    return [*told, (12, somebody_answers(world))]
