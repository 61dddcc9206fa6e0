"""Excel exports of projects: what the list shows and more, with the filters of its page in the head."""

from collections.abc import Iterable, Sequence

from projects.models import Project
from staff.spreadsheets import spreadsheet_response

PROJECT_COLUMNS = [
    ("项目编号", 16), ("项目名称", 36), ("委托人", 30), ("承办单位", 16), ("业务类型", 18), ("重要程度", 10), ("密级", 8),
    ("所处阶段", 14), ("项目经理", 14), ("合同编号", 18), ("合同类别", 10), ("工程合同金额（元）", 20), ("咨询服务费（元）", 18),
    ("合同签订日期", 14), ("送审金额（元）", 20), ("计划开始", 12), ("计划完成", 12), ("实际开始", 12), ("实际完成", 12),
]  # fmt: skip


def _project_row(project: Project) -> list:
    return [
        project.number,
        project.name,
        project.client.name,
        project.unit.name,
        project.get_business_line_display(),
        project.get_importance_display(),
        project.get_confidentiality_display(),
        project.get_stage_display(),
        "、".join(assignment.user.name for assignment in project.managers),
        project.contract_number,
        project.get_contract_kind_display(),
        project.contract_amount,
        project.fee,
        project.contract_signed_on,
        project.submitted_amount,
        project.planned_start_on,
        project.planned_finish_on,
        project.actual_start_on,
        project.actual_finish_on,
    ]


def projects_response(projects: Iterable[Project], filters: Sequence[str]):
    """The projects (from `queries.project_rows`) as an xlsx download. `filters` are words for its head."""
    note = "筛选条件：" + ("；".join(filters) or "无")
    return spreadsheet_response("项目清单", PROJECT_COLUMNS, map(_project_row, projects), notes=["项目清单", note])
