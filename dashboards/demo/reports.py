"""The report that goes with a workbook, as a PDF; the same figures, the same bytes each time."""

from datetime import UTC, datetime
from decimal import Decimal

from dashboards.demo.books import Line
from dashboards.demo.workbooks import Shape
from printing.pdf import render
from projects.choices import DeliverableKind

MADE_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)

BASES = {
    DeliverableKind.SETTLEMENT_REPORT: [
        "施工合同、补充协议及招投标文件", "竣工图、设计变更单、现场签证单及收方记录", "《建设工程工程量清单计价规范》及相应计量规范",
        "施工期工程造价信息及经确认的材料价格", "委托人与施工单位确认的对账记录",
    ],
    DeliverableKind.FEASIBILITY: [
        "项目建议书批复及规划选址意见", "现场调查和测量资料", "投资项目可行性研究报告编写大纲", "行业发展规划和同类项目指标",
    ],
}  # fmt: skip
OTHER_BASES = [
    "咨询合同及经批准的实施方案", "施工图及图纸会审纪要", "《建设工程工程量清单计价规范》及相应计量规范", "现行计价依据和工程造价信息",
]  # fmt: skip
PARAGRAPHS = {
    DeliverableKind.SETTLEMENT_REPORT: "核减主要原因：工程量按竣工图及现场实测调整；部分签证手续不全，暂不计取；综合单价按投标文件及合同约定执行。"
    "差异逐项列于对比表“核减原因”栏，并已与施工单位对账。",
    DeliverableKind.FEASIBILITY: "经多方案比选，推荐方案功能布局合理，建设条件具备，投资估算依据充分，社会效益显著；建议进一步落实资金来源后开展初步设计。",
}
# What the report says itself, where no workbook goes with it.
BODIES = {
    DeliverableKind.FEASIBILITY: [
        "建设必要性：现有馆舍建于上世纪末，展陈面积不足，年接待能力与近三年客流不相适应，消防和无障碍设施需整体提升。",
        "建设方案：比选原址改扩建、易址新建两个方案，从用地、投资、工期和对湿地的影响四个方面评价，推荐原址改扩建方案。",
        "投资估算：按分项指标法编制，工程费用参照同类项目结算指标并按现行价格水平调整，工程建设其他费和预备费按规定计取。",
        "效益与风险：财务评价以补贴收入为主，对客流、投资两项因素作敏感性分析；主要风险为施工期生态影响和资金到位进度。",
    ],
    DeliverableKind.OTHER: [
        "编制范围：施工图所示全部工程内容，不含家具、教学设备和二次深化设计部分。",
        "工程量计算：按现行计量规范的规则计算，钢筋按图示用量计，土方按自然密实体积计。",
        "暂估价与暂列金额：外墙铝板、风雨操场屋面系统为专业工程暂估价，暂列金额按招标文件规定列入。",
        "材料价格：按编制期工程造价信息，信息价缺项的按不少于三家询价，询价单随底稿归档。",
    ],
}
OTHER_PARAGRAPH = (
    "编制过程中的计算底稿、询价记录及沟通纪要已归集留存，特殊处理事项见编制说明。成果经自校、校核、复核和审核后出具。"
)


def report_pdf(case) -> bytes:
    """The report of the case's present version."""
    project, kind = case.deliverable.project, case.piece.kind
    context = {
        "project": project,
        "deliverable": case.piece.title,
        "kind": kind.label,
        "bases": BASES.get(kind, OTHER_BASES),
        "body": [] if case.book else BODIES[kind],
        "paragraph": PARAGRAPHS.get(kind, OTHER_PARAGRAPH),
        "version": case.round.version.number,
        "workbook": case.piece.workbook_name if case.book else "",
        "preparer": case.preparer.name,
        **_figures(case),
    }
    return render("printing/demo_report.html", context, title=case.piece.title, created_at=MADE_AT,
                  stylesheets=["css/print_demo.css"])  # fmt: skip


def _figures(case) -> dict:
    """The amounts by section, with both sides where the work was to compare."""
    if case.book is None or not case.piece.is_about_money:
        return {"sections": [], "is_comparison": False}
    book, is_comparison = case.book, case.piece.shape is Shape.COMPARISON
    sections = [(name, *_sums(lines)) for name, lines in book.sections.items()]
    before, after = book.submitted, book.settled
    sections += [
        ("措施项目费", before.measures_total, after.measures_total, after.measures_total - before.measures_total),
        ("现场签证及其他项目费", before.other, after.other, after.other - before.other),
        ("规费", before.fees, after.fees, after.fees - before.fees),
        ("税金", before.tax, after.tax, after.tax - before.tax),
    ]
    total = ("合计", before.total, after.total, after.total - before.total)
    largest = sorted(book.lines, key=lambda line: line.difference)[:8] if is_comparison else []
    return {"sections": sections, "total": total, "is_comparison": is_comparison, "largest": largest}


def _sums(lines: list[Line]) -> tuple[Decimal, Decimal, Decimal]:
    before = sum((line.total for line in lines), Decimal(0))
    after = sum((line.settled_total for line in lines), Decimal(0))
    return before, after, after - before
