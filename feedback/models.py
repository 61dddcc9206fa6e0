"""Complaints and reports (投诉 / 举报, domain.md §9): what was told, by whom in a table of its own, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from feedback.choices import (
    ENDED,
    ON_FILE,
    ComplaintAct,
    ComplaintChannel,
    ComplaintKind,
    ComplaintState,
    Verdict,
)
from projects.models import Project
from staff.choices import Action
from staff.models import Unit

PERSON = {"on_delete": models.PROTECT, "related_name": "+"}
LONGEST = 5000


class ComplaintQuerySet(models.QuerySet):
    def visible_to(self, user):
        """质量办 (but for what is about itself), 管理层 and the people named; never whoever it is about."""
        if not user.is_active:
            return self.none()
        seen = Q(pk__in=Named.objects.in_force().filter(user=user).values("complaint"))
        if user.may(Action.SEE_REPORTER):
            seen |= Q(pk__gt=0)
        elif user.may(Action.HANDLE_COMPLAINTS):
            seen |= Q(is_about_office=False)
        about = AboutPerson.objects.in_force().filter(user=user).values("complaint")
        return self.filter(seen).exclude(pk__in=about)

    def live(self):
        return self.exclude(state__in=ENDED)

    def on_file(self):
        """Accepted, and not found untrue: what may set off a 专项稽查 [S]."""
        return self.filter(state__in=ON_FILE).exclude(verdict=Verdict.UNFOUNDED)

    def search(self, text: str):
        return self.filter(Q(number__icontains=text) | Q(subject__icontains=text) | Q(concerns__icontains=text))


class Complaint(models.Model):
    """One complaint or report. Who sent it stands in `Sender` alone; its words stand in no ledger row and no message."""

    kind = models.CharField("类别", max_length=10, choices=ComplaintKind)
    number = models.CharField("编号", max_length=20, unique=True)
    subject = models.CharField("标题", max_length=100)
    body = models.TextField("内容", max_length=LONGEST)
    concerns = models.CharField("涉及的项目、部门", max_length=200, blank=True)
    # The sender says so; 质量办 does not see it then, 管理层 handles it.
    is_about_office = models.BooleanField("涉及质量办人员", default=False)
    channel = models.CharField("来源", max_length=8, choices=ComplaintChannel)
    is_anonymous = models.BooleanField("匿名")
    code_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    received_at = models.DateTimeField("收到时间")
    registered_at = models.DateTimeField("登记时间", default=timezone.now)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="登记人", null=True, blank=True, **PERSON)
    project = models.ForeignKey(
        Project, verbose_name="涉及项目", null=True, blank=True, on_delete=models.PROTECT, related_name="complaints"
    )
    unit = models.ForeignKey(Unit, verbose_name="涉及单位", null=True, blank=True, **PERSON)
    state = models.CharField("状态", max_length=14, choices=ComplaintState, default=ComplaintState.PENDING)
    # How often it has moved: a page carries the turn that it was drawn for.
    turn = models.PositiveIntegerField(default=0, editable=False)
    refusal = models.TextField("不予受理理由", max_length=LONGEST, blank=True)
    finding = models.TextField("调查情况", max_length=LONGEST, blank=True)
    cause = models.TextField("原因", max_length=LONGEST, blank=True)
    verdict = models.CharField("调查结论", max_length=10, choices=Verdict, blank=True)
    verdict_on = models.DateField("结论日期", null=True, blank=True)
    disposition = models.TextField("处理情况", max_length=LONGEST, blank=True)
    feedback = models.TextField("反馈内容", max_length=LONGEST, blank=True)
    last_actor = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="经办人", null=True, blank=True, **PERSON)
    last_act = models.CharField("最近办理", max_length=12, choices=ComplaintAct, default=ComplaintAct.RECEIVE)
    last_acted_at = models.DateTimeField("办理时间", default=timezone.now)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "投诉举报"
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "received_at"], name="complaint_by_state"),
            models.Index(fields=["verdict", "verdict_on"], name="complaint_by_verdict"),
        ]
        constraints = [
            models.CheckConstraint(
                name="complaint_refused_with_reason", condition=~Q(state=ComplaintState.REFUSED) | ~Q(refusal="")
            ),
            models.CheckConstraint(
                name="complaint_verdict_dated",
                condition=Q(verdict="", verdict_on__isnull=True) | (~Q(verdict="") & Q(verdict_on__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        # The number and nothing else: this is what the ledger, the clocks and the messages call it.
        return self.number

    @property
    def is_on_file(self) -> bool:
        """As `on_file` of the query set."""
        return self.state in ON_FILE and self.verdict != Verdict.UNFOUNDED

    @property
    def owes_disposition(self) -> bool:
        """Something was so, and nothing that was done about it is on record: nobody is answered before."""
        is_so = self.state == ComplaintState.HANDLING and self.verdict != Verdict.UNFOUNDED
        return is_so and not self.disposition


class Counter(models.Model):
    """The last number given in a series (TS-2026)."""

    series = models.CharField(max_length=12, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "投诉举报编号"

    def __str__(self) -> str:
        return self.series


class Sender(models.Model):
    """Who sent it. Read by `services.view_sender` alone, which leaves a row; no list, export or message touches it."""

    complaint = models.OneToOneField(
        Complaint, verbose_name="投诉举报", on_delete=models.PROTECT, related_name="sender"
    )
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("电话", max_length=30, blank=True)
    email = models.EmailField("邮箱", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "投诉举报人"

    def __str__(self) -> str:
        # Never the name: this is what debug pages and logs would show.
        return f"投诉举报人（{self.complaint_id}）"


def attachment_path(instance: "ComplaintFile", filename: str) -> str:
    """Random name: a sender's file name never reaches the disk."""
    return f"complaints/{timezone.now():%Y%m}/{get_random_string(40)}"


