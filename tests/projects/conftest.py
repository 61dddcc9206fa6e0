from datetime import date
from decimal import Decimal
from io import BytesIO

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from projects import services
from projects.choices import BusinessLine, DeliverableKind
from projects.models import Client, Discipline, Project


def pdf_bytes(text: str = "") -> bytes:
    """A small, harmless PDF."""
    buffer = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.docinfo["/Title"] = text or "结算审核报告"
        pdf.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def pdf():
    """`pdf("结算书.pdf")`: an upload that is accepted."""

    def upload(name="结算书.pdf", text=""):
        return SimpleUploadedFile(name, pdf_bytes(text), content_type="application/pdf")

    return upload


@pytest.fixture
def draft(project, cast):
    """The empty first version of a deliverable that 编制人 prepares."""
    deliverable = services.create_deliverable(
        actor=cast.verifier, project=project, title="一期结算审核", kind=DeliverableKind.SETTLEMENT_REPORT,
        discipline=Discipline.objects.get(code="TJ"), preparer=cast.preparer,
    )  # fmt: skip
    return deliverable.versions.get()


@pytest.fixture
def many_projects(cast, project):
    """`many_projects(30)` opens that many more of ZJ1."""

    def make(count: int):
        for index in range(count):
            owner, _ = Client.objects.get_or_create(name=f"委托单位{index:02}")
            other = Project.objects.create(
                number=f"2026-ZJ1-9{index:02}", name=f"配套工程{index}", client=owner, unit=cast.zj1,
                business_line=BusinessLine.BUDGET, created_by=cast.approver, submitted_amount=Decimal(1000 + index),
                planned_finish_on=date(2027, 1, 1),
            )  # fmt: skip
            services.assign(actor=cast.approver, project=other, user=cast.verifier, role="project_manager")

    return make
