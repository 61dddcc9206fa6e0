from django.db import models


class Kind(models.TextChoices):
    SENT_BACK = "sent_back", "退回"
    VOIDED = "voided", "轮次作废"
    WITHDRAWN = "withdrawn", "撤回"
    TO_DO = "to_do", "待办"
    HANDED_OVER = "handed_over", "环节移交"
    ISSUED = "issued", "签发"
    RISK = "risk", "风险上报"
