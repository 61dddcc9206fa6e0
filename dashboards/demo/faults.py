"""What the inspections of the demonstration find: deductions by their text, with the words of the finding."""

from dataclasses import dataclass, replace

from reviews.choices import Severity


@dataclass(frozen=True)
class Fault:
    """A deduction hit by its text, and the finding that goes with it."""

    deduction: str
    hits: str
    problem: str
    requirement: str
    severity: Severity = Severity.ORDINARY
    amount: str | None = None


BASIS = Fault("工程量计算底稿缺失，或与成果文件不一致", "1", "基础分部钢筋工程量与底稿相差 12.6 t，底稿未留存最终版。",
              "补齐最终版计算底稿，核对差异并书面说明原因。", Severity.SERIOUS, "68900.00")  # fmt: skip
TRACE = Fault("计算式、计算过程不清，无法追溯", "2", "措施项目以“项”计列的两处没有计算过程，无法追溯。",
              "补充计算过程，注明依据文件和条款。")  # fmt: skip
PRICE = Fault("组价、取费、价差调整没有分析过程", "1", "主要材料价差调整未附信息价和询价记录。",
              "补充材料价差分析表，附当期信息价或三家询价单。")  # fmt: skip
REMARKS = Fault("校审意见未逐条回复，或修改后未经原提出人复查", "2", "校审记录单第 3、5 条意见修改后未见原提出人复查。",
                "由原提出人逐条复查并签认。", Severity.SERIOUS)  # fmt: skip
STATED = Fault("未决事项和提请重点复核的问题，应说明而未说明", "1", "签证单缺原件的事项，校核、复核意见栏均填“无”。",
               "补充说明未决事项，今后如实填写意见栏。", Severity.SERIOUS, "462300.00")  # fmt: skip
SHEET = Fault("《工程造价咨询业务质量控制流程单》填写不全或意见不明确", "2", "流程单复核意见为“同意”，未说明复核范围和结果。",
              "补充复核意见，写明复核的内容、方法和结论。")  # fmt: skip
OMITTED = Fault("漏项或重复计项", "2", "脚手架与模板支撑重复计取，屋面保温漏项。",
                "更正清单项目，重新核定金额并告知委托人。", Severity.MAJOR, "286400.00")  # fmt: skip
QUANTITY = Fault("工程量计算有误", "4", "抽查 20 项，4 项工程量计算有误，误差率 2.1%。", "更正工程量，举一反三自查同类项目。",
                 Severity.SERIOUS, "97300.00")  # fmt: skip
WORDING = Fault("成果文件的格式、说明和文字不规范", "2", "编制说明未写明计价依据的文号和期次。", "按格式要求补充编制说明。")  # fmt: skip
LATE = Fault("超过时间工作标准（每逾期 1 天）", "4", "结算初稿逾期 4 天提交，未办理延期审批。", "分析逾期原因，提出改进措施。")  # fmt: skip
ARCHIVE = Fault("咨询档案未按规定归档或归档不全", "1", "对账记录、会议纪要未归档。", "补充归档并办理移交手续。")  # fmt: skip
UNSIGNED = Fault("流程单缺签名", "1", "第二册成果的流程单缺复核人签名即报送委托人。", "查明原因，补办手续，并向委托人说明。",
                 Severity.MAJOR)  # fmt: skip
ETHICS = Fault("违反独立、客观、公正、实事求是的执业原则和廉政规定", "2", "对账期间接受施工单位宴请，未如实报告。",
               "停止参与本项目对账，书面检查，重新核对相关签证。", Severity.MAJOR, "152000.00")  # fmt: skip

# Of a unit.
EMPTY_OPINIONS = Fault("审签意见空泛，复核没有发现应当发现的问题", "2", "抽查 6 份流程单，审核意见均为“同意”，未写审核范围。",
                       "规范审签意见的内容，单位内组织一次讲评。", Severity.SERIOUS)  # fmt: skip
TRAINING = Fault("年度培训计划未完成（每缺 1 次）", "2", "年度培训计划 8 次，已完成 6 次。", "补做两次培训并留存签到和讲义。")  # fmt: skip
REPEATED = Fault("同类问题在本年度重复出现", "2", "底稿不全的问题在两个项目中重复出现。", "制定底稿目录，由专业负责人逐项核对。")  # fmt: skip
HANDOVER = Fault("离岗人员的账号、资料未办理移交", "1", "一名离岗造价员的底稿未移交。", "办理移交手续并归档。")  # fmt: skip


def worse(fault: Fault, hits: str) -> Fault:
    """The same fault, hit more often."""
    return replace(fault, hits=hits)


Outcome = tuple[Fault, ...]
EXCELLENT: Outcome = (WORDING, SHEET)
GOOD: Outcome = (worse(TRACE, "3"), WORDING, worse(SHEET, "3"), worse(PRICE, "2"), worse(LATE, "2"))
FAIR: Outcome = (worse(BASIS, "3"), worse(TRACE, "3"), worse(REMARKS, "3"), worse(SHEET, "3"), QUANTITY, WORDING, LATE)
POOR: Outcome = (
    worse(BASIS, "4"), worse(TRACE, "4"), worse(PRICE, "3"), worse(REMARKS, "3"), worse(STATED, "2"), worse(SHEET, "3"),
    worse(QUANTITY, "6"), worse(OMITTED, "3"), worse(WORDING, "4"), worse(ARCHIVE, "2"),
)  # fmt: skip
VETOED: Outcome = (UNSIGNED, worse(REMARKS, "3"), STATED, OMITTED, QUANTITY, LATE)
CORRUPT: Outcome = (ETHICS, BASIS, STATED, worse(QUANTITY, "3"))
OF_UNIT: Outcome = (EMPTY_OPINIONS, TRAINING, REPEATED)
OF_GOOD_UNIT: Outcome = (TRAINING, HANDOVER)