class ComplaintFile(models.Model):
    """A file that came with a complaint. Its own name is not kept: it may tell who sent it."""

    complaint = models.ForeignKey(Complaint, verbose_name="投诉举报", on_delete=models.PROTECT, related_name="files")
    file = models.FileField("文件", upload_to=attachment_path, max_length=120)
    name = models.CharField("文件名", max_length=60)
    content_type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("大小（字节）")
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "投诉举报附件"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """What was done about a complaint, in the words of whoever did it. Append-only."""

    complaint = models.ForeignKey(Complaint, verbose_name="投诉举报", on_delete=models.PROTECT, related_name="steps")
    turn = models.PositiveIntegerField()
    act = models.CharField("事项", max_length=12, choices=ComplaintAct)
    state = models.CharField("状态", max_length=14, choices=ComplaintState)
    text = models.TextField("内容", blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="经办人", null=True, blank=True, **PERSON)
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "办理记录"
        ordering = ["turn"]
        constraints = [models.UniqueConstraint(fields=["complaint", "turn"], name="complaint_step_once")]

    def __str__(self) -> str:
        return f"{self.complaint} {self.get_act_display()}"


class InForceQuerySet(models.QuerySet):
    def in_force(self):
        return self.filter(ended_at__isnull=True)


class _PersonRow(models.Model):
    """A person set beside a complaint by somebody, from one instant to another."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="人员", **PERSON)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="登记人", **PERSON)
    set_at = models.DateTimeField("登记时间", default=timezone.now)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name="撤销人", null=True, blank=True, **PERSON)
    ended_at = models.DateTimeField("撤销时间", null=True, blank=True)

    objects = InForceQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.complaint} · {self.user}"


class AboutPerson(_PersonRow):
    """Somebody whom a complaint is about: sees nothing of it, whatever their post (回避)."""

    complaint = models.ForeignKey(
        Complaint, verbose_name="投诉举报", on_delete=models.PROTECT, related_name="about_people"
    )

    class Meta:
        verbose_name = verbose_name_plural = "被投诉举报人"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "user"], condition=Q(ended_at__isnull=True), name="about_person_once"
            )
        ]


class Named(_PersonRow):
    """Somebody whom 管理层 allows to see the complaint and who sent it."""

    complaint = models.ForeignKey(Complaint, verbose_name="投诉举报", on_delete=models.PROTECT, related_name="named")

    class Meta:
        verbose_name = verbose_name_plural = "可查看举报人身份的人员"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "user"], condition=Q(ended_at__isnull=True), name="named_person_once"
            )
        ]
