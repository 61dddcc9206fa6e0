"""Materials of the clients, the clocks that they start, and what happened to each clock; a sweep each working day."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from dashboards.demo.clock import Story
from dashboards.demo.world import World
from deadlines import services as clocks
from deadlines.choices import RequestKind
from deadlines.models import Deadline
from projects import services
from projects.choices import HandoverKind as Kind
from projects.choices import MaterialCategory as Of

SWEPT_SINCE = 66  # working days ago


@dataclass(frozen=True)
class Papers:
    """A set of materials: complete on the working day `days_ago`, after which `then` tells the rest."""

    key: str
    days_ago: int
    kind: Kind
    title: str
    items: tuple[tuple[Of, str, int], ...]
    discipline: str = ""
    then: Callable[..., Story] | None = None


# ── What happens to a clock ─────────────────────────────────────────────────
def _clock(handover, code: str) -> Deadline:
    return Deadline.objects.open().of(handover).select_related("rule", "responsible").get(rule__code=code)


def plan_and_draft(world: World, handover, key: str) -> Story:
    """The schedule within two days, the draft in time."""
    manager = world.manager_of(key)
    yield 0
    plan = _clock(handover, "settlement_plan")
    clocks.fulfil(actor=manager, deadline=plan, note="结算初稿完成计划已报委托人并经签收")
    yield 18
    draft = _clock(handover, "settlement_draft_main")
    clocks.fulfil(actor=manager, deadline=draft, note="结算初稿已提交委托人，收件回执存档")


def plan_then_ask(world: World, handover, key: str) -> Story:
    """The schedule in time; the draft needs ten days more, which waits for a decision."""
    manager = world.manager_of(key)
    yield 1
    plan = _clock(handover, "settlement_plan")
    clocks.fulfil(actor=manager, deadline=plan, note="结算初稿完成计划已提交")
    yield 15
    clocks.ask(
        actor=manager, deadline=_clock(handover, "settlement_draft_main"), kind=RequestKind.EXTENSION, amount=10,
        reason="4#厂房钢结构深化图纸尚在确认，工程量无法最终核定", basis="委托人 2026 工联字第 31 号工作联系单",
    )  # fmt: skip


def suspended(world: World, handover, key: str) -> Story:
    """The client owes papers: the clock stands still since it was asked for."""
    manager, director = world.manager_of(key), world.director_of("ZJ2")
    yield 8
    asked = clocks.ask(
        actor=manager, deadline=_clock(handover, "settlement_review_main"), kind=RequestKind.SUSPENSION,
        reason="设备采购合同单价未随送审资料提供，审核无法继续", basis="致委托人的催交函（江海函〔2026〕17 号）",
    )  # fmt: skip
    yield 1
    clocks.decide(actor=director, request=asked, approve=True, note="情况属实，同意中止，资料补齐后即恢复。")


def extended_and_late(world: World, handover, key: str) -> Story:
    """Five days were granted, and they were not enough."""
    yield 4
    clock = _clock(handover, "bill_of_quantities")
    asked = clocks.ask(
        actor=world.manager_of(key), deadline=clock, kind=RequestKind.EXTENSION, amount=5,
        reason="一标段管线迁改图纸晚到三天，交叉口工程量须重算", basis="委托人图纸补发签收单",
    )  # fmt: skip
    yield 1
    clocks.decide(actor=world.director_of("ZJ2"), request=asked, approve=True, note="同意延长 5 天，不再延期。")


def shortened(world: World, handover, key: str) -> Story:
    """The client wants the analysis a day sooner, which is the client's right."""
    yield 1
    clocks.shorten(
        actor=world.manager_of(key), deadline=_clock(handover, "bid_analysis"), amount=1,
        reason="询标会提前一天召开，分析报告须相应提前提交", basis="委托人询标会议通知",
    )  # fmt: skip


SETTLEMENT = (
    (Of.DRAWINGS, "竣工图", 2),
    (Of.DESIGN_CHANGES, "设计变更单", 1),
    (Of.SITE_VISAS, "现场签证单", 1),
    (Of.CONTRACT, "施工合同及补充协议", 1),
)
BOOKS = ((Of.SETTLEMENT_DOCUMENTS, "结算书", 2), (Of.OTHER, "计价软件数据光盘", 1))
DRAWINGS = ((Of.DRAWINGS, "施工图", 2),)
BIDS = ((Of.BIDS, "投标书（三家）", 3), (Of.OTHER, "招标文件及答疑", 1))

