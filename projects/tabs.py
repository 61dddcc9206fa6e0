"""The parts of a project's pages. 成果文件, 参建单位, 会议, 检查 and 历程 are served by floors above, so they are only names here."""

from django.urls import reverse


def project_tabs(project, active: str) -> list[dict]:
    """Tabs of a project from `queries.projects_with_counts`; `active` is the URL name of the present page."""
    names = {
        "projects:detail": ("概况", 0),
        "reviews:project_deliverables": ("成果文件", 0),
        "projects:team": ("项目组", 0),
        "projects:handovers": ("资料交接", project.open_handovers),
        "projects:deadlines": ("时限", project.open_deadlines),
        "projects:inquiries": ("委托人询问", project.open_inquiries + project.open_urgent),
        "projects:risks": ("风险", project.open_risks),
        "meetings:parties": ("参建单位", 0),
        "meetings:project_meetings": ("会议", 0),
        "inspections:project_inspections": ("检查", 0),
        "inspections:project_history": ("历程", 0),
    }
    return [
        {"title": title, "url": reverse(name, args=[project.pk]), "is_active": name == active, "count": count}
        for name, (title, count) in names.items()
    ]
