"""系统管理员: what would stop the firm's chains, and the heads of the evidence chain. People and counts, no business."""

from datetime import timedelta

from django.db.models import Count, Exists, Max, OuterRef, Sum
from django.utils import timezone

from dashboards.blocks.base import SHORT, Block
from dashboards.blocks.evidence import head_export
from ledger.services import head
from reviews.models import Level, Round, Seat
from staff.models import Certificate, User

CERTIFICATE_WARNING = timedelta(days=60)


def health(user) -> Block:
    """Each finding with its number and the first people concerned."""
    findings = [
        _people("审签人缺有效证书", _signers_without_certificate(), "签署时将被拒绝，请登记或更新证书。", "overdue"),
        _people("证书 60 天内到期", _expiring_certificates(), "请提醒本人办理延续注册。", "returned"),
        _people("停用者仍占席位", _disabled_holders(), "由项目经理移交给在职人员后，流程才能继续。", "overdue"),
        _people("无手机和邮箱", _unreachable(), "系统内消息仍可送达，其他渠道无法联系。", "returned"),
    ]
    data = {"findings": findings, "vacant_seats": vacant_seats(), "ledger_length": head()[0], "head": head_export()}
    return Block("health", sum(finding["count"] for finding in findings), data)


def _people(title: str, people, advice: str, kind: str) -> dict:
    rows = list(people.select_related("unit").order_by("employee_number")[:SHORT])
    count = people.count()
    return {"title": title, "count": count, "people": rows, "advice": advice, "kind": kind if count else "signed"}


def _live_seats():
    return Seat.objects.filter(deliverable__in=Round.objects.live().values("deliverable"))


def _signers_without_certificate():
    """Active people who hold a seat of a live chain that is signed by certificate, and have none in force."""
    seats = _live_seats().filter(holder=OuterRef("pk"), level__needs_certificate=True)
    valid = Certificate.objects.valid().filter(user=OuterRef("pk"))
    return User.objects.active().filter(Exists(seats), ~Exists(valid))


def _expiring_certificates():
    """Active people whose last certificate in force ends within 60 days, with `certificate_ends`."""
    today = timezone.localdate()
    last = User.objects.active().annotate(certificate_ends=Max("certificates__expires_on"))
    return last.filter(certificate_ends__range=(today, today + CERTIFICATE_WARNING))


def _disabled_holders():
    return User.objects.filter(Exists(_live_seats().filter(holder=OuterRef("pk"))), is_active=False)


def _unreachable():
    return User.objects.active().filter(phone="", email="")


def vacant_seats() -> int:
    """How many seats of live chains nobody holds: those that the routes ask for, less those that are held."""
    size_of_route = dict(Level.objects.order_by().values_list("route").annotate(seats=Count("pk") + Sum("panel_size")))
    rounds = Round.objects.live().order_by().values_list("route").annotate(count=Count("pk"))
    wanted = sum(size_of_route[route] * count for route, count in rounds)
    return wanted - _live_seats().count()
