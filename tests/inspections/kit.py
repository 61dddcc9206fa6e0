"""What the tests of inspections share: an inspection under way, a second inspector, photos."""

from decimal import Decimal
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from inspections.choices import Kind
from inspections.models import Finding, Inspection
from inspections.services import opening
from scoring.models import Deduction
from staff.choices import Role
from staff.models import Post, User
from tests.conftest import LONG_AGO


def inspector(cast, name: str = "检查员乙", *, role: Role = Role.QUALITY_OFFICE) -> User:
    """One more person who may inspect, by a post for the whole firm."""
    number = f"K{User.objects.count():03}"
    user = User.objects.create(employee_number=number, name=name, unit=cast.hq, password=cast.quality_office.password)
    Post.objects.create(user=user, role=role, unit=None, starts_on=LONG_AGO)
    return user


def inspection(cast, project=None, *inspectors: User, unit=None, **more) -> Inspection:
    """In 检查评分, by the standard in force; the first inspector leads (质量办, if none is named). Without a project the
    unit itself is inspected. 不定期检查 unless told otherwise: it needs no plan."""
    lead, *others = inspectors or [cast.quality_office]
    told = {"kind": Kind.IRREGULAR, "planned_on": timezone.localdate()} | more
    return opening.open_inspection(
        actor=cast.quality_office, project=project, unit=unit, lead=lead, inspectors=others, **told
    )


def criteria(of: Inspection) -> list:
    return list(of.standard.criteria.prefetch_related("deductions"))


def deduction(of: Inspection, *, is_veto: bool = False, criterion=None) -> Deduction:
    """The first deduction of its standard, with a veto or without."""
    rows = Deduction.objects.filter(criterion__standard=of.standard, is_veto=is_veto)
    if criterion:
        rows = rows.filter(criterion=criterion)
    return rows.order_by("criterion__order", "order").first()


def finding(of: Inspection, **fields) -> Finding:
    """A problem as the database keeps it, without going through the service."""
    fields = {"problem": "复核签署缺失", "raised_by": of.opened_by, "amount": Decimal("1200.50")} | fields
    return Finding.objects.create(inspection=of, number=of.findings.count() + 1, **fields)


def photo(name: str = "现场.png", shade: int = 200) -> SimpleUploadedFile:
    """A small photo; another `shade` is another file."""
    buffer = BytesIO()
    Image.new("RGB", (40, 30), (shade, 120, 90)).save(buffer, "PNG")
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="image/png")
