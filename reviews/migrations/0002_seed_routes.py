"""The three routes of the source, their checklists in its words, the defaults and the issue number rule (all editable)."""

from django.db import migrations

SELF_CHECK = [
    ("按给定的计价依据、计算方法、计算公式、计算程序完成咨询工作", "岗位质量管理职责（5）"),
    ("数据引用、计算公式、计算数量、软件使用符合规定的咨询原则和有关规定，计算数字正确无误", "校核人员职责"),
    ("各分项内容一致、完整，无漏项", "校核人员职责"),
    ("过程资料已系统归纳整理和留存，支撑咨询结论的资料完整、准确", "岗位质量管理职责（5）"),
]
CHECK = [
    ("是否完成了咨询合同、实施方案规定的范围和深度", "专业负责人校核责任"),
    ("项目咨询采用的法规、规范、标准、计算方式、价格等依据是否正确、合理", "专业负责人校核责任"),
    ("对工程量进行逐项复核，工程量计算式是否正确、依据是否充分、上机结果与计算底稿是否一致", "专业负责人校核责任"),
    ("逐项复核定额套用或分析综合单价的组成是否正确", "专业负责人校核责任"),
    ("数据引用、计量单位、数据调整、数据汇总是否准确", "专业负责人校核责任"),
    ("咨询过程中形成的结论，其分析过程、记录、会议记要、取证等文件是否真实、完整和有效", "专业负责人校核责任"),
    ("对咨询项目中发现的复杂事项、重大分歧、以及对咨询结果有重大影响的问题，是否已如实说明", "专业负责人校核责任"),
]
VERIFY = [
    ("是否按照咨询合同、实施方案规定的内容和深度进行全面复核", "项目经理复核责任"),
    ("委托方提供的咨询资料是否完整、规范、合理，是否已办理资料交接清单", "岗位质量管理职责（3）"),
    ("是否按照实施方案拟定的原则、风险防范要点、计价依据等要素规范地开展咨询工作", "岗位质量管理职责（3）"),
    ("咨询过程中尚未排除的风险是否已如实反映，并在初步成果文件形成前加以解决", "岗位质量管理职责（3）"),
    ("校核提出的问题是否已逐条修改并复核", "项目经理复核责任"),
    ("初步咨询成果是否已按公司规定汇总成册", "岗位质量管理职责（3）"),
]
APPROVE = [
    ("咨询原则、依据、方法是否符合咨询合同的要求与有关规定", "审核人员职责"),
    ("基础数据、重要计算公式和计算方法以及软件使用是否正确，关键性的计算结果是否已检验", "审核人员职责"),
    ("咨询成果的内容是否齐全、无漏项", "审核人员职责"),
    ("采用的技术经济参数与标准是否恰当，计算与编制的原则、方法是否正确合理", "审核人员职责"),
    ("各专业的技术经济标准是否一致", "审核人员职责"),
    ("咨询成果说明是否规范，论述是否通顺，内容是否完整正确", "审核人员职责"),
    ("关键数据及相互关系是否已检查", "审核人员职责"),
]
PANEL = [
    ("专家评审组成员意见是否已全部收齐并充分讨论", "严格咨询程序制"),
    ("评审提出的重大问题是否已处理", "严格咨询程序制"),
    ("评审结论是否明确，以专家评审组审核意见为准", "严格咨询程序制"),
]
ISSUE = [
    ("三级复核程序完整，流程单各级签署齐全", "监管检查"),
    ("校审意见已全部处理并经原审签人复查", "三级审核制度"),
    ("成果文件可以出具", "工程咨询质量责任制"),
]
SELF_REVIEW = [
    ("编制负责人已按咨询工作流程完成编制并自审", "严格咨询程序制"),
    ("咨询方法、数据来源、分析论证完整可靠", "严格咨询程序制"),
    ("成果的内容与深度符合合同和有关规定", "严格咨询程序制"),
]
DEPARTMENT = [
    ("是否严格按工作流程对项目进行咨询研究", "严格咨询程序制"),
    ("采用的法规、规范、标准、数据等依据是否正确、合理", "严格咨询程序制"),
    ("结论是否明确，论证是否充分，提出的修改意见是否已落实", "严格咨询程序制"),
]
DETERMINE = [
    ("咨询原则、依据、方法是否符合咨询合同的要求与有关规定", "严格咨询程序制"),
    ("成果内容是否齐全、无漏项，说明是否规范", "严格咨询程序制"),
    ("结论与建议是否独立、公正、科学", "质量方针"),
]

