"""The units that take part in a project (参建单位) and their people, kept once per project."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from meetings.choices import PartyKind
from projects.models import Project

PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}
LONGEST = 10_000
# Our own people are users; they have posts and assignments.
OUTSIDE_KINDS = [(kind.value, kind.label) for kind in PartyKind if kind != PartyKind.OWN]


class Party(models.Model):
    """One unit that takes part in one project."""

    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, related_name="parties")
    kind = models.CharField("单位性质", max_length=16, choices=OUTSIDE_KINDS)
    name = models.CharField("单位名称", max_length=100)
    is_active = models.BooleanField("在册", default=True)
    created_by = models.ForeignKey(verbose_name="登记人", editable=False, **PERSON)
    created_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "参建单位"
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="party_once", violation_error_message="该单位已登记在本项目中。"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """Somebody of a participating unit. No account: invited by mail, signs in and receives by link."""

    party = models.ForeignKey(Party, verbose_name="参建单位", on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField("姓名", max_length=40)
    position = models.CharField("职务", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    email = models.EmailField("邮箱", max_length=120, blank=True)
    # Gets invitations and minutes for the unit.
    is_main = models.BooleanField("单位联系人", default=False)
    is_active = models.BooleanField("在册", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "参建单位联系人"
        ordering = ["-is_main", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["party", "name", "phone"], name="contact_once"),
            models.UniqueConstraint(
                fields=["party"], condition=Q(is_main=True, is_active=True), name="contact_one_main"
            ),
        ]

    def __str__(self) -> str:
        return self.name
