from django.apps import AppConfig

LEDGER_WORDS = {
    "client.create": "登记委托人",
    "client.update": "修改委托人资料",
    "project.create": "项目建档",
    "project.update": "修改项目资料",
    "assignment.start": "加入项目组",
    "assignment.end": "结束项目组任职",
    "deliverable.create": "新建成果文件",
    "deliverable.update": "修改成果文件资料",
    "version.update": "修改金额与说明",
    "attachment.add": "上传文件",
    "attachment.remove": "移除文件",
    "risk.register": "登记风险",
    "risk.escalate": "上报风险",
    "risk.settle": "处理风险",
    "inquiry.register": "登记委托人询问",
    "inquiry.answer": "答复委托人询问",
    "urgent.register": "登记紧急支援",
    "urgent.close": "登记紧急支援到岗",
    "handover.create": "建立资料清单",
    "handover.update": "修改资料清单",
    "handover.remove": "删除空的资料清单",
    "handover.item_add": "登记交接资料",
    "handover.item_update": "修改交接资料",
    "handover.item_remove": "移除交接资料",
    "handover.complete": "登记资料齐全",
    "handover.reopen": "撤销资料齐全",
    "handover.return": "归还资料",
    "handover.keep": "登记经同意留存的资料",
}


class ProjectsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "projects"
    verbose_name = "项目"

    def ready(self):
        """Tell the floors below our words, and how a clock finds its people on a project."""
        from deadlines import scopes
        from ledger import checks, labels
        from projects import clocks
        from projects.verification import completions_match

        labels.register(LEDGER_WORDS)
        checks.register(completions_match)
        scopes.register(clocks.scope())
