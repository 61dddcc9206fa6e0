from django.db import models


class Purpose(models.TextChoices):
    """What a standard scores. One version of each is in force."""

    DELIVERABLE = "deliverable", "成果文件（审核评分）"
    INSPECTION = "inspection", "项目质量检查"
    UNIT_INSPECTION = "unit_inspection", "单位质量检查"
