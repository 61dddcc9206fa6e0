"""Clients and the twelve projects: facts, teams, risks and the clients' questions."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from dashboards.demo.clock import Story
from projects import services
from projects.choices import (
    BusinessLine,
    Confidentiality,
    ContractKind,
    Degree,
    Importance,
    InquiryChannel,
    RiskStatus,
    Stage,
)
from staff.choices import Role

CLIENTS = {
    "滨江": ("滨江城市建设投资有限公司", "陆文博", "0571-8660 2218", "滨江区江南大道 588 号"),
    "医院": ("市第一人民医院", "孙慧敏", "0571-8702 5160", "上城区学士路 261 号"),
    "教育": ("云栖区教育局", "谢安平", "0571-8533 7702", "云栖区文教路 19 号"),
    "数据": ("江海数据产业集团有限公司", "黎曼", "0571-8919 6633", "钱塘区江东大道 3899 号"),
    "市政": ("城北市政工程建设指挥部", "温长河", "0571-8512 4471", "拱墅区石祥路 77 号"),
    "建工": ("浙东建工集团有限公司", "邵武", "0574-8730 9925", "鄞州区宁穿路 1699 号"),
    "轨交": ("轨道交通三号线建设有限公司", "祁连", "0571-8896 1003", "西湖区文一西路 1818 号"),
    "文旅": ("西溪文化旅游发展有限公司", "安若素", "0571-8845 3388", "西湖区天目山路 518 号"),
}
LEAD, ENGINEER = Role.DISCIPLINE_LEAD, Role.COST_ENGINEER


@dataclass(frozen=True)
class Risk:
    """`removed_after` counts working days until the owner has dealt with it; None: still open."""

    text: str
    measures: str
    owner: str
    probability: Degree = Degree.MEDIUM
    impact: Degree = Degree.MEDIUM
    removed_after: int | None = None
    resolution: str = ""
    days_ago: int | None = None  # registered later than the project was opened


@dataclass(frozen=True)
class Question:
    """A client's question; without `answer` it waits. `days_ago` in working days."""

    text: str
    days_ago: int
    answer: str = ""
    channel: InquiryChannel = InquiryChannel.PHONE


@dataclass(frozen=True)
class ProjectFacts:
    """Money in 元; `opened` in working days ago, the planned dates in days from today."""

    key: str
    unit: str
    client: str
    name: str
    line: BusinessLine
    manager: str
    team: tuple[tuple[str, Role, str], ...]
    opened: int
    starts: int
    finishes: int
    stage: Stage
    contract: str
    contract_amount: str
    fee: str
    submitted: str | None
    goal: str
    scope: str
    kind: ContractKind = ContractKind.MAIN
    importance: Importance = Importance.ORDINARY
    confidentiality: Confidentiality = Confidentiality.INTERNAL
    risks: tuple[Risk, ...] = field(default=())
    questions: tuple[Question, ...] = field(default=())


