from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from projects import rules, services
from projects.choices import BusinessLine, DeliverableKind, HandoverKind
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


@pytest.fixture
def at(monkeypatch):
    """`at(2026, 11, 13, 10, 30)`: it is this moment in the firm's time zone until the next call. Returns it."""

    def stand(*moment):
        now = datetime(*moment, tzinfo=timezone.get_default_timezone())
        monkeypatch.setattr(timezone, "now", lambda: now)
        return now

    return stand


@pytest.fixture
def receive(cast):
    """`receive(project, HandoverKind.BIDS, on=date(…), title="一标段")`: a set of the kind with what makes it complete, not
    yet registered as complete."""

    def hand_over(project, kind=HandoverKind.MATERIALS, *, on=None, actor=None, **fields):
        actor = actor or cast.preparer
        handover = services.create_handover(actor=actor, project=project, kind=kind, handed_over_by="王工", **fields)
        for category in rules.SETTLEMENT_MATERIALS if kind == HandoverKind.MATERIALS else ["other"]:
            services.add_item(actor=actor, handover=handover, category=category, name="全套", copies=1,
                              received_on=on or timezone.localdate())  # fmt: skip
        return handover

    return hand_over


@pytest.fixture
def complete(cast, receive):
    """As `receive`, and the set is registered as complete on the day."""

    def hand_over(project, kind=HandoverKind.MATERIALS, *, on=None, beyond_reason="", **fields):
        handover = receive(project, kind, on=on, **fields)
        return services.complete_handover(actor=cast.preparer, handover=handover, beyond_reason=beyond_reason,
                                          completed_on=on or timezone.localdate())  # fmt: skip

    return hand_over
