"""What happened to each deliverable, up to the act for which it waits now.

The project 滨江 is the visitor's: its team are the logins, and a deliverable stands before each of them.
"""

from dashboards.demo.acts import (
    answer,
    exempt_check,
    hand_over,
    issue,
    join_opinion,
    open_case,
    recheck,
    remark,
    resubmit,
    return_remarks,
    revise,
    revoke,
    send_back,
    sign,
    submit,
    upload,
    withdraw,
)
from dashboards.demo.clock import Story
from dashboards.demo.pieces import Piece, then
from dashboards.demo.workbooks import Shape
from dashboards.demo.world import World
from projects.choices import DeliverableKind as Kind

READY = then(2, upload)
SUBMITTED = READY + then(0, submit)
ANSWERED = SUBMITTED + then(1, return_remarks, figures=2, others=("文字",)) + then(1, answer)
# 三条意见, answered, re-checked and signed.
CHECKED = ANSWERED + then(1, recheck) + then(0, sign)
VERIFIED = CHECKED + then(1, sign)
APPROVED = VERIFIED + then(2, sign)
# Corrected after remarks: the first round is void, the second starts at 校核.
CORRECTED = (
    SUBMITTED
    + then(1, return_remarks, figures=3, others=("文字",))
    + then(2, revise, note="按校核意见修改工程量并统一文字", corrected=3)
    + then(0, resubmit)
    + then(1, recheck)
    + then(0, sign)
)


def _whole(start, score: str, days: int = 1, **approval):
    """From the first signature of the reviewers to the issue."""
    return start + then(days, sign) + then(days, sign, score=score, **approval) + then(1, issue)


