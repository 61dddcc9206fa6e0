"""Action items (待办事项): who does what until when, carried from meeting to meeting until they are closed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from meetings.choices import UNCLOSED, ActionState
from meetings.models.meetings import SUBJECT, Meeting
from meetings.models.minutes import AgendaItem
from meetings.models.parties import LONGEST, PERSON, Contact
from projects.models import Project


class ActionItemQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whoever sees the meeting, or owns the item."""
        if not user.is_active:
            return self.none()
        meetings = Meeting.objects.visible_to(user).order_by().values("pk")
        return self.filter(Q(owner=user) | Q(meeting__in=meetings))

    def unclosed(self):
        return self.filter(state__in=UNCLOSED)


class ActionItem(models.Model):
    """One thing to be done, with an owner inside or outside and a due date, which is a clock with reminders. For an owner
    outside, whoever organised the meeting answers for it in the system."""

    number = models.CharField("编号", max_length=20, unique=True)
    project = models.ForeignKey(Project, verbose_name="项目", related_name="action_items", **SUBJECT)
    meeting = models.ForeignKey(Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="action_items")
    agenda_item = models.ForeignKey(AgendaItem, verbose_name="议题", related_name="action_items", **SUBJECT)
    text = models.CharField("待办事项", max_length=300)
    owner = models.ForeignKey(
        verbose_name="负责人", null=True, blank=True, **{**PERSON, "related_name": "action_items"}
    )
    owner_contact = models.ForeignKey(Contact, verbose_name="外单位负责人", related_name="action_items", **SUBJECT)
    due_on = models.DateField("完成期限")
    state = models.CharField("状态", max_length=8, choices=ActionState, default=ActionState.OPEN)
    turn = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(verbose_name="登记人", editable=False, **PERSON)
    created_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    done_note = models.TextField("完成情况", max_length=LONGEST, blank=True)
    done_by = models.ForeignKey(verbose_name="报完成人", null=True, blank=True, **PERSON)
    done_at = models.DateTimeField("报完成时间", null=True, blank=True)
    closed_by = models.ForeignKey(verbose_name="关闭人", null=True, blank=True, **PERSON)
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True)
    close_note = models.CharField("关闭（取消）说明", max_length=300, blank=True)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "会议待办"
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["state", "due_on"], name="action_item_by_due")]
        constraints = [
            models.CheckConstraint(
                name="action_item_one_owner",
                condition=Q(owner__isnull=False, owner_contact__isnull=True)
                | Q(owner__isnull=True, owner_contact__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.text}"


class CarriedItem(models.Model):
    """An action item on the table of a later meeting, and what was said about it there."""

    meeting = models.ForeignKey(Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="carried_items")
    action_item = models.ForeignKey(ActionItem, verbose_name="待办", on_delete=models.PROTECT, related_name="carried")
    note = models.CharField("进展", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "结转待办"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["meeting", "action_item"], name="carried_once")]

    def __str__(self) -> str:
        return f"{self.meeting.number} {self.action_item}"
