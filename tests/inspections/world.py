"""One of everything that an address of the inspections can name, in the states in which its acts are possible: for the
permission table. It takes papers to render, so it is built for the routes of this app alone."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

from django.utils import timezone

from inspections.choices import AccidentSource, EvidenceOf
from inspections.models import Consequence
from inspections.services import accidents, evidence, liability
from tests.inspections import blame, kit


def build(cast, project, issued) -> SimpleNamespace:
    """`issued` is a deliverable that everybody signed."""
    scoring = kit.inspection(cast, project)
    found = kit.finding(scoring)
    proof = evidence.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=kit.photo(), finding=found)
    discussing = kit.discussing(cast, project)
    ready = kit.discuss(cast, kit.discussing(cast, project))
    concluded = kit.concluded(cast, project, veto=True)
    rectifying = kit.rectifying_one(cast, project)
    kit.fill(cast, rectifying)
    rechecking = kit.reply(cast, kit.rectifying_one(cast, project))
    consequence = Consequence.objects.get(inspection=concluded)
    accident = accidents.register_accident(
        actor=cast.quality_office, project=project, title="漏计地下室防水", description="鉴定认定漏计", amount_lost=Decimal(1),
        happened_on=timezone.localdate() - timedelta(days=9), source=AccidentSource.COURT,
    )  # fmt: skip
    to_blame = blame.finding(cast, project, issued)
    case = blame.opened(cast, issued)
    (case_proof,) = liability.add_evidence(actor=cast.quality_office, case=case, uploads=[kit.photo()])
    served = blame.opened(cast, issued, document="滨江函〔2026〕19 号")
    (sheet,) = blame.served(cast, served, cast.verifier)
    other = blame.opened(cast, issued, document="滨江函〔2026〕20 号")
    (appealed,) = blame.served(cast, other, cast.verifier)
    appealed = blame.answered(appealed, "已在底稿中说明")
    return SimpleNamespace(**{name: value for name, value in locals().items() if name not in ("cast", "project")})


def subjects(world: SimpleNamespace) -> list[tuple[tuple, str]]:
    """What stands in the address of each route."""
    draft = world.rectifying.findings.first()
    proof = world.rectifying.evidence.filter(of=EvidenceOf.RECTIFICATION).first()
    criterion = world.scoring.sections.first().criterion_id
    return [
        ((world.scoring.pk,), "appoint cancel score score_state finding_create finish_scoring"),
        ((world.scoring.pk, criterion), "section_save"),
        ((world.scoring.pk, world.found.pk), "finding_edit finding_remove"),
        ((world.scoring.pk, world.found.pk, world.proof.pk), "evidence_remove"),
        ((world.proof.pk,), "evidence"),
        ((world.discussing.pk,), "score_again talk"),
        ((world.ready.pk,), "issue"),
        ((world.concluded.pk,), "detail opinion_pdf receive"),
        ((world.rectifying.pk,), "rectification rectification_pdf reply"),
        ((world.rectifying.pk, draft.pk), "rectify"),
        ((world.rectifying.pk, proof.pk), "proof_remove"),
        ((world.rechecking.pk,), "recheck"),
        ((world.consequence.pk,), "consequence_decide"),
        ((world.concluded.unit_id,), "unit_conclusion"),
        ((world.accident.pk,), "accident"),
        ((world.to_blame.inspection_id, world.to_blame.pk), "liability_new_from_finding"),
        ((world.case.pk,), "liability liability_propose liability_drop liability_evidence"),
        ((world.case.pk, world.case_proof.pk), "liability_evidence_remove"),
        ((world.sheet.pk,), "liability_sheet liability_answer liability_sheet_pdf"),
        ((world.appealed.pk,), "liability_decide"),
    ]
