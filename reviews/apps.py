from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "reviews"
    verbose_name = "三级复核"

    def ready(self):
        """Tell the floors below our words, our open duties and our evidence."""
        from ledger import checks, labels
        from reviews.choices import Act
        from reviews.queries import duties_before_leaving
        from reviews.verification import evidence_problems
        from staff import duties

        labels.register({f"review.{act.value}": act.label for act in Act})
        labels.register({"review.recheck": "复查意见", "review.nudge": "催办", "project.route": "选定审签路线",
                         "checklist.add": "增加核查清单条目"})  # fmt: skip
        duties.register(duties_before_leaving)
        checks.register(evidence_problems)
