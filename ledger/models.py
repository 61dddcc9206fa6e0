from django.conf import settings
from django.db import models


class EntryQuerySet(models.QuerySet):
    def about(self, subject: models.Model):
        """The entries of one record, oldest first."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk).order_by("number")

    def within(self, scope: models.Model):
        """The entries of all that belongs to one record (for example everything of a project)."""
        return self.filter(scope_type=scope._meta.label_lower, scope_id=scope.pk).order_by("number")


class Entry(models.Model):
    """One row of the evidence chain (证据链, §11). Written by `ledger.services.record` only; never changed or deleted.

    `data` is the canonical JSON text whose bytes went into `hash`: a JSON column would re-order it.
    """

    number = models.BigIntegerField("序号", primary_key=True)
    at = models.DateTimeField("时间", db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="经办人", null=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_name = models.CharField("经办人姓名", max_length=80)
    action = models.CharField("事项", max_length=40, db_index=True)
    subject_type = models.CharField("对象类别", max_length=60)
    subject_id = models.BigIntegerField("对象编号")
    subject_label = models.CharField("对象", max_length=200)
    scope_type = models.CharField("所属类别", max_length=60, blank=True)
    scope_id = models.BigIntegerField("所属编号", null=True)
    data = models.TextField("内容")
    previous_hash = models.CharField("前一行哈希", max_length=64, unique=True)
    hash = models.CharField("本行哈希", max_length=64, unique=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "证据链"
        ordering = ["number"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "number"], name="entry_subject"),
            models.Index(fields=["scope_type", "scope_id", "number"], name="entry_scope"),
            models.Index(fields=["actor", "number"], name="entry_actor"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.action} {self.subject_label}"