PROJECTS = [
    ProjectFacts(
        "滨江", "ZJ1", "滨江", "滨江花园二期住宅工程结算审核", BusinessLine.SETTLEMENT_REVIEW, "2002",
        (("2003", LEAD, "TJ"), ("2004", ENGINEER, "TJ"), ("2007", ENGINEER, "TJ"), ("2005", LEAD, "AZ"),
         ("2006", ENGINEER, "AZ"), ("2011", LEAD, "ZS"), ("2010", ENGINEER, "ZS"), ("2008", ENGINEER, "TJ")),
        40, -56, 16, Stage.REPORTING, "BJCT-2025-JS-016", "486000000.00", "1268000.00", "412680000.00",
        "在合同约定的 45 日内完成竣工结算审核，审核误差率不超过 3%。",
        "1#～6#楼、地下室、室外工程及精装修工程的竣工结算审核，含现场踏勘、对账和审核报告。",
        risks=(Risk("地下室基坑支护变更单缺设计签章", "与设计单位补办签章，未补齐前不计入审定金额", "2002",
                    Degree.HIGH, Degree.MEDIUM, 9, "设计单位已补签，原件存档"),),
        questions=(Question("地下室人防门是否已计入送审？", 28, "已计入，见安装分册第 86 行，对账时已说明。"),
                   Question("精装修样板间的拆改费用由哪一方承担，审核报告里如何表述？", 1, "",
                            InquiryChannel.WRITTEN)),
    ),
    ProjectFacts(
        "医院", "ZJ1", "医院", "市第一人民医院新院区门诊医技楼招标控制价", BusinessLine.TENDER_CONTROL_PRICE, "2002",
        (("2003", LEAD, "TJ"), ("2007", ENGINEER, "TJ"), ("2005", LEAD, "AZ"), ("2006", ENGINEER, "AZ")),
        22, -31, 9, Stage.REPORTING, "YY-2026-ZX-003", "920000000.00", "1860000.00", None,
        "控制价经专家评审后于招标公告发布前 7 日交付，各专业口径一致。",
        "门诊医技楼土建、安装、医用专项的招标控制价编制及说明。",
        importance=Importance.MAJOR,
        risks=(Risk("洁净手术部等专项尚无定额可套，按询价组价", "不少于三家书面询价，询价单附底稿", "2002", Degree.HIGH,
                    Degree.HIGH, 12, "已取得四家书面报价，取中间价并附说明"),),
    ),
    ProjectFacts(
        "中学", "ZJ1", "教育", "云栖中学扩建工程工程量清单编制", BusinessLine.BILL_OF_QUANTITIES, "2009",
        (("2003", LEAD, "TJ"), ("2004", ENGINEER, "TJ"), ("2008", ENGINEER, "TJ")),
        66, -92, -40, Stage.CLOSING, "YQJY-2026-QD-008", "68000000.00", "196000.00", None,
        "图纸收齐后 10 日内交付工程量清单及编制说明。", "教学楼及室外工程的工程量清单及编制说明。",
        confidentiality=Confidentiality.PUBLIC,
    ),
    ProjectFacts(
        "文创", "ZJ1", "文旅", "西溪文创园改造工程施工图预算", BusinessLine.BUDGET, "2009",
        (("2011", LEAD, "ZS"), ("2010", ENGINEER, "ZS"), ("2003", LEAD, "TJ"), ("2007", ENGINEER, "TJ")),
        20, -28, 6, Stage.ANALYSIS, "XXWL-2026-YS-011", "52000000.00", "168000.00", None,
        "预算成果满足限额设计要求，偏差不超过 3%。", "A～D 座改造的土建、装饰预算。",
        risks=(Risk("既有结构加固做法未定，设计两次变更", "按两种做法分别测算并在说明中列明", "2009"),),
    ),
    ProjectFacts(
        "数据", "ZJ2", "数据", "江海数据中心一期工程结算审核", BusinessLine.SETTLEMENT_REVIEW, "3002",
        (("3010", LEAD, "TJ"), ("3006", ENGINEER, "TJ"), ("3009", ENGINEER, "TJ"), ("3007", ENGINEER, "TJ")),
        24, -34, 24, Stage.DELIVERY, "JHSJ-2025-JS-002", "1260000000.00", "2680000.00", "986500000.00",
        "在约定的 45 日内完成审核，全过程保密，资料不出现场办公室。", "机房楼、动力楼、室外管网的竣工结算审核。",
        importance=Importance.MAJOR, confidentiality=Confidentiality.SECRET,
        risks=(Risk("设备采购合同单价未随送审资料提供", "向委托人书面索取，限期 5 日", "3002", Degree.HIGH, Degree.HIGH,
                    days_ago=4),),
    ),
    ProjectFacts(
        "标函", "ZJ2", "市政", "城北隧道土建工程标函分析", BusinessLine.BID_ANALYSIS, "3003",
        (("3005", LEAD, "SZ"), ("3006", ENGINEER, "SZ"), ("3007", ENGINEER, "SZ")),
        38, -53, 8, Stage.REPORTING, "CBSZ-2026-BH-005", "318000000.00", "126000.00", None,
        "收到投标文件后 4 日内完成三轮标函分析。", "三家投标人的商务标对比、不平衡报价识别和询标要点。",
    ),
    ProjectFacts(
        "厂房", "ZJ2", "建工", "浙东智造产业园厂房工程结算编制", BusinessLine.SETTLEMENT, "3003",
        (("3004", LEAD, "TJ"), ("3010", LEAD, "TJ"), ("3006", ENGINEER, "TJ"), ("3009", ENGINEER, "TJ"),
         ("3008", ENGINEER, "TJ")),
        20, -28, 3, Stage.REPORTING, "ZDJG-2026-JS-021", "236000000.00", "560000.00", None,
        "资料收齐后 30 日内编制完成竣工结算书。", "1#～4#厂房及连廊的竣工结算编制。",
    ),
    ProjectFacts(
        "道路", "ZJ2", "市政", "石祥路提升改造工程工程量清单编制", BusinessLine.BILL_OF_QUANTITIES, "3002",
        (("3005", LEAD, "SZ"), ("3008", ENGINEER, "SZ"), ("3007", ENGINEER, "SZ")),
        16, -22, 12, Stage.DELIVERY, "CBSZ-2026-QD-019", "148000000.00", "238000.00", None,
        "按标段分别编制，图纸收齐后 10 日内交付。", "K0+000～K3+540 道路、管网、照明的工程量清单。",
        kind=ContractKind.OTHER,
        questions=(Question("路灯是否单列标段？", 6, "按委托人会议纪要并入道路标段。"),),
    ),
    ProjectFacts(
        "轨交", "QGC", "轨交", "轨道交通三号线车辆段全过程造价咨询", BusinessLine.WHOLE_PROCESS, "4002",
        (("4004", LEAD, "TJ"), ("4008", ENGINEER, "TJ"), ("4007", ENGINEER, "TJ"), ("4005", LEAD, "YL"),
         ("4009", ENGINEER, "YL")),
        74, -102, 180, Stage.DELIVERY, "GJ3-2025-QGC-001", "2380000000.00", "8600000.00", "368000000.00",
        "投资控制在批复概算以内，月度造价报告按时交付。", "施工阶段全过程造价咨询：计量支付、变更、动态造价分析和结算。",
        importance=Importance.MAJOR,
        risks=(Risk("软基处理工程量与勘察报告偏差较大", "现场复测并由监理、设计共同确认", "4002", Degree.HIGH,
                    Degree.HIGH, 8, "三方复测纪要已签认，按实测量计量"),),
    ),
    ProjectFacts(
        "可研", "QGC", "文旅", "西溪湿地博物馆改扩建可行性研究", BusinessLine.ENGINEERING_CONSULTING, "4003",
        (("4006", ENGINEER, "ZH"), ("4007", ENGINEER, "ZH")),
        42, -58, 10, Stage.REPORTING, "XXWL-2026-KY-002", "186000000.00", "320000.00", None,
        "编制深度满足审批要求，投资估算误差不超过 10%。", "建设必要性、方案比选、投资估算、财务与社会效益评价。",
        kind=ContractKind.OTHER,
    ),
    ProjectFacts(
        "绿地", "QGC", "滨江", "江湾绿地景观工程结算审核", BusinessLine.SETTLEMENT_REVIEW, "4003",
        (("4005", LEAD, "YL"), ("4009", ENGINEER, "YL"), ("4008", ENGINEER, "YL"), ("4004", LEAD, "TJ"),
         ("4007", ENGINEER, "TJ")),
        16, -22, -2, Stage.REPORTING, "BJCT-2026-JS-033", "42000000.00", "118000.00", "39860000.00",
        "在约定的 20 日内完成审核。", "绿化、园路、景观小品、给水及照明的竣工结算审核。",
        kind=ContractKind.OTHER,
        questions=(Question("香樟胸径按哪次验收记录认定？", 12, "按养护期满验收记录认定，记录已存档。"),),
    ),
    ProjectFacts(
        "体育", "QGC", "教育", "云栖全民健身中心全过程造价咨询", BusinessLine.WHOLE_PROCESS, "4002",
        (("4004", LEAD, "TJ"), ("4007", ENGINEER, "TJ")),
        5, 2, 420, Stage.NEEDS, "", "210000000.00", "980000.00", None,
        "需求分析和风险评估完成后签订合同。", "立项至结算的全过程造价咨询。",
        risks=(Risk("建设用地拆迁进度不确定，开工日期可能顺延", "合同中约定服务期顺延条款", "4002"),),
    ),
]  # fmt: skip


