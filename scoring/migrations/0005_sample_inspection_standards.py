"""The two standards of the inspections (§5 [D]): one for a project, one for a unit. The 制度 carries no scoring table, so each is a 示例."""

from decimal import Decimal

from django.db import migrations
from django.utils import timezone

# Criterion, maximum, and its items: text, points for each hit, cap, evidence needed, veto.
PROJECT = [
    (
        "委托与准备",
        10,
        [
            ("咨询合同（委托书）未签订、签订滞后或要素不全", "2", "4", "咨询合同", False),
            ("合同签订前未作咨询需求分析和风险评估", "2", "2", "评审记录", False),
            ("未编制咨询实施方案，或实施方案未经单位技术负责人批准", "3", "3", "咨询实施方案", False),
            (
                "实施方案缺编制原则、风险防范要点、计价依据、人员分工或进度安排（每项）",
                "1",
                "3",
                "咨询实施方案",
                False,
            ),
            ("项目组人员未学习咨询实施方案", "1", "2", "学习记录", False),
            ("项目组人员的执业资格与所承担的专业不符", "2", "4", "执业证书", False),
        ],
    ),
    (
        "依据资料",
        15,
        [
            ("委托人提供的资料未办理交接清单，或清单登记不全", "1", "4", "资料交接清单", False),
            ("图纸、设计变更、现场签证、合同不完整而未书面提出", "2", "6", "资料催要函件", False),
            ("引用的计价依据、价格信息不正确或已失效", "2", "6", "计价依据", False),
            ("现场踏勘、询价、会商没有记录", "1", "4", "踏勘、询价记录", False),
            ("资料未经委托人或有关单位确认即作为依据", "2", "6", "确认文件", False),
        ],
    ),
    (
        "过程与底稿",
        20,
        [
            ("工程量计算底稿缺失，或与成果文件不一致", "2", "8", "工程量计算底稿", False),
            ("计算式、计算过程不清，无法追溯", "1", "6", "计算底稿", False),
            ("组价、取费、价差调整没有分析过程", "1", "5", "组价分析", False),
            ("项目风险未登记、未上报或未处理", "2", "6", "风险登记", False),
            ("与委托人、施工单位的对量、核价没有签认记录", "1", "4", "对量记录", False),
            ("伪造、篡改咨询资料或底稿", "5", None, "原始资料", True),
        ],
    ),
    (
        "三级复核与流程单",
        20,
        [
            ("校核、复核、审核的内容和深度不符合规定", "3", "9", "校审记录单", False),
            ("校审意见未逐条回复，或修改后未经原提出人复查", "2", "8", "校审记录单", False),
            ("未决事项和提请重点复核的问题，应说明而未说明", "2", "6", "流程单意见栏", False),
            ("《工程造价咨询业务质量控制流程单》填写不全或意见不明确", "1", "5", "流程单", False),
            ("流程单缺签名", "5", None, "流程单", True),
            ("三级复核未完成即出具成果", "5", None, "流程单、成果文件", True),
        ],
    ),
    (
        "成果准确性",
        25,
        [
            ("工程量计算有误", "1", "8", "成果文件、计算底稿", False),
            ("定额套用或综合单价的组成不正确", "1", "6", "成果文件", False),
            ("清单项目设置或取费不符合规定或合同约定", "2", "6", "成果文件、合同", False),
            ("漏项或重复计项", "2", "8", "成果文件", False),
            ("数据引用、计量单位、数据汇总不准确", "1", "5", "成果文件", False),
            ("成果文件的格式、说明和文字不规范", "0.5", "3", "成果文件", False),
            ("咨询误差率超过允许值 3%", "5", None, "误差率计算表", True),
        ],
    ),
    (
        "时效·归档·保密廉政",
        10,
        [
            ("超过时间工作标准（每逾期 1 天）", "0.5", "4", "交付记录", False),
            ("委托人询问未在 1 小时内答复", "0.5", "2", "询问答复记录", False),
            ("咨询服务结束后 7 天内未返还委托人提供的资料", "1", "2", "资料交接清单", False),
            ("咨询档案未按规定归档或归档不全", "1", "4", "归档清单", False),
            ("未经委托人书面同意留存资料，或保密措施不到位", "3", "6", "书面同意文件", False),
            ("违反独立、客观、公正、实事求是的执业原则和廉政规定", "5", "10", "投诉、举报及核查材料", False),
        ],
    ),
]

