"""Reads of people and units that more than one page needs."""

from datetime import date, timedelta

from django.db.models import Prefetch, Q
from django.utils import timezone

from staff.models import Certificate, Post, Unit, User, unit_and_descendants

CERTIFICATE_WARNING = timedelta(days=90)


def people(*, q: str = "", unit: Unit | None = None, role: str = "", active: str = "yes"):
    """People as the list shows them, posts in force and certificates loaded. `unit` includes the units below it;
    `active` is yes, no or all."""
    found = User.objects.select_related("unit").prefetch_related(
        Prefetch("posts", Post.objects.in_force().select_related("unit"), to_attr="posts_in_force"), "certificates"
    )
    if q:
        found = found.filter(Q(name__icontains=q) | Q(employee_number__icontains=q) | Q(phone__contains=q))
    if unit:
        found = found.filter(unit__in=unit_and_descendants([unit.pk]))
    if role:
        found = found.filter(pk__in=Post.objects.in_force().filter(role=role).values("user"))
    if active in ("yes", "no"):
        found = found.filter(is_active=active == "yes")
    return found


def certificate_state(certificate: Certificate, today: date | None = None) -> tuple[str, str]:
    """(kind of badge, words) of a certificate today: 有效, 剩 N 天 within 90 days, 已过期."""
    left = (certificate.expires_on - (today or timezone.localdate())).days
    if left < 0:
        return "overdue", "已过期"
    if left <= CERTIFICATE_WARNING.days:
        return "returned", f"剩 {left} 天到期"
    return "signed", "有效"


def unit_tree() -> list[Unit]:
    """All units from the root down, each with its `depth` and number of active people (`head_count`)."""
    units = list(Unit.objects.all())
    counts: dict[int, int] = {}
    for unit_id in User.objects.active().values_list("unit_id", flat=True):
        counts[unit_id] = counts.get(unit_id, 0) + 1
    children: dict[int | None, list[Unit]] = {}
    for unit in units:
        unit.head_count = counts.get(unit.pk, 0)
        children.setdefault(unit.parent_id, []).append(unit)
    return list(_walk(children, None, 0))


def _walk(children: dict[int | None, list[Unit]], parent_id: int | None, depth: int):
    for unit in children.get(parent_id, []):
        unit.depth = depth
        yield unit
        yield from _walk(children, unit.pk, depth + 1)
