"""Clients, disciplines, projects and teams (§2)."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from projects.choices import (
    BusinessLine,
    Confidentiality,
    ContractKind,
    Importance,
    Stage,
)
from staff.choices import ASSIGNABLE_ROLES, Action, Role
from staff.models import InForceQuerySet, Unit

# Amounts are in 元, to the cent. 15 digits are what SQLite keeps exactly; it could not read a longer one again.
MONEY = {"max_digits": 15, "decimal_places": 2, "null": True, "blank": True, "validators": [MinValueValidator(0)]}


class ClientQuerySet(models.QuerySet):
    def visible_to(self, user):
        """All clients for whoever may open projects; otherwise those of the projects that `user` sees."""
        if user.is_active and user.may(Action.CREATE_PROJECT):
            return self
        return self.filter(pk__in=Project.objects.visible_to(user).values("client"))

    def search(self, text: str):
        return self.filter(Q(name__icontains=text) | Q(contact__icontains=text) | Q(phone__contains=text))


class Client(models.Model):
    """A client (委托人)."""

    name = models.CharField("委托人名称", max_length=120, unique=True)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    email = models.EmailField("邮箱", blank=True)
    address = models.CharField("地址", max_length=200, blank=True)

    objects = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "委托人"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Discipline(models.Model):
    """A discipline (专业): 土建, 安装, 市政, 装饰, 园林 …"""

    code = models.CharField("代码", max_length=12, unique=True)
    name = models.CharField("名称", max_length=30, unique=True)
    order = models.PositiveSmallIntegerField("排序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "专业"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


def _units_seen(user, *, is_secret: bool) -> set[int] | None:
    """The units whose projects a person's posts open, told apart by confidentiality; None: those of all units."""
    everywhere = {Role.EXECUTIVE, Role.CHIEF_ENGINEER, Role.QUALITY_OFFICE}
    if not is_secret:
        everywhere |= {Role.ARCHIVIST, Role.AUDITOR}
    seen: set[int] = set()
    for role, units in user.reach:
        if units is None and role in everywhere:
            return None
        if units is not None and (role == Role.TECHNICAL_DIRECTOR or not is_secret):
            seen |= units
    return seen


def sees_all_projects(user) -> bool:
    """Whether a post opens every project of the firm: no need to look at each then."""
    return user.is_active and _units_seen(user, is_secret=True) is None


def _visible_projects(user) -> Q:
    """The condition behind `visible_to`, for whoever does not see all; as short as it can be, for it is asked a lot."""
    seen = Q(pk__in=Assignment.objects.in_force().filter(user=user).order_by().values("project"))
    if {role for role, _ in user.posts_today} != {Role.ADMINISTRATOR}:
        seen |= Q(confidentiality=Confidentiality.PUBLIC)
    open_units, secret_units = (_units_seen(user, is_secret=is_secret) for is_secret in (False, True))
    if secret_units:
        seen |= Q(unit__in=secret_units)  # who sees a unit's secrets sees the rest of it
    if open_units is None:
        return seen | ~Q(confidentiality=Confidentiality.SECRET)
    if open_units - secret_units:
        seen |= Q(unit__in=open_units) & ~Q(confidentiality=Confidentiality.SECRET)
    return seen


class ProjectQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Projects that `user` may see; for anybody else they do not exist (404).

        公开: everybody in the firm who works on business. 内部: the team, the posts of the unit and of the firm.
        秘密: the team, the unit's technical director, 质量办, 总工程师 and 管理层. The administrator sees none by that post.
        """
        if not user.is_active:
            return self.none()
        return self if sees_all_projects(user) else self.filter(_visible_projects(user))

    def search(self, text: str):
        return self.filter(
            Q(number__icontains=text)
            | Q(name__icontains=text)
            | Q(client__name__icontains=text)
            | Q(contract_number__icontains=text)
        )


class Project(models.Model):
    """A consulting project of one unit for one client."""

    number = models.CharField("项目编号", max_length=40, unique=True)
    name = models.CharField("项目名称", max_length=160)
    client = models.ForeignKey(Client, verbose_name="委托人", on_delete=models.PROTECT, related_name="projects")
    unit = models.ForeignKey(Unit, verbose_name="承办单位", on_delete=models.PROTECT, related_name="projects")
    business_line = models.CharField("业务类型", max_length=30, choices=BusinessLine)
    importance = models.CharField("重要程度", max_length=10, choices=Importance, default=Importance.ORDINARY)
    confidentiality = models.CharField(
        "密级", max_length=10, choices=Confidentiality, default=Confidentiality.INTERNAL
    )
    stage = models.CharField("所处阶段", max_length=12, choices=Stage, default=Stage.INITIATION)
    contract_number = models.CharField("合同编号", max_length=60, blank=True)
    contract_kind = models.CharField("合同类别", max_length=10, choices=ContractKind, default=ContractKind.MAIN)
    contract_amount = models.DecimalField("工程合同金额（元）", **MONEY)
    fee = models.DecimalField("咨询服务费（元）", **MONEY)
    contract_signed_on = models.DateField("合同签订日期", null=True, blank=True)
    submitted_amount = models.DecimalField("送审金额（元）", **MONEY)
    goal = models.TextField("项目目标", blank=True)
    scope = models.TextField("服务范围", blank=True)
    planned_start_on = models.DateField("计划开始", null=True, blank=True)
    planned_finish_on = models.DateField("计划完成", null=True, blank=True)
    actual_start_on = models.DateField("实际开始", null=True, blank=True)
    actual_finish_on = models.DateField("实际完成", null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="建档人", on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField("建档时间", default=timezone.now, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "项目"
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                name="project_planned_dates_in_order",
                condition=Q(planned_start_on__isnull=True)
                | Q(planned_finish_on__isnull=True)
                | Q(planned_finish_on__gte=F("planned_start_on")),
                violation_error_message="计划完成日期不能早于计划开始日期。",
            ),
            models.CheckConstraint(
                name="project_actual_dates_in_order",
                condition=Q(actual_start_on__isnull=True)
                | Q(actual_finish_on__isnull=True)
                | Q(actual_finish_on__gte=F("actual_start_on")),
                violation_error_message="实际完成日期不能早于实际开始日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def is_secret(self) -> bool:
        """秘密: what is said about it outside the house is that there is something to read, and no more."""
        return self.confidentiality == Confidentiality.SECRET


class Assignment(models.Model):
    """A person's role on a project (for a discipline where the role has one), from one day to another."""

    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, related_name="assignments")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="人员", on_delete=models.PROTECT, related_name="assignments"
    )
    role = models.CharField("角色", max_length=24, choices=[(r.value, r.label) for r in ASSIGNABLE_ROLES])
    discipline = models.ForeignKey(
        Discipline, verbose_name="专业", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_deputy = models.BooleanField("代理", default=False)
    reason = models.CharField("事由", max_length=200, blank=True)
    starts_on = models.DateField("起", default=timezone.localdate)
    ends_on = models.DateField("止", null=True, blank=True)

    objects = InForceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "项目组成员"
        ordering = ["role", "starts_on", "pk"]
        indexes = [models.Index(fields=["user", "starts_on", "ends_on"], name="assignment_of_person")]
        constraints = [
            models.CheckConstraint(
                name="assignment_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
            models.UniqueConstraint(
                fields=["project", "user", "role", "discipline"],
                condition=Q(ends_on__isnull=True),
                name="assignment_open_once",
            ),
            models.UniqueConstraint(
                fields=["project", "user", "role"],
                condition=Q(ends_on__isnull=True, discipline__isnull=True),
                name="assignment_open_once_no_discipline",
            ),
            models.CheckConstraint(
                name="assignment_discipline_where_needed",
                condition=~Q(role__in=[Role.DISCIPLINE_LEAD, Role.COST_ENGINEER]) | Q(discipline__isnull=False),
                violation_error_message="专业负责人和造价工程师须指明专业。",
            ),
        ]

    def __str__(self) -> str:
        where = f"{self.discipline}" if self.discipline_id else ""
        return f"{self.user} · {where}{self.get_role_display()}"
