"""A settlement in each state that an address can name, in years of their own: for the permission table."""

import hashlib
from types import SimpleNamespace

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from projects.models import Project
from rankings.models import Award, AwardNotice, Settlement
from tests.rankings import awards_kit as kits

POSTED, APPROVED = 2021, 2022


def build(cast) -> SimpleNamespace:
    """Posted, with an appeal by 编制人 against the one line and none against the other; and approved, with one notice."""
    version = kits.policy()
    first, other = Project.objects.get(number="2026-ZJ1-001"), Project.objects.get(number="2026-ZJ2-001")
    posted = kits.proposed(cast, kits.frozen(cast, (first, 90), (other, 55), year=POSTED), version)
    appeal = kits.appealed(posted, cast.checker)
    return SimpleNamespace(
        award=kits.award_of(posted, cast.preparer), appeal=appeal, notice=_approved(cast, first, version)
    )


def _approved(cast, project, version) -> AwardNotice:
    ranking = kits.frozen(cast, (project, 90), year=APPROVED)
    settlement = Settlement.objects.create(
        ranking=ranking, policy=version, state="approved", proposed_by=cast.quality_office, digest="0" * 64,
        appeals_until=timezone.localdate(), approved_by=cast.executive, approved_at=timezone.now(),
        approval_digest="0" * 64,
    )  # fmt: skip
    Award.objects.create(
        settlement=settlement, person=cast.preparer, kind="reward", cause="first_place", cause_key="first:1",
        party="cost_engineer", unit_name="造价一所", text="第一名", url="/", amount=100,
    )  # fmt: skip
    content = b"%PDF-1.7"
    path = default_storage.save("rankings/notice.pdf", ContentFile(content))
    digest = hashlib.sha256(content).hexdigest()
    return AwardNotice.objects.create(
        settlement=settlement, person=cast.preparer, number="JCTZ-2022-0001", pdf=path, pdf_sha256=digest
    )


def subjects(world: SimpleNamespace) -> list[tuple[tuple, str]]:
    return [
        ((POSTED,), "settlement settlement_preview settlement_export settlement_withdraw settlement_approve"),
        ((APPROVED,), "settlement_notices"),
        ((world.award.pk,), "award_appeal"),
        ((world.appeal.pk,), "appeal appeal_decide"),
        ((world.notice.pk,), "award_notice"),
    ]