def register_clients(people) -> dict:
    """The clients, by key."""
    return {
        key: services.create_client(actor=people["1004"], name=name, contact=contact, phone=phone, address=address)
        for key, (name, contact, phone, address) in CLIENTS.items()
    }


def open_project(facts: ProjectFacts, world) -> Story:
    """Opened by the unit's technical director, who puts the team together; risks follow."""
    director = world.director_of(facts.unit)
    project = services.create_project(
        actor=director, unit=director.unit, project_manager=world.people[facts.manager],
        client=world.clients[facts.client], name=facts.name, business_line=facts.line, importance=facts.importance,
        confidentiality=facts.confidentiality, stage=facts.stage, contract_number=facts.contract,
        contract_kind=facts.kind, contract_amount=Decimal(facts.contract_amount), fee=Decimal(facts.fee),
        contract_signed_on=world.clock.date(facts.starts - 6) if facts.contract else None,
        submitted_amount=Decimal(facts.submitted) if facts.submitted else None, goal=facts.goal, scope=facts.scope,
        planned_start_on=world.clock.date(facts.starts), planned_finish_on=world.clock.date(facts.finishes),
        actual_start_on=world.clock.date(facts.starts + 1) if facts.starts < 0 else None,
    )  # fmt: skip
    manager = world.people[facts.manager]
    world.projects[facts.key], world.managers[facts.key] = project, manager
    for number, role, code in facts.team:
        services.assign(
            actor=manager, project=project, user=world.people[number], role=role, discipline=world.disciplines[code]
        )
    yield 0


