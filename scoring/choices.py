from django.db import models


class Purpose(models.TextChoices):
    DELIVERABLE = "deliverable", "成果文件（审核评分）"
