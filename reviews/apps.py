from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "reviews"
    verbose_name = "三级复核"

    def ready(self):
        from ledger import checks
        from reviews.verification import evidence_problems

        checks.register(evidence_problems)
