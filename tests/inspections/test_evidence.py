"""Proofs: what is taken, who opens them, until when they may be taken back."""

import hashlib
import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from inspections.chain import AlreadyHandled
from inspections.choices import AccidentSource, EvidenceOf, State
from inspections.models import Accident, Evidence, Inspection, Rectification
from inspections.services import evidence as services
from ledger.models import Entry
from scoring.services import give_score
from tests.inspections import kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def inspection(cast, project):
    return kit.inspection(cast, project)


@pytest.fixture
def finding(inspection):
    return kit.finding(inspection)


@pytest.fixture
def proof(cast, finding):
    return services.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=kit.photo(), finding=finding)


def moved_on(inspection: Inspection, state: State) -> None:
    sheet = give_score(scorer=inspection.opened_by, subject=inspection, standard=inspection.standard, hits={})
    Inspection.objects.filter(pk=inspection.pk).update(state=state, score_sheet=sheet)


def status_of(client, url: str) -> int:
    """Of a download, read to its end as a browser does."""
    answer = client.get(url)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code


# ── Kept ────────────────────────────────────────────────────────────────────
def test_proof_is_kept_under_a_random_name_with_its_hash(cast, finding, inspection, proof):
    upload = kit.photo()
    content = upload.read()
    assert (proof.name, proof.content_type, proof.size) == ("现场.png", "image/png", len(content))
    assert proof.sha256 == hashlib.sha256(content).hexdigest()
    assert "现场" not in proof.file.name
    assert "png" not in proof.file.name
    with proof.file.open("rb") as stored:
        assert stored.read() == content
    assert (proof.finding, proof.inspection, proof.uploaded_by) == (finding, inspection, cast.quality_office)


def test_no_upload_is_no_proof(cast, finding):
    assert services.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=None, finding=finding) is None


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("证据.exe", b"MZ\x90", "不支持"),
        ("证据.svg", b"<svg onload='alert(1)'/>", "可能含脚本"),
        ("证据.png", b"<script>alert(1)</script>", "脚本"),
        ("证据.png", b"", "空的"),
        ("证据\u202egnp.exe", b"x", "隐藏字符"),
    ],
)
def test_harmful_upload_is_refused_with_the_reason(cast, finding, name, content, words):
    upload = SimpleUploadedFile(name, content)
    with pytest.raises(ValidationError, match=words):
        services.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=upload, finding=finding)
    assert not Evidence.objects.exists()


def test_the_same_file_twice_is_told(cast, finding, proof):
    with pytest.raises(ValidationError, match="已经上传过"):
        services.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=kit.photo("又一.png"), finding=finding)
    services.remove(actor=cast.quality_office, evidence=proof)
    assert services.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=kit.photo(), finding=finding)


def test_more_than_the_most_is_refused(cast, finding, monkeypatch):
    monkeypatch.setattr(services, "MOST", 2)
    for shade in (1, 2):
        services.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=kit.photo(shade=shade), finding=finding)
    with pytest.raises(ValidationError, match="最多 2 份"):
        services.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=kit.photo(shade=3), finding=finding)


def test_proof_hangs_on_what_it_is_of(cast, finding, inspection):
    for links in ({}, {"inspection": inspection}, {"finding": None}, {"finding": finding, "accident": None}):
        with pytest.raises(ValueError, match="hangs on"):
            services.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=kit.photo(), **links)


# ── Opened ──────────────────────────────────────────────────────────────────
def test_download_is_never_shown_inside_the_page(cast, proof, log_in):
    answer = log_in(cast.quality_office).get(reverse("inspections:evidence", args=[proof.pk]))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == kit.photo().read()
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("part", "while_scoring", "when_discussed"),
    [
        ("quality_office", 200, 200), ("executive", 200, 200), ("verifier", 404, 200), ("approver", 404, 200),
        ("outsider", 404, 404), ("administrator", 404, 404), ("archivist", 404, 404),
    ],
)  # fmt: skip
def test_proof_of_a_finding_is_seen_by_who_sees_the_inspection(
    cast, inspection, proof, log_in, part, while_scoring, when_discussed
):
    client, url = log_in(getattr(cast, part)), reverse("inspections:evidence", args=[proof.pk])

    assert status_of(client, url) == while_scoring
    moved_on(inspection, State.DISCUSSING)
    assert status_of(client, url) == when_discussed


