"""What people write: opinions, remarks, answers, and the reasons for points lost."""

from decimal import Decimal

OPINIONS = {
    "自校": [
        "已按实施方案完成编制并逐项自校，计算底稿与上机结果一致，依据资料齐全，提请校核。",
        "编制范围与合同一致，数据引用、计算公式已自校无误，签证及变更资料已归集，提请校核。",
        "已按对账记录调整并自校，差异项均附说明，提请校核。",
    ],
    "自审": ["已按咨询工作流程完成编制并自审，数据来源已注明，投资估算口径与方案一致，提请初审。"],
    "校核": [
        "经逐项复核，工程量计算式、定额套用与底稿一致，提出的问题已修改并复查通过，同意提交复核。",
        "依据资料完整，重点抽查钢筋、混凝土及措施费计算，未发现遗漏，同意提交复核。",
        "计量规则执行正确，项目特征与图纸相符，数据汇总无误，同意提交复核。",
    ],
    "复核": [
        "成果范围和深度满足合同及实施方案要求，校核意见已逐条落实，风险事项已处理，同意报审核。",
        "资料交接清单齐全，重大调整事项已与委托人沟通确认，成果汇总成册，同意报审核。",
    ],
    "审核": [
        "审核依据充分，关键数据已抽核，经济指标合理，各专业口径一致，同意出具。",
        "成果内容齐全，结论明确，重点复核事项已核实，同意报签发。",
    ],
    "初审": ["咨询研究程序规范，依据引用正确，方案比选论证充分，修改意见已落实，同意报审定。"],
    "审定": ["方案合理，投资估算依据充分，结论与建议客观，同意报签发。"],
    "专家评审": ["专家意见已收齐并讨论，提出的问题均已处理，评审结论为通过，以本意见为准。"],
    "签发": ["三级复核程序完整，流程单签署齐全，同意签发。", "同意签发，按合同约定份数出具。"],
}
EXPERT_OPINIONS = [
    "询价依据完整，主要材料价格取值合理；建议在编制说明中补充暂估价清单的来源。同意通过。",
    "主要经济指标与同类项目相比处于合理区间，措施费测算依据充分。同意通过。",
]
# By category of the remark.
CORRECTED = {
    "quantity": [
        "已按图纸重新计算并修改，计算底稿同步更新。",
        "已核减重复部分，汇总表随之调整。",
        "已按竣工图尺寸修正，计算式附后。",
    ],
    "wording": ["文字和金额已统一，全文复核一遍。"],
    "basis": ["已补全计价文件的文号和施行日期，均现行有效。"],
    "fees": ["费率已按合同约定的工程类别修正，措施费随之调整。"],
    "omission": ["已按图纸补列防火卷帘，清单和汇总表同步更新。"],
    "data": ["数据链接已修正，汇总表与分部分项表一致。"],
    "unit_price": ["已补充三家询价并调整组价，询价单附底稿。"],
}
EXPLAINED = [
    "该项按监理签认的现场收方记录计量，记录编号已列入底稿，建议维持。",
    "合同专用条款第 12.3 款约定该项按实结算，计算口径与合同一致。",
    "该部位设计变更单已覆盖，底稿第 18 页附图示，故不作调整。",
]
REMARKS = {
    "依据": {
        "place": "编制说明 第 2 条", "problem": "引用的计价文件未注明文号和施行日期，请补全并核对是否现行有效。",
        "category": "basis", "severity": "ordinary",
    },
    "取费": {
        "place": "措施项目表 第 4 行", "problem": "安全文明施工费费率与工程类别不符，请按合同约定的取费标准核对。",
        "category": "fees", "severity": "serious", "amount_affected": Decimal("-86420.00"),
    },
    "漏项": {
        "place": "分部分项表 门窗工程", "problem": "图纸目录含防火卷帘，清单中未见对应项目，请核对是否漏项。",
        "category": "omission", "severity": "major", "amount_affected": Decimal("134800.00"),
    },
    "汇总": {
        "place": "汇总表 第 6 行", "problem": "汇总表与分部分项表合计口径不一致，请核对数据链接。",
        "category": "data", "severity": "ordinary",
    },
    "文字": {
        "place": "编制说明 第 4 条", "problem": "说明中的金额与汇总表取整不一致，且个别单位名称未用全称，请统一。",
        "category": "wording", "severity": "ordinary",
    },
    "单价": {
        "place": "分部分项表 保温隔热工程", "problem": "岩棉板综合单价高于信息价上限，请补充询价依据或调整组价。",
        "category": "unit_price", "severity": "serious", "amount_affected": Decimal("-42600.00"),
    },
}  # fmt: skip

_QUANTITY, _PRICE, _DATA, _STYLE = (
    "工程量计算有误", "定额套用或综合单价的组成不正确", "数据引用、计量单位、数据调整、数据汇总不准确",
    "咨询成果说明不规范、论述不通顺或文字差错",
)  # fmt: skip
_RECORDS = "过程资料（计价依据、计算方法、公式、程序、结果）未归纳整理留存"
_MATERIALS = "未办理资料交接清单，或清单登记不全"
_LATE = "未按时间工作标准提交成果（每逾期 1 天）"
_SHEET = "《工程造价咨询业务质量控制流程单》填写不全或意见不明确"
# Name of a score, which says what it comes to → hits on items of the standard, by their text.
SCORES = {
    "优良 94": {_QUANTITY: "4", _STYLE: "2", _RECORDS: "1"},
    "优良 91": {_QUANTITY: "3", _PRICE: "2", _STYLE: "2", _DATA: "1", _RECORDS: "2"},
    "优良 88": {_QUANTITY: "5", _PRICE: "2", _RECORDS: "2", _DATA: "1", _MATERIALS: "2"},
    "优良 86.5": {_QUANTITY: "5", _DATA: "3", _STYLE: "3", _RECORDS: "2", _MATERIALS: "2"},
    "优良 83": {_QUANTITY: "6", _PRICE: "3", _DATA: "3", _STYLE: "4", _RECORDS: "2", _MATERIALS: "1"},
    "合格 80": {_QUANTITY: "8", _PRICE: "4", _DATA: "3", _STYLE: "4", _RECORDS: "2", _LATE: "2"},
    "合格 74.5": {
        _QUANTITY: "8", _PRICE: "5", _DATA: "5", _STYLE: "5", _RECORDS: "3", _MATERIALS: "1", _SHEET: "1",
    },
}  # fmt: skip


def score(number: int) -> str:
    """A good score for a deliverable of which nothing else is told."""
    return ("优良 91", "优良 88", "优良 83", "优良 94")[number % 4]


def opinion(level: str, number: int, *, is_expert: bool = False) -> str:
    """An opinion for a level by its title; `number` chooses among several."""
    choices = EXPERT_OPINIONS if is_expert else OPINIONS[level]
    return choices[number % len(choices)]


def correction(category: str, number: int) -> str:
    """How the preparer says that a remark was taken up."""
    choices = CORRECTED[category]
    return choices[number % len(choices)]


def explanation(number: int) -> str:
    """Why the preparer leaves the files as they are."""
    return EXPLAINED[number % len(EXPLAINED)]