# kind, title, role, alternate role, checklist, extras
THREE_LEVELS = [
    ("prepare", "自校", "cost_engineer", "", SELF_CHECK, {}),
    ("review", "校核", "discipline_lead", "", CHECK, {"is_exemptible": True}),
    ("review", "复核", "project_manager", "", VERIFY, {}),
    ("review", "审核", "technical_director", "", APPROVE, {"is_scored": True}),
]
FINAL = ("issue", "签发", "chief_engineer", "executive", ISSUE, {"needs_certificate": False})
FINAL_MAJOR = ("issue", "签发", "executive", "", ISSUE, {"needs_certificate": False})
EXPERT_PANEL = ("panel", "专家评审", "chief_engineer", "", PANEL, {"panel_size": 2})
ROUTES = {
    "three_levels": ("三级复核（校核 → 复核 → 审核 → 签发）", [*THREE_LEVELS, FINAL]),
    "three_levels_panel": (
        "三级复核＋专家评审（重大项目）",
        [*THREE_LEVELS, EXPERT_PANEL, FINAL_MAJOR],
    ),
    "consulting": (
        "工程咨询（自审 → 初审 → 审定 → 签发）",
        [
            ("prepare", "自审", "cost_engineer", "", SELF_REVIEW, {}),
            ("review", "初审", "technical_director", "", DEPARTMENT, {}),
            ("review", "审定", "chief_engineer", "", DETERMINE, {"is_scored": True}),
            FINAL_MAJOR,
        ],
    ),
}
DEFAULTS = [
    ("ordinary", "", "three_levels"),
    ("ordinary", "engineering_consulting", "consulting"),
    ("major", "", "three_levels_panel"),
]
LINE_CODES = {
    "bill_of_quantities": "QD", "tender_control_price": "KZJ", "budget": "YS", "bid_analysis": "BH",
    "settlement": "JS", "settlement_review": "JSSH", "whole_process": "QGC", "engineering_consulting": "GCZX",
}  # fmt: skip


def seed(apps, schema_editor):
    model = {name: apps.get_model("reviews", name) for name in
             ("Route", "Level", "ChecklistItem", "RouteDefault", "IssueNumberRule")}  # fmt: skip
    routes = {}
    for code, (title, levels) in ROUTES.items():
        routes[code] = model["Route"].objects.create(code=code, title=title)
        for order, (kind, name, role, alternate, checklist, extras) in enumerate(levels):
            level = model["Level"].objects.create(
                route=routes[code], order=order, kind=kind, title=name, role=role, alternate_role=alternate, **extras
            )
            model["ChecklistItem"].objects.bulk_create(
                model["ChecklistItem"](level=level, order=number, text=text, clause=clause)
                for number, (text, clause) in enumerate(checklist, start=1)
            )
    for importance, line, code in DEFAULTS:
        model["RouteDefault"].objects.create(importance=importance, business_line=line, route=routes[code])
    model["IssueNumberRule"].objects.create(line_codes=LINE_CODES)


def unseed(apps, schema_editor):
    for name in ("RouteDefault", "ChecklistItem", "Level", "Route", "IssueNumberRule"):
        apps.get_model("reviews", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]
    operations = [migrations.RunPython(seed, unseed)]
