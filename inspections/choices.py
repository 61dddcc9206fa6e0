from django.db import models


class Kind(models.TextChoices):
    """The ways of supervision that are planned (监管方式) [S]. 专项稽查 has no plan: it needs a trigger on file."""

    REGULAR = "regular", "定期检查"
    IRREGULAR = "irregular", "不定期检查"
    SPOT_CHECK = "spot_check", "抽查"


class PlanState(models.TextChoices):
    DRAFT = "draft", "草稿"
    IN_FORCE = "in_force", "执行中"
    ENDED = "ended", "已结束"