def test_proof_of_an_accident_is_seen_by_who_reads_inspections(cast, project, log_in):
    accident = Accident.objects.create(
        number="SG-2026-0001", project=project, title="结算错付", happened_on=timezone.localdate(),
        source=AccidentSource.AUDIT, description="多付", registered_by=cast.quality_office,
    )  # fmt: skip
    kept = services.keep(actor=cast.quality_office, of=EvidenceOf.ACCIDENT, upload=kit.photo(), accident=accident)
    assert kept.inspection is None
    for part, status in (("executive", 200), ("verifier", 404)):
        assert status_of(log_in(getattr(cast, part)), reverse("inspections:evidence", args=[kept.pk])) == status
    with pytest.raises(ValidationError, match="不能移除"):
        services.remove(actor=cast.quality_office, evidence=kept)


def test_stranger_and_lost_file_are_404(cast, proof, log_in, client):
    url = reverse("inspections:evidence", args=[proof.pk])
    assert client.get(url).status_code == 302
    log_in(cast.quality_office)
    proof.file.storage.delete(proof.file.name)
    assert client.get(url).status_code == 404
    assert client.get(reverse("inspections:evidence", args=[proof.pk + 1])).status_code == 404


# ── Taken back ──────────────────────────────────────────────────────────────
def test_removed_proof_is_marked_closed_to_all_and_on_the_ledger(cast, inspection, proof, log_in):
    services.remove(actor=cast.quality_office, evidence=proof)
    row = Evidence.objects.get(pk=proof.pk)
    assert (row.removed_by, row.removed_at is not None) == (cast.quality_office, True)
    assert log_in(cast.quality_office).get(reverse("inspections:evidence", args=[proof.pk])).status_code == 404
    entry = Entry.objects.get(action="inspection.evidence_remove")
    assert (entry.subject_id, entry.scope_id) == (inspection.pk, inspection.project_id)
    assert json.loads(entry.data)["sha256"] == proof.sha256
    with pytest.raises(ValidationError, match="已经移除"):
        services.remove(actor=cast.quality_office, evidence=proof)


def test_only_inspectors_take_back_and_only_while_it_is_scored(cast, inspection, proof):
    for part in ("executive", "verifier", "expert1"):
        with pytest.raises(PermissionDenied):
            services.remove(actor=getattr(cast, part), evidence=proof)
    moved_on(inspection, State.DISCUSSING)
    with pytest.raises(AlreadyHandled):
        services.remove(actor=cast.quality_office, evidence=proof)
    assert Evidence.objects.standing().filter(pk=proof.pk).exists()


def test_proof_of_a_reply_is_the_projects_until_it_is_submitted(cast, inspection, finding):
    moved_on(inspection, State.RECTIFYING)
    reply = Rectification.objects.create(finding=finding, saved_by=cast.verifier)
    first, second = (
        services.keep(actor=cast.verifier, of=EvidenceOf.RECTIFICATION, upload=kit.photo(shade=n), rectification=reply)
        for n in (1, 2)
    )
    assert (first.finding, first.inspection) == (finding, inspection)
    with pytest.raises(PermissionDenied):
        services.remove(actor=cast.quality_office, evidence=first)
    services.remove(actor=cast.verifier, evidence=first)
    Rectification.objects.filter(pk=reply.pk).update(submitted_by=cast.verifier, submitted_at=timezone.now())
    with pytest.raises(AlreadyHandled):
        services.remove(actor=cast.verifier, evidence=second)


def test_database_refuses_to_change_or_delete_a_proof(cast, proof):
    services.remove(actor=cast.quality_office, evidence=proof)
    for act in (
        lambda: Evidence.objects.filter(pk=proof.pk).update(sha256="0" * 64),
        lambda: Evidence.objects.filter(pk=proof.pk).update(removed_at=None),
        lambda: Evidence.objects.filter(pk=proof.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
