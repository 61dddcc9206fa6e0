"""The default standard for deliverables (§5 [D]): the 制度 tells the grades but carries no scoring table, so it is a 示例."""

from decimal import Decimal

from django.db import migrations
from django.utils import timezone

# Criterion, maximum, and its items: text, points for each hit, cap, evidence needed, veto.
SAMPLE = [
    (
        "委托与准备",
        10,
        [
            ("项目目标、范围和交付期限未与客户明确并书面确认", "2", "4", "合同、确认函", False),
            ("合同签订前未作咨询需求分析和风险评估", "2", "2", "评审记录", False),
            ("未编制咨询实施方案，或实施方案未经单位技术负责人审核", "3", "3", "咨询实施方案", False),
            ("实施方案未载明编制原则、风险防范要点、计价依据等要素（每项）", "1", "3", "咨询实施方案", False),
            ("未组织本项目组专业人员学习咨询实施方案", "1", "1", "学习记录", False),
        ],
    ),
    (
        "依据资料",
        15,
        [
            ("委托方提供的资料不完整、不规范、不合理而未提出", "2", "6", "资料交接清单", False),
            ("未办理资料交接清单，或清单登记不全", "1", "3", "资料交接清单", False),
            ("引用的技术经济参数、计价方式或价格依据不正确、不合理", "2", "6", "计价依据", False),
            ("采用的法规、规范、标准或工程造价文件已失效", "3", "6", "计价依据", False),
            ("设计变更、现场签证、会议纪要、取证等文件不完整或无效", "1", "5", "取证文件", False),
        ],
    ),
    (
        "过程与底稿",
        20,
        [
            ("工程量计算式不正确或依据不充分", "1", "6", "工程量计算底稿", False),
            ("上机结果与计算底稿不一致", "2", "6", "计算底稿、上机结果", False),
            ("过程资料（计价依据、计算方法、公式、程序、结果）未归纳整理留存", "1", "4", "过程资料", False),
            ("咨询过程中形成的结论，其分析过程、记录不完整", "1", "4", "分析记录", False),
            ("发现而无法排除的风险，未及时反映报告并在初步成果形成前解决", "3", "6", "风险登记", False),
            ("伪造、篡改咨询资料", "5", None, "原始资料", True),
        ],
    ),
    (
        "三级复核与流程单",
        20,
        [
            ("校核、复核、审核未按规定的内容和深度进行", "3", "9", "校审记录单", False),
            ("校审记录单列述的问题修改后未经复核即签署", "2", "8", "校审记录单", False),
            ("未决事项和需要提请重点复核的问题，应说明而未说明", "2", "6", "流程单意见栏", False),
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
            ("成果文件有漏项或重复计项", "2", "8", "成果文件", False),
            ("数据引用、计量单位、数据调整、数据汇总不准确", "1", "5", "成果文件", False),
            ("咨询成果说明不规范、论述不通顺或文字差错", "0.5", "3", "成果文件", False),
            ("咨询误差率超过允许值 3%", "5", None, "误差率计算表", True),
        ],
    ),
    (
        "时效·归档·保密廉政",
        10,
        [
            ("未按时间工作标准提交成果（每逾期 1 天）", "0.5", "4", "交付记录", False),
            ("委托人询问未在 1 小时内当面答复或书面回复", "0.5", "2", "询问答复记录", False),
            ("咨询服务结束后 7 天内未整理返还委托人提供的资料", "1", "2", "资料交接清单", False),
            ("咨询资料未按规定归档", "1", "3", "归档清单", False),
            ("未经委托人事先书面同意留存资料备份，或保密措施不到位", "3", "6", "书面同意文件", False),
            ("违反独立、客观、公正、实事求是的执业原则和廉政规定", "5", None, "投诉、举报及核查材料", False),
        ],
    ),
]


def seed(apps, schema_editor):
    Standard, Criterion, Deduction = (
        apps.get_model("scoring", name) for name in ("Standard", "Criterion", "Deduction")
    )
    standard = Standard.objects.create(
        purpose="deliverable",
        version=1,
        title="成果文件质量检查评分标准（示例）",
        is_sample=True,
        published_at=timezone.now(),
    )
    for order, (title, maximum, items) in enumerate(SAMPLE, start=1):
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
    dependencies = [("scoring", "0002_guard_score_sheets")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
