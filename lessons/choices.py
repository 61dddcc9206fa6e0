from django.db import models


class ProposalState(models.TextChoices):
    PROPOSED = "proposed", "待审定"
    ACCEPTED = "accepted", "已采纳"
    REFUSED = "refused", "不采纳"
