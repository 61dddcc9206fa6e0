"""Two years of inspections over all units: the projects of former years, plans and draws, inspections and what came of them.

Which project is drawn is decided by the evidence chain, so a plan brings ways to go and the draw hands them out in its order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from dashboards.demo.clock import Story
from dashboards.demo.faults import EXCELLENT, FAIR, GOOD, OF_GOOD_UNIT, OF_UNIT, POOR, VETOED, Outcome
from dashboards.demo.inspecting import OFFICE, SPECIALIST, discuss, finish, issue, receive, recheck, rectify, score
from dashboards.demo.projects import ENGINEER, LEAD
from dashboards.demo.world import World
from inspections.choices import Kind, PlanState
from inspections.models import Consequence, Inspection
from inspections.services import create_plan, draw_sample, move_plan, opening
from projects import services as projects
from projects.choices import BusinessLine


# ── Projects that were there before ─────────────────────────────────────────
@dataclass(frozen=True)
class Former:
    """A project of former years, still going on. Money in 元."""

    key: str
    unit: str
    client: str
    name: str
    line: BusinessLine
    manager: str
    lead: str
    engineer: str
    discipline: str
    amount: str


FORMER = [
    Former("河道", "ZJ1", "滨江", "江滨防洪堤整治工程结算审核", BusinessLine.SETTLEMENT_REVIEW, "2009", "2003", "2004", "TJ", "96000000.00"),
    Former("校舍", "ZJ1", "教育", "云栖小学迁建工程招标控制价", BusinessLine.TENDER_CONTROL_PRICE, "2002", "2003", "2007", "TJ", "128000000.00"),
    Former("机电", "ZJ1", "医院", "市一院住院楼机电改造预算", BusinessLine.BUDGET, "2009", "2005", "2006", "AZ", "54000000.00"),
    Former("高架", "ZJ2", "市政", "城北高架二标工程量清单编制", BusinessLine.BILL_OF_QUANTITIES, "3003", "3005", "3007", "SZ", "462000000.00"),
    Former("仓储", "ZJ2", "建工", "甬东物流园仓储工程结算编制", BusinessLine.SETTLEMENT, "3002", "3010", "3006", "TJ", "186000000.00"),
    Former("泵站", "ZJ2", "市政", "祥符雨水泵站改造标函分析", BusinessLine.BID_ANALYSIS, "3003", "3005", "3008", "SZ", "38000000.00"),
    Former("枢纽", "QGC", "轨交", "城东换乘枢纽全过程造价咨询", BusinessLine.WHOLE_PROCESS, "4002", "4004", "4008", "TJ", "1560000000.00"),
    Former("公园", "QGC", "文旅", "半山郊野公园景观结算审核", BusinessLine.SETTLEMENT_REVIEW, "4003", "4005", "4009", "YL", "72000000.00"),
    Former("书院", "QGC", "文旅", "湖墅书院保护修缮可行性研究", BusinessLine.ENGINEERING_CONSULTING, "4003", "4004", "4007", "TJ", "66000000.00"),
]  # fmt: skip


def open_former(facts: Former, world: World) -> Story:
    director = world.director_of(facts.unit)
    project = projects.create_project(
        actor=director, unit=director.unit, project_manager=world.people[facts.manager],
        client=world.clients[facts.client], name=facts.name, business_line=facts.line,
        contract_number=f"{facts.unit}-{timezone.localdate().year}-{facts.discipline}-{len(world.projects) + 1:03}",
        contract_amount=Decimal(facts.amount), submitted_amount=Decimal(facts.amount), goal="按合同约定的深度和时限交付成果。",
        scope=f"{facts.name}。",
    )  # fmt: skip
    world.projects[facts.key], world.managers[facts.key] = project, world.people[facts.manager]
    for number, role in ((facts.lead, LEAD), (facts.engineer, ENGINEER)):
        projects.assign(actor=world.people[facts.manager], project=project, user=world.people[number], role=role,
                        discipline=world.disciplines[facts.discipline])  # fmt: skip
    yield 0


# ── Ways that an inspection goes ────────────────────────────────────────────
@dataclass(frozen=True)
class Way:
    """How an inspection goes on: what it finds, and how far it has come."""

    outcome: Outcome
    conclusion: str
    until: str = "closed"
    flags: Sequence[str] = field(default=())
    sent_back: bool = False
    done: int = 99
    lag: int = 3  # working days between the steps


def walk(world: World, inspection: Inspection, way: Way) -> Story:
    """From the score sheet to the step at which it waits (`until`)."""
    yield 1
    score(world, inspection, way.outcome, way.done)
    if way.until == "scoring":
        return
    finish(world, inspection, way.conclusion, **dict.fromkeys(way.flags, True))
    yield way.lag
    if way.until == "discussing":
        return
    discuss(world, inspection)
    yield 1
    issue(world, inspection)
    yield 1
    if way.until == "issued":
        return
    receive(world, inspection)
    yield way.lag
    if way.until == "rectifying":
        return
    rectify(world, inspection)
    yield 1
    if way.until == "rechecking":
        return
    if way.sent_back:
        recheck(world, inspection, failed=1)
        yield 1
        if way.until == "sent_back":
            return
        rectify(world, inspection)
        yield 1
    recheck(world, inspection)


CLOSED_WELL = Way(EXCELLENT, "程序合规，资料完整，成果质量较好，编制说明尚需规范。")
CLOSED_GOOD = Way(GOOD, "三级复核执行到位，个别计算过程不清，流程单意见过于简单。")
CLOSED_FAIR = Way(FAIR, "成果总体可用，但底稿留存、校审意见闭合和时限执行存在问题，应当限期整改。", sent_back=True)
CLOSED_POOR = Way(POOR, "复核流于形式，应说明而未说明，漏项和工程量误差较大，质量控制失效。", flags=("is_serious",))
CLOSED_VETOED = Way(VETOED, "流程单缺签名即报送成果，按一票否决处理，质量控制严重失效。", flags=("is_serious",))
TO_SCORE = Way(FAIR, "", until="scoring", done=3)
TO_DISCUSS = Way(GOOD, "程序基本合规，计算过程和流程单意见需补充。", until="discussing")
TO_RECEIVE = Way(FAIR, "底稿与成果不一致，校审意见未闭合，应当限期整改。", until="issued")
TO_RECTIFY = Way(GOOD, "个别计算过程不清，流程单意见过于简单。", until="rectifying")
TO_RECHECK = Way(FAIR, "底稿留存和时限执行存在问题。", until="rechecking")
SENT_BACK = Way(
    POOR, "复核流于形式，应说明而未说明，漏项较多。", until="sent_back", sent_back=True, flags=("is_serious",)
)


@dataclass(frozen=True)
class Programme:
    """A plan with its draw, and the ways that the drawn projects go, in the order of the draw."""

    title: str
    kind: Kind
    quarter: int | None
    size: int
    ways: Sequence[Way]
    percent: int = 40
    is_weighted: bool = False
    ends: bool = True


def _expert(world: World, project, place: int):
    """An expert who has nothing to do with the project, another one each time."""
    experts = [world.people[number] for number in ("1009", "1010", "1011")]
    free = [each for each in experts if not project.assignments.filter(user=each).exists()]
    return free[place % len(free)]


def programme(facts: Programme, world: World) -> Story:
    office, specialist = world.people[OFFICE], world.people[SPECIALIST]
    year = timezone.localdate().year
    units = {project.unit for project in world.projects.values()}
    plan = create_plan(
        actor=office, year=year, quarter=facts.quarter, kind=facts.kind, title=facts.title.format(year=year),
        note="检查项目档案资料的真实性、合规性、完整性，并抽查咨询过程的规范性。",
        targets=[{"unit": unit, "business_line": "", "percent": facts.percent} for unit in sorted(units, key=lambda u: u.code)],
    )  # fmt: skip
    plan = move_plan(actor=office, plan=plan, state=PlanState.IN_FORCE)
    yield 2
    drawn = draw_sample(actor=office, plan=plan, size=facts.size, is_weighted=facts.is_weighted)
    by_number = {project.number: project for project in world.projects.values()}
    yield 1
    walks = []
    for place, row in enumerate(drawn.drawn):
        project = by_number[row["number"]]
        due = Consequence.objects.due_in(year).filter(inspection__project=project).first()
        inspection = opening.open_inspection(
            actor=office, kind=facts.kind, project=project, plan=plan, draw=drawn, announce=facts.kind == Kind.REGULAR,
            lead=specialist if place % 3 else office, inspectors=[_expert(world, project, place)],
            planned_on=timezone.localdate() + timedelta(days=2 + place), reinspection_of=due.inspection if due else None,
        )  # fmt: skip
        way = (
            CLOSED_GOOD
            if due and facts.ways[place % len(facts.ways)].until == "closed"
            else facts.ways[place % len(facts.ways)]
        )
        walks.append(walk(world, inspection, way))
    yield from _in_turn(walks)
    if facts.ends:
        move_plan(actor=office, plan=plan, state=PlanState.ENDED)


def _in_turn(walks: list[Story]) -> Story:
    """The inspections of a plan go on side by side, each a step in turn."""
    while walks:
        days = 0
        for each in list(walks):
            try:
                days = max(days, next(each))
            except StopIteration:
                walks.remove(each)
        if walks:
            yield days


def whole_unit(code: str, way: Way, world: World) -> Story:
    """The unit itself is inspected, by the standard for units."""
    office = world.people[OFFICE]
    inspection = opening.open_inspection(
        actor=office, kind=Kind.IRREGULAR, unit=world.director_of(code).unit, lead=office,
        inspectors=[world.people[SPECIALIST]], planned_on=timezone.localdate() + timedelta(days=3),
        note="检查单位质量管理制度的执行、培训、三级复核和整改情况。",
    )  # fmt: skip
    yield from walk(world, inspection, way)


UNIT_GOOD = Way(OF_GOOD_UNIT, "制度健全，三级复核执行较好，培训计划尚未完成。")
UNIT_FAIR = Way(OF_UNIT, "审签意见空泛，同类问题重复出现，应当加强讲评和培训。", until="rectifying")

LAST_YEAR = (
    Programme("{year} 年上半年定期检查", Kind.REGULAR, 2, 6,
              (CLOSED_WELL, CLOSED_FAIR, CLOSED_GOOD, CLOSED_POOR, CLOSED_GOOD, CLOSED_FAIR), 60),
    Programme("{year} 年第四季度咨询过程抽查", Kind.SPOT_CHECK, 4, 4, (CLOSED_GOOD, CLOSED_VETOED, CLOSED_WELL, CLOSED_FAIR)),
)  # fmt: skip
THIS_YEAR = (
    Programme("{year} 年第二季度咨询过程抽查", Kind.SPOT_CHECK, 2, 5,
              (CLOSED_WELL, CLOSED_GOOD, CLOSED_FAIR, CLOSED_GOOD, CLOSED_FAIR)),
    Programme("{year} 年下半年定期检查", Kind.REGULAR, 4, 8,
              (CLOSED_GOOD, TO_SCORE, TO_DISCUSS, TO_RECEIVE, TO_RECTIFY, TO_RECHECK, SENT_BACK, CLOSED_VETOED),
              is_weighted=True, ends=False),
)  # fmt: skip


def stories(world: World) -> list[tuple[int, Story]]:
    """Former projects, the plans of two years, the units; each with the working day on which it begins."""
    ago = world.clock.days_ago
    former, spring, autumn = (date(world.clock.today.year - 1, *day) for day in ((3, 3), (5, 12), (10, 13)))
    told = [(ago(former), open_former(facts, world)) for facts in FORMER]
    told += [(ago(day), programme(plan, world)) for day, plan in zip((spring, autumn), LAST_YEAR, strict=True)]
    told += [(days, programme(plan, world)) for days, plan in zip((118, 17), THIS_YEAR, strict=True)]
    told += [(ago(autumn) - 30, whole_unit("ZJ1", UNIT_GOOD, world)), (60, whole_unit("ZJ2", UNIT_GOOD, world))]
    return [*told, (15, whole_unit("QGC", UNIT_FAIR, world))]