def keep_risk(risk: Risk, key: str, world) -> Story:
    """Registered by the project manager; settled by its owner if it was."""
    project = world.projects[key]
    manager = world.manager_of(key)
    kept = services.register_risk(
        actor=manager, project=project, description=risk.text, probability=risk.probability, impact=risk.impact,
        measures=risk.measures, owner=world.people[risk.owner],
    )  # fmt: skip
    if risk.removed_after is not None:
        yield risk.removed_after
        services.settle_risk(
            actor=world.people[risk.owner], risk=kept, status=RiskStatus.REMOVED, resolution=risk.resolution
        )


def take_question(question: Question, key: str, world) -> Story:
    """Asked on the phone or by letter; answered within the hour if it was."""
    project, manager = world.projects[key], world.manager_of(key)
    asked_at = world.clock.moment - timedelta(minutes=3)
    inquiry = services.register_inquiry(
        actor=manager, project=project, question=question.text, asked_by=project.client.contact, asked_at=asked_at,
        channel=question.channel,
    )  # fmt: skip
    if question.answer:
        yield 0
        services.answer_inquiry(actor=manager, inquiry=inquiry, answer=question.answer)


def stories(world) -> list[tuple[int, Story]]:
    """Every project with its risks and questions, each with the working day on which it begins."""
    told = []
    for facts in PROJECTS:
        told.append((facts.opened, open_project(facts, world)))
        told += [(risk.days_ago or facts.opened - 1, keep_risk(risk, facts.key, world)) for risk in facts.risks]
        told += [(question.days_ago, take_question(question, facts.key, world)) for question in facts.questions]
    return told
