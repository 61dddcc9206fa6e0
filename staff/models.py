"""People: units as a tree, users, dated posts, practising certificates (《domain》§1)."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from staff import permissions
from staff.choices import Action, CertificateKind, Role


class Unit(models.Model):
    """A unit (下属单位) of the firm, or the firm itself at the root of the tree."""

    name = models.CharField("单位名称", max_length=80, unique=True)
    code = models.CharField("单位代码", max_length=12, unique=True, help_text="用于编号，如 ZJ1。")
    parent = models.ForeignKey(
        "self", verbose_name="上级单位", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def lineage_ids(self) -> list[int]:
        """Ids of this unit and of every unit above it."""
        parents = dict(Unit.objects.values_list("pk", "parent_id"))
        found: list[int] = []
        current = self.pk
        while current is not None and current not in found:
            found.append(current)
            current = parents.get(current)
        return found


def units_by_parent() -> dict[int | None, list[int]]:
    """Ids of the units directly below each unit; the roots under None."""
    children: dict[int | None, list[int]] = {}
    for pk, parent_id in Unit.objects.order_by().values_list("pk", "parent_id"):
        children.setdefault(parent_id, []).append(pk)
    return children


def unit_and_descendants(unit_ids) -> set[int]:
    """Ids of the given units and of all units below them."""
    return _below(unit_ids, units_by_parent())


def _below(unit_ids, children: dict[int | None, list[int]]) -> set[int]:
    found, queue = set(), list(unit_ids)
    while queue:
        current = queue.pop()
        if current not in found:
            found.add(current)
            queue.extend(children.get(current, []))
    return found


class UserManager(BaseUserManager):
    def get_by_natural_key(self, username):
        return self.get(employee_number=username)


class UserQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)

    def search(self, text: str):
        return self.filter(Q(name__icontains=text) | Q(employee_number__icontains=text))


def signature_path(instance: "User", filename: str) -> str:
    """Random name: a client's file name is never trusted."""
    return f"signatures/{get_random_string(32)}.png"


class User(AbstractBaseUser):
    """A person of the firm, who logs in with the employee number (工号)."""

    employee_number = models.CharField("工号", max_length=20, unique=True)
    name = models.CharField("姓名", max_length=40)
    unit = models.ForeignKey(Unit, verbose_name="所在单位", on_delete=models.PROTECT, related_name="users")
    phone = models.CharField("手机", max_length=20, blank=True)
    email = models.EmailField("邮箱", blank=True)
    job_title = models.CharField("职称", max_length=40, blank=True)
    signature_image = models.FileField("签名图片", upload_to=signature_path, blank=True)
    is_active = models.BooleanField("在职", default=True)
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)
    created_at = models.DateTimeField("建档时间", default=timezone.now, editable=False)

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "employee_number"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "人员"
        ordering = ["employee_number"]

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def company_roles(self) -> frozenset[str]:
        """Roles held today for the whole firm; read once per request."""
        return frozenset(role for role, unit_id in self.posts_today if unit_id is None)

    @property
    def posts_today(self) -> tuple[tuple[str, int | None], ...]:
        """(role, unit id or None) of each post in force today, cached on the instance."""
        if not hasattr(self, "_posts_today"):
            self._posts_today = tuple(self.posts.in_force().values_list("role", "unit_id"))
        return self._posts_today

    @property
    def reach(self) -> tuple[tuple[str, frozenset[int] | None], ...]:
        """(role, ids of the units where it counts: its own and those below; None: the firm) of each post in force today,
        cached on the instance: a page asks for it many times."""
        if not hasattr(self, "_reach"):
            has_units = any(unit_id for _, unit_id in self.posts_today)
            children = units_by_parent() if has_units else {}
            self._reach = tuple(
                (role, None if unit_id is None else frozenset(_below([unit_id], children)))
                for role, unit_id in self.posts_today
            )
        return self._reach

    def may(self, action: Action) -> bool:
        """Whether a post of this person, wherever held, grants `action`. For menus and company-wide pages."""
        return self.is_active and permissions.allows(action, {role for role, _ in self.posts_today})

    # The admin site holds reference data only; it is the administrator's.
    @property
    def is_staff(self) -> bool:
        return self.may(Action.CONFIGURE)

    def has_perm(self, perm, obj=None) -> bool:
        return self.may(Action.CONFIGURE)

    def has_module_perms(self, app_label) -> bool:
        return self.may(Action.CONFIGURE)


class InForceQuerySet(models.QuerySet):
    """For rows that hold from one day to another, both included."""

    def in_force(self, on=None):
        on = on or timezone.localdate()
        return self.filter(starts_on__lte=on).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))


class Post(models.Model):
    """A role held by a person for the firm (unit empty) or for one unit, from one day to another."""

    user = models.ForeignKey(User, verbose_name="人员", on_delete=models.PROTECT, related_name="posts")
    role = models.CharField("岗位", max_length=24, choices=Role)
    unit = models.ForeignKey(
        Unit,
        verbose_name="单位",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="posts",
        help_text="公司级岗位留空。",
    )
    starts_on = models.DateField("起", default=timezone.localdate)
    ends_on = models.DateField("止", null=True, blank=True)

    objects = InForceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        ordering = ["-starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="post_ends_after_start", condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.title}"

    @property
    def title(self) -> str:
        """公司 · 质量办, 造价一所 · 单位技术负责人."""
        return f"{self.unit.name if self.unit else '公司'} · {self.get_role_display()}"


class CertificateQuerySet(models.QuerySet):
    def valid(self, on=None):
        on = on or timezone.localdate()
        return self.filter(expires_on__gte=on)


class Certificate(models.Model):
    """A practising certificate (执业资格). Signing with none in force is refused [D]."""

    user = models.ForeignKey(User, verbose_name="人员", on_delete=models.CASCADE, related_name="certificates")
    kind = models.CharField("类别", max_length=24, choices=CertificateKind)
    number = models.CharField("证书编号", max_length=40, unique=True)
    expires_on = models.DateField("有效期至")

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "执业证书"
        ordering = ["kind", "-expires_on"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
