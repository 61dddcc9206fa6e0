from django.apps import AppConfig


class LessonsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "lessons"
    verbose_name = "错误库"

    def ready(self):
        from ledger import labels

        labels.register({
            "checklist.propose": "建议补充核查清单",
            "checklist.accept": "采纳核查清单建议",
            "checklist.refuse": "不采纳核查清单建议",
        })  # fmt: skip