PAPERS = [
    Papers("滨江", 36, Kind.MATERIALS, "竣工结算资料", SETTLEMENT, then=plan_and_draft),
    Papers("滨江", 30, Kind.SETTLEMENT_DOCUMENTS, "总承包竣工结算书", BOOKS),
    Papers("中学", 60, Kind.DRAWINGS, "教学楼", DRAWINGS, "TJ"),
    Papers("数据", 20, Kind.SETTLEMENT_DOCUMENTS, "一期工程竣工结算书", BOOKS, then=suspended),
    Papers("标函", 27, Kind.BIDS, "第一轮投标书", BIDS),
    Papers("标函", 3, Kind.BIDS, "第二轮投标书", BIDS, then=shortened),
    Papers("厂房", 18, Kind.MATERIALS, "厂房结算资料", SETTLEMENT, then=plan_then_ask),
    Papers("道路", 14, Kind.DRAWINGS, "一标段道路工程", DRAWINGS, "SZ", then=extended_and_late),
    Papers("道路", 4, Kind.DRAWINGS, "二标段管网工程", DRAWINGS, "SZ"),
    Papers("绿地", 14, Kind.SETTLEMENT_DOCUMENTS, "景观工程竣工结算书", BOOKS),
    Papers("轨交", 40, Kind.OTHER, "勘察报告与概算批复", ((Of.OTHER, "岩土工程勘察报告", 1), (Of.OTHER, "初步设计概算批复", 1))),
]  # fmt: skip
URGENT = [
    ("轨交", 12, "软基处理现场计量提前开展，要求增派两名造价工程师驻场", 0, "林晚、周砚两人已到岗，驻场两周"),
    ("道路", 2, "市政交叉口方案临时调整，要求派人到指挥部现场测算", None, ""),
]


def receive(papers: Papers, world: World) -> Story:
    """The list is written when the papers arrive, and complete on the same day."""
    project, manager = world.projects[papers.key], world.manager_of(papers.key)
    handover = services.create_handover(
        actor=manager, project=project, kind=papers.kind, title=papers.title, handed_over_by=project.client.contact,
        discipline=world.disciplines[papers.discipline] if papers.discipline else None,
    )  # fmt: skip
    today = timezone.localdate(world.clock.moment)
    for category, name, copies in papers.items:
        services.add_item(
            actor=manager, handover=handover, category=category, name=name, copies=copies, received_on=today
        )
    services.complete_handover(actor=manager, handover=handover, completed_on=today)
    if papers.then:
        yield from papers.then(world, handover, papers.key)
    yield 0


def call_for_help(key: str, need: str, after: int | None, note: str, world: World) -> Story:
    """The client wants people on the spot; they came, or are still awaited."""
    project, manager = world.projects[key], world.manager_of(key)
    moment = world.clock.moment
    urgent = services.register_urgent(
        actor=manager, project=project, need=need, asked_by=project.client.contact, asked_at=moment
    )
    if after is not None:
        yield after
        services.close_urgent(actor=manager, urgent=urgent, arrived_at=world.clock.moment, arrival_note=note)
    yield 0


def finish_and_return(world: World) -> Story:
    """The service has ended: everything goes back to the client within seven days."""
    project, manager = world.projects["中学"], world.manager_of("中学")
    services.update_project(actor=manager, project=project, actual_finish_on=timezone.localdate(world.clock.moment))
    yield 3
    today = timezone.localdate(world.clock.moment)
    for handover in project.handovers.all():
        services.return_items(
            actor=manager, handover=handover, items=handover.items.values_list("pk", flat=True), returned_on=today,
            returned_to=project.client.contact,
        )  # fmt: skip
    yield 0


def sweep_daily() -> Story:
    """The clockwork, once each working day."""
    for _ in range(SWEPT_SINCE):
        clocks.sweep()
        yield 1


def stories(world: World) -> list[tuple[int, Story]]:
    """Every set of materials and every call for help, with the working day on which it begins; and the sweeps."""
    told = [(papers.days_ago, receive(papers, world)) for papers in PAPERS]
    told += [(days_ago, call_for_help(key, need, after, note, world)) for key, days_ago, need, after, note in URGENT]
    return [*told, (29, finish_and_return(world)), (SWEPT_SINCE, sweep_daily())]
