from django.apps import AppConfig


class LessonsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "lessons"
    verbose_name = "错误库"

    def ready(self):
        from ledger import checks, labels
        from lessons.verification import proposals_match

        labels.register({
            "checklist.propose": "建议补充核查清单",
            "checklist.accept": "采纳核查清单建议",
            "checklist.refuse": "不采纳核查清单建议",
        })  # fmt: skip
        checks.register(proposals_match)