MAIN = [
    Piece("滨江", "1#～2#楼土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "2004", 18, -24,
          CORRECTED
          + then(2, sign, less="18600.00", opinion="抽查钢筋及模板工程，核减签证重复计取一项，其余同意校核意见，同意报审核。")
          + then(2, sign, score="优良 86.5", attention=("二次结构植筋费用按实结算，对账记录附后",))
          + then(1, issue),
          target=86_000_000),
    Piece("滨江", "3#～4#楼土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "2007", 3, -4, APPROVED,
          target=92_400_000),
    Piece("滨江", "5#～6#楼土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "2008", 2, 2,
          READY
          + then(0, submit, attention=("外墙保温做法由岩棉变更为真空绝热板，变更单仅有扫描件",))
          + then(1, return_remarks, figures=2, others=("取费", "依据"))
          + then(2, answer)
          + then(1, recheck)
          + then(0, sign, unresolved=("外墙保温变更单原件尚未取得，按扫描件计取 462,300.00 元",),
                 attention=("措施费费率按合同工程类别核定，请审核时复核",))
          + then(2, sign, less="36200.00", doubt="保温变更单原件未提供，已书面催交",
                 unresolved=("外墙保温变更单原件尚未取得",),
                 attention=("复核阶段核减门窗工程重复计量 36,200.00 元，请重点复核",)),
          target=88_700_000),
    Piece("滨江", "地下室土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "2007", 2, 5, CHECKED, target=64_200_000, has_report=False),
    Piece("滨江", "人防工程土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "2008", 1, 6, SUBMITTED, target=18_500_000, has_report=False),
    Piece("滨江", "室外道路及围墙结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "2004", 3, -1,
          SUBMITTED + then(2, return_remarks, figures=3, others=("依据", "汇总")), target=9_800_000, has_report=False),
    Piece("滨江", "地下车库土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "2007", 1, 4, ANSWERED, target=38_600_000, has_report=False),
    Piece("滨江", "会所土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "2004", 1, 3, then(21, upload), target=12_300_000),
    Piece("滨江", "住宅安装工程结算审核报告", Kind.SETTLEMENT_REPORT, "AZ", "2006", 12, -14,
          _whole(CHECKED, "优良 83", 2), target=76_900_000),
    Piece("滨江", "精装修工程结算审核报告", Kind.SETTLEMENT_REPORT, "ZS", "2010", 2, 8,
          SUBMITTED + then(0, withdraw, reason="发现样板间拆改费用重复计入，撤回修改后再提交"), target=52_000_000, has_report=False),
]  # fmt: skip
HOSPITAL = [
    Piece("医院", "门诊楼土建招标控制价", Kind.CONTROL_PRICE, "TJ", "2007", 2, 2,
          APPROVED + then(2, join_opinion, seat=2, attention=("医用气体工程暂估价占比较高，建议列明来源",)),
          Shape.PRICED, 286_000_000),
    Piece("医院", "医技楼安装招标控制价", Kind.CONTROL_PRICE, "AZ", "2006", 1, 1,
          APPROVED + then(1, join_opinion, seat=1) + then(1, join_opinion, seat=2), Shape.PRICED, 198_000_000,
          has_report=False),
    Piece("医院", "地下室及室外土建招标控制价", Kind.CONTROL_PRICE, "TJ", "2007", 4, -2,
          APPROVED + then(1, join_opinion, seat=2) + then(1, join_opinion, seat=1) + then(1, sign), Shape.PRICED,
          134_000_000, has_report=False),
]  # fmt: skip
SCHOOL = [
    Piece("中学", "教学楼土建工程量清单", Kind.BILL, "TJ", "2008", 45, -62, _whole(CORRECTED, "优良 94"), Shape.BILL,
          38_000_000, has_report=False),
    Piece("中学", "工程量清单编制说明", Kind.OTHER, "TJ", "2004", 43, -58,
          READY
          + then(0, exempt_check, reason="本成果为文字说明，不涉及计量和计算，各专业清单已分别校核")
          + then(0, submit)
          + then(1, sign) + then(1, sign, score="合格 74.5") + then(1, issue),
          None, has_calculation=False),
]  # fmt: skip
CREATIVE_PARK = [
    Piece("文创", "A～B座装饰施工图预算", Kind.BUDGET, "ZS", "2010", 2, 1,
          VERIFIED
          + then(1, remark, figures=2, others=("漏项", "单价"))
          + then(0, send_back, reason="防火卷帘漏项，且主要材料价格缺少询价依据，影响预算结论，退回修改")
          + then(4, revise, note="补充防火卷帘，按三家询价调整岩棉板、石材单价")
          + then(0, resubmit),
          Shape.PRICED, 24_800_000, has_report=False),
    Piece("文创", "C～D座土建施工图预算", Kind.BUDGET, "TJ", "2007", 3, -2,
          VERIFIED
          + then(1, remark, figures=3, others=("取费",))
          + then(0, send_back, reason="既有结构加固未按最新变更计量，措施费取费标准与合同不一致"),
          Shape.PRICED, 27_100_000, has_report=False),
]  # fmt: skip
DATA_CENTRE = [
    Piece("数据", "机房楼土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "3006", 4, 4, VERIFIED, target=268_000_000),
    Piece("数据", "动力楼土建结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "3009", 2, 7,
          CHECKED + then(2, revise, note="委托人补充柴发基础变更单，增加相应工程量"), target=142_000_000,
          has_report=False),
    Piece("数据", "室外管网结算审核报告", Kind.SETTLEMENT_REPORT, "TJ", "3007", 5, -3,
          APPROVED + then(1, join_opinion, seat=1) + then(1, join_opinion, seat=2) + then(1, sign), target=58_300_000,
          has_report=False),
]  # fmt: skip
TUNNEL = [
    Piece("标函", "第一轮标函分析报告", Kind.BID_REPORT, "SZ", "3006", 22, -29, _whole(CHECKED, "合格 80"), Shape.BIDS,
          318_000_000, has_report=False),
    Piece("标函", "第二轮标函分析报告", Kind.BID_REPORT, "SZ", "3007", 2, -8, APPROVED, Shape.BIDS,
          309_000_000, has_report=False),
]  # fmt: skip
FACTORY = [
    # Before 马垚, whose certificate has expired: the signature is refused until it is renewed or the level handed over.
    Piece("厂房", "1#～2#厂房土建结算书", Kind.SETTLEMENT, "TJ", "3009", 2, 2, SUBMITTED, Shape.PRICED, 96_000_000,
          has_report=False),
    Piece("厂房", "3#～4#厂房土建结算书", Kind.SETTLEMENT, "TJ", "3006", 6, -1,
          VERIFIED + then(1, hand_over, level="审核", to="3002", reason="本人外出培训两周，由徐若曦代为审核"),
          Shape.PRICED, 108_000_000, has_report=False),
    Piece("厂房", "连廊及附属工程结算书", Kind.SETTLEMENT, "TJ", "3008", 4, 1,
          CHECKED + then(2, return_remarks, figures=1, others=("汇总", "依据")), Shape.PRICED, 21_400_000,
          has_report=False),
]  # fmt: skip
ROAD = [
    Piece("道路", "一标段道路工程量清单", Kind.BILL, "SZ", "3008", 5, 7, (), Shape.BILL, 62_000_000, has_report=False),
    Piece("道路", "二标段管网工程量清单", Kind.BILL, "SZ", "3007", 2, 4, CHECKED, Shape.BILL, 48_000_000,
          has_report=False),
]  # fmt: skip
DEPOT = [
    Piece("轨交", "车辆段软基处理造价咨询报告", Kind.COST_REPORT, "TJ", "4008", 25, -34,
          _whole(CORRECTED, "优良 88")[:-1]
          + then(1, join_opinion, seat=1) + then(0, join_opinion, seat=2) + then(1, sign, less="128000.00",
                 opinion="专家评审一致认为水泥搅拌桩损耗率取值偏高，核减 128,000.00 元，评审结论为通过。")
          + then(1, issue),
          target=168_000_000),
    Piece("轨交", "第三期动态造价报告", Kind.COST_REPORT, "TJ", "4007", 2, 3,
          APPROVED + then(0, revoke, reason="评分表中措施费扣分项选择有误，撤回后重新评分签署"), target=74_600_000,
          has_report=False),
    Piece("轨交", "车辆段景观造价咨询报告", Kind.COST_REPORT, "YL", "4009", 2, 9, SUBMITTED, target=16_800_000,
          has_report=False),
]  # fmt: skip
MUSEUM = [
    Piece("可研", "博物馆改扩建可行性研究报告", Kind.FEASIBILITY, "ZH", "4006", 2, 3,
          SUBMITTED
          + then(2, return_remarks, others=("依据", "文字"))
          + then(2, answer) + then(1, recheck)
          + then(0, sign, attention=("客流预测采用近三年均值，请审定时关注敏感性分析",)),
          None),
    Piece("可研", "投资估算专题报告", Kind.FEASIBILITY, "ZH", "4007", 24, -30,
          SUBMITTED + then(2, sign) + then(3, sign, score="优良 83") + then(1, issue), None),
]  # fmt: skip
GREEN = [
    Piece("绿地", "绿化工程结算审核报告", Kind.SETTLEMENT_REPORT, "YL", "4009", 2, -3,
          VERIFIED + then(0, revoke, reason="发现乔木胸径验收记录少一页，补齐后再签"), target=22_600_000),
    Piece("绿地", "园路及小品结算审核报告", Kind.SETTLEMENT_REPORT, "YL", "4008", 3, 2,
          ANSWERED + then(1, recheck, failed=1), target=14_900_000, has_report=False),
]  # fmt: skip
PIECES = [
    *MAIN, *HOSPITAL, *SCHOOL, *CREATIVE_PARK, *DATA_CENTRE, *TUNNEL, *FACTORY, *ROAD, *DEPOT, *MUSEUM, *GREEN,
]  # fmt: skip


def play(world: World, piece: Piece) -> Story:
    """A deliverable opened, and its script."""
    case = open_case(world, piece)
    for step in piece.script:
        yield step.days
        step.act(case, **step.words)


def stories(world: World) -> list[tuple[int, Story]]:
    """Every deliverable, with the working day on which it begins."""
    return [(piece.begins, play(world, piece)) for piece in PIECES]
