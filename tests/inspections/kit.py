"""What the tests of inspections share: an inspection under way, a second inspector, photos."""

from decimal import Decimal
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from inspections.choices import Kind
from inspections.models import Finding, Inspection, Inspector, Section
from inspections.services.numbers import next_number
from scoring.choices import Purpose
from scoring.models import Deduction, Standard
from staff.choices import Role
from staff.models import Post, User
from tests.conftest import LONG_AGO


def inspector(cast, name: str = "检查员乙", *, role: Role = Role.QUALITY_OFFICE) -> User:
    """One more person who may inspect, by a post for the whole firm."""
    number = f"K{User.objects.count():03}"
    user = User.objects.create(employee_number=number, name=name, unit=cast.hq, password=cast.quality_office.password)
    Post.objects.create(user=user, role=role, unit=None, starts_on=LONG_AGO)
    return user


def inspection(cast, project=None, *inspectors: User, unit=None, **fields) -> Inspection:
    """In 检查评分, 定期检查, by the standard in force; the first inspector leads. Without a project the unit is inspected."""
    purpose = Purpose.INSPECTION if project else Purpose.UNIT_INSPECTION
    today = timezone.localdate()
    fields = {"kind": Kind.REGULAR, "year": today.year, "planned_on": today} | fields
    found = Inspection.objects.create(
        number=next_number("JC"), project=project, unit=unit or project.unit, standard=Standard.objects.current(purpose),
        opened_by=cast.quality_office, last_actor=cast.quality_office, **fields,
    )  # fmt: skip
    for place, user in enumerate(inspectors or [cast.quality_office]):
        Inspector.objects.create(inspection=found, user=user, is_lead=place == 0)
    for criterion in found.standard.criteria.all():
        Section.objects.create(inspection=found, criterion=criterion)
    return found


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
