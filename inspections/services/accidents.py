"""Serious quality accidents (重大质量事故): put on file, with what proves them. One of them may set off a 专项稽查 (§4)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines.scopes import Place, holders
from inspections.choices import AccidentSource, EvidenceOf
from inspections.models import Accident, Evidence
from inspections.services.evidence import keep
from inspections.services.numbers import next_number
from ledger.services import record
from notices.choices import Kind
from notices.services import notify
from projects.models import Project
from staff import permissions
from staff.choices import Action

SERIES = "SG"


@transaction.atomic
def register_accident(*, actor, project: Project, title: str, happened_on: date, source: AccidentSource, description: str,
                      amount_lost: Decimal | None = None, files: Sequence = ()) -> Accident:  # fmt: skip
    """Put a serious quality accident of a project on file, with its proofs; tell 质量办 and 管理层. What stands on file stays.

    Raises ValidationError for a day that is still to come, what is not told, and a file that is refused."""
    permissions.require_post(actor, Action.REGISTER_ACCIDENT)
    if happened_on > timezone.localdate():
        raise ValidationError({"happened_on": "发生日期不能晚于今天。"})
    accident = Accident(
        number=next_number(SERIES), project=project, title=title.strip(), happened_on=happened_on, source=source,
        description=description.strip(), amount_lost=amount_lost, registered_by=actor, registered_at=timezone.now(),
    )  # fmt: skip
    accident.full_clean()
    accident.save(force_insert=True)
    proofs = [_keep(actor, accident, upload) for upload in files]
    record(actor=actor, action="accident.register", subject=accident, scope=project, data={
        "title": accident.title, "happened_on": happened_on, "source": source, "amount_lost": amount_lost,
        "text": accident.description, "evidence": [[each.name, each.sha256] for each in proofs],
    })  # fmt: skip
    notify(
        recipients=[each for each in _told(project) if each.pk != actor.pk], kind=Kind.INSPECTION,
        title=f"登记重大质量事故 {accident.number}：{project.name}", body=accident.title, url=page_of(accident),
        is_urgent=True, is_confidential=project.is_secret,
    )  # fmt: skip
    return accident


def page_of(accident: Accident) -> str:
    return f"/accidents/{accident.pk}/"


def _keep(actor, accident: Accident, upload) -> Evidence:
    try:
        return keep(actor=actor, of=EvidenceOf.ACCIDENT, upload=upload, accident=accident)
    except ValidationError as error:
        raise ValidationError({"files": error.messages}) from error


def _told(project: Project) -> list:
    """Whoever may put an accident on file is told of one: 质量办 and 管理层."""
    roles = [role for role, actions in permissions.GRANTS.items() if Action.REGISTER_ACCIDENT in actions]
    places = [Place(project.pk, role) for role in roles]
    found = holders(Project._meta.label_lower, places)
    return list({person.pk: person for place in places for person in found[place]}.values())
