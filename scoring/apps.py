from django.apps import AppConfig


class ScoringConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "scoring"
    verbose_name = "评分"

    def ready(self):
        from ledger import labels

        labels.register(
            {
                "standard.copy": "复制评分标准",
                "standard.edit": "修改评分标准草稿",
                "standard.publish": "发布评分标准",
                "standard.discard": "删除评分标准草稿",
            }
        )
