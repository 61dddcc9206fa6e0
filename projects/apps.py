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
}


class ProjectsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "projects"
    verbose_name = "项目"

    def ready(self):
        from ledger import labels

        labels.register(LEDGER_WORDS)