UNIT = [
    (
        "制度与机构",
        15,
        [
            ("未明确单位技术负责人和各级复核人员，或岗位空缺未补", "3", "6", "任职文件", False),
            ("质量管理制度未传达到人，或没有学习记录", "1", "4", "会议、学习记录", False),
            ("复核人员的执业资格、经验不符合岗位要求", "2", "6", "执业证书", False),
            ("同一成果的编制人与复核人未分离", "3", "9", "流程单", False),
        ],
    ),
    (
        "计划与培训",
        10,
        [
            ("没有年度质量工作计划，或计划未分解到人", "2", "4", "质量工作计划", False),
            ("年度培训计划未完成（每缺 1 次）", "1", "4", "培训记录", False),
            ("新颁布的计价文件未组织学习", "1", "3", "学习记录", False),
            ("执业人员继续教育未达到规定", "1", "3", "继续教育证明", False),
        ],
    ),
    (
        "三级复核执行",
        30,
        [
            ("抽查成果未按三级复核路线逐级签署", "3", "12", "流程单", False),
            ("审签意见空泛，复核没有发现应当发现的问题", "2", "10", "校审记录单", False),
            ("校审意见未关闭即签署", "2", "8", "校审记录单", False),
            ("审核评分与成果实际质量明显不符", "2", "8", "评分表", False),
            ("免除校核、更换复核人没有理由或未经批准", "2", "6", "审批记录", False),
            ("代他人签署，或编造复核记录", "5", None, "流程单、登录记录", True),
        ],
    ),
    (
        "时限执行",
        15,
        [
            ("项目超过时间工作标准（每项）", "1", "8", "时限台账", False),
            ("中止、延期没有依据或未经批准", "2", "6", "审批记录", False),
            ("逾期升级后仍未处理", "2", "6", "提醒记录", False),
            ("应登记的起算事件未登记或登记滞后", "1", "5", "资料交接清单", False),
        ],
    ),
    (
        "整改与问责",
        15,
        [
            ("检查书面意见未在 10 天内回复整改", "2", "6", "整改回复", False),
            ("整改不到位，复查未通过（每次）", "2", "6", "复查记录", False),
            ("同类问题在本年度重复出现", "1", "5", "检查记录", False),
            ("应当追究责任而未提出处理意见", "3", "6", "问责单", False),
            ("隐瞒质量事故，或阻挠检查、销毁证据", "5", None, "核查材料", True),
        ],
    ),
    (
        "档案保密",
        15,
        [
            ("咨询档案未按期归档，或归档不全", "1", "6", "归档清单", False),
            ("委托人资料未按期返还，或留存备份未经书面同意", "2", "6", "资料交接清单", False),
            ("涉密项目的资料未按密级管理", "3", "9", "借阅、传递记录", False),
            ("离岗人员的账号、资料未办理移交", "1", "4", "移交记录", False),
        ],
    ),
]

STANDARDS = [
    ("inspection", "项目质量检查评分标准（示例）", PROJECT),
    ("unit_inspection", "单位质量检查评分标准（示例）", UNIT),
]


def seed(apps, schema_editor):
    Standard, Criterion, Deduction = (
        apps.get_model("scoring", name) for name in ("Standard", "Criterion", "Deduction")
    )
    for purpose, name, parts in STANDARDS:
        standard = Standard.objects.create(
            purpose=purpose, version=1, title=name, is_sample=True, published_at=timezone.now()
        )
        for order, (title, maximum, items) in enumerate(parts, start=1):
            criterion = Criterion.objects.create(standard=standard, order=order, title=title, maximum=Decimal(maximum))
            Deduction.objects.bulk_create(
                Deduction(
                    criterion=criterion,
                    order=number,
                    text=text,
                    points=Decimal(points),
                    cap=None if cap is None else Decimal(cap),
                    evidence=evidence,
                    is_veto=is_veto,
                )
                for number, (text, points, cap, evidence, is_veto) in enumerate(items, start=1)
            )


class Migration(migrations.Migration):
    dependencies = [("scoring", "0004_draft_turns")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
