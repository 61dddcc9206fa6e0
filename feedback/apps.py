from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "feedback"
    verbose_name = "投诉举报"

    def ready(self):
        """Tell the floors below our words, how a clock finds its people, and our evidence."""
        from deadlines import scopes
        from feedback import clocks
        from feedback.choices import ComplaintAct
        from feedback.verification import complaints_match
        from ledger import checks, labels

        labels.register({f"complaint.{act.value}": f"投诉举报：{act.label}" for act in ComplaintAct})
        labels.register({
            "complaint.about_add": "投诉举报：登记回避人员",
            "complaint.about_end": "投诉举报：撤销回避登记",
            "complaint.named_add": "投诉举报：指定可查看举报人身份的人员",
            "complaint.named_end": "投诉举报：撤销查看举报人身份",
            "complaint.sender_viewed": "投诉举报：查看举报人身份",
        })  # fmt: skip
        scopes.register(clocks.scope())
        checks.register(complaints_match)
