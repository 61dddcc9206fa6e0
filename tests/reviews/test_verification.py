"""The public verification page, and the check of the record against the evidence chain."""

import hashlib
import re
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from ledger.checks import verify
from reviews import services
from reviews.models import Issue, Signature
from reviews.verification import cleaned_sha256, evidence_problems
from reviews.views import verification as views
from staff import limits
from tests.conftest import guards_lifted
from tests.reviews import flow

OPINION = "审核意见：签证费用已核减"


@pytest.fixture
def issue(cast, project, monkeypatch) -> Issue:
    """An issue whose papers were not worth drawing; test_printouts draws them."""
    monkeypatch.setattr("printing.pdf.render", lambda template, *args, **kwargs: b"%PDF-1.7 " + template.encode() * 20)
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.draft_remark(deliverable, problem="垫层工程量有误")
    flow.return_remarks(deliverable)
    flow.answer(deliverable)
    flow.recheck_all(deliverable)
    flow.sign(deliverable, opinion=OPINION, amount=Decimal("948000.00"))
    flow.sign_all(deliverable)
    return flow.issue(deliverable).issue


@pytest.fixture
def address(issue) -> str:
    return reverse("reviews:verify", args=[issue.verification_code])


def stored(path: str) -> bytes:
    with default_storage.open(path) as file:
        return file.read()


def upload(content: bytes, name: str = "文件.pdf") -> dict:
    return {"file": SimpleUploadedFile(name, content)}


def page(response) -> str:
    return response.content.decode()


# ── What it shows ───────────────────────────────────────────────────────────
def test_page_tells_number_signers_and_times_without_login(cast, client, issue, address):
    response = client.get(address)
    text = page(response)
    assert response.status_code == 200
    assert issue.number in text
    for signature in issue.round.signatures.all():
        assert signature.signer.name in text
        assert signature.digest[:12] in text
    assert "style=" not in text
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_page_shows_no_content(client, issue, address, project):
    file = issue.round.version.attachments.get()
    texts = [page(client.get(address)), page(client.post(address, {"sha256": file.sha256}))]
    secrets = [project.name, project.number, project.client.name, issue.round.deliverable.title, file.name, OPINION,
               "垫层工程量有误", "948,000", "1,000,000", "建[造]"]  # fmt: skip
    for text in texts:
        assert [secret for secret in secrets if secret in text] == []


def test_exemption_reason_is_not_shown(cast, client, project, monkeypatch):
    monkeypatch.setattr("printing.pdf.render", lambda *args, **kwargs: b"%PDF-1.7")
    deliverable = flow.open_deliverable(cast, project, has_calculation=False)
    flow.submit(deliverable)
    round = flow.live(deliverable)
    services.exempt_level(
        actor=cast.approver, round=round, turn=round.turn, level=round.level, reason="仅为文字说明",
        confirmation=flow.confirmed(cast.approver),
    )  # fmt: skip
    flow.sign_all(deliverable)
    issued = flow.issue(deliverable).issue
    text = page(client.get(reverse("reviews:verify", args=[issued.verification_code])))
    assert "免签" in text
    assert "仅为文字说明" not in text


def test_unknown_code_gets_a_helpful_page(client, db):
    response = client.get(reverse("reviews:verify", args=["aB3" * 8]))
    assert response.status_code == 404
    assert "没有找到该核验码" in page(response)
    assert 'name="code"' in page(response)


@pytest.mark.parametrize("code", ["<script>", "核验", "a" * 300, "%00", "a%2Fb"])
def test_odd_code_is_just_unknown(client, db, code):
    assert client.get(f"/verify/{code}/").status_code == 404


def test_typed_code_leads_to_its_page(client, issue, address):
    spaced = f" {issue.verification_code[:12]} {issue.verification_code[12:]} "
    assert client.get(reverse("reviews:verify_start"), {"code": spaced}).url == address
    assert client.get(reverse("reviews:verify_start")).status_code == 200
    wrong = client.get(reverse("reviews:verify_start"), {"code": "核验<b>"})
    assert wrong.status_code == 400
    assert "核验&lt;b&gt;" in page(wrong)


# ── Checking a file ─────────────────────────────────────────────────────────
def test_each_document_is_told_by_its_bytes(client, issue, address):
    for document, content in (
        ("质量控制流程单", stored(issue.flow_sheet)),
        ("校审记录单", stored(issue.review_record)),
        ("成果文件第 1 个", stored(issue.round.version.attachments.get().file.name)),
    ):
        text = page(client.post(address, upload(content)))
        assert "verdict-match" in text
        assert f"<strong>{document}</strong>" in text


def test_one_changed_byte_is_told(client, issue, address):
    content = bytearray(stored(issue.flow_sheet))
    content[100] ^= 1
    text = page(client.post(address, upload(bytes(content))))
    assert "verdict-mismatch" in text
    assert "不一致" in text
    assert hashlib.sha256(content).hexdigest() in text


def test_typed_hash_may_have_spaces_and_capitals(client, issue, address):
    digest = issue.review_record_sha256.upper()
    typed = " ".join(digest[at : at + 8] for at in range(0, 64, 8))
    text = page(client.post(address, {"sha256": typed}))
    assert "verdict-match" in text
    assert "校审记录单" in text


def test_document_of_another_issue_is_not_one_of_this(client, cast, project, issue, address):
    other = flow.open_deliverable(cast, project, title="另一份")
    theirs = flow.upload(other, name="另一份.pdf", mark="另一份")
    flow.submit(other)
    flow.sign_all(other)
    elsewhere = reverse("reviews:verify", args=[flow.issue(other).issue.verification_code])
    assert "verdict-match" in page(client.post(elsewhere, {"sha256": theirs.sha256}))
    assert "verdict-mismatch" in page(client.post(address, {"sha256": theirs.sha256}))


@pytest.mark.parametrize("typed", ["abc", "g" * 64, "a" * 63, "a" * 65, "<b>" + "a" * 64])
def test_wrong_hash_is_refused_and_kept(client, address, typed):
    response = client.post(address, {"sha256": typed})
    assert response.status_code == 400
    assert "64 位十六进制" in page(response)
    assert typed.replace("<b>", "&lt;b&gt;") in page(response)
    assert "verdict-m" not in page(response)


def test_nothing_to_check_is_told(client, address):
    response = client.post(address, {})
    assert response.status_code == 400
    assert "请选择要核对的文件" in page(response)


def test_empty_file_is_simply_another_file(client, address):
    assert "不一致" in page(client.post(address, upload(b"")))


def test_damaged_original_is_not_called_the_same(client, issue, address):
    with open(default_storage.path(issue.flow_sheet), "ab") as file:
        file.write(b"\n")
    text = page(client.post(address, {"sha256": issue.flow_sheet_sha256}))
    assert "verdict-damaged" in text
    assert "verdict-match" not in text
    default_storage.delete(issue.review_record)
    assert "verdict-damaged" in page(client.post(address, {"sha256": issue.review_record_sha256}))


def test_upload_is_hashed_in_passing_and_never_kept(client, address, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
    before = sorted(path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())
    content = b"x" * (5 * 1024 * 1024)  # more than Django would keep in memory
    text = page(client.post(address, upload(content)))
    assert hashlib.sha256(content).hexdigest() in text
    assert sorted(path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()) == before
    assert list((tmp_path / "uploads").iterdir()) == []


def test_file_over_the_limit_is_refused_with_a_way_out(client, address, settings):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    response = client.post(address, upload(b"x" * (1024 * 1024 + 1)))
    assert response.status_code == 400
    assert "超过 1 MB" in page(response)
    assert "verdict-" not in page(response)


def test_post_needs_the_token_of_the_page(issue, address):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address, {"sha256": "a" * 64}).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page(strict.get(address)))[1]
    answer = strict.post(address, {"csrfmiddlewaretoken": token, **upload(stored(issue.flow_sheet))})
    assert "verdict-match" in page(answer)


def test_too_many_requests_of_one_address_are_refused(client, address, monkeypatch):
    monkeypatch.setattr(limits, "_now", lambda: 1_800_000_000.0)
    most, seconds = views.REQUESTS
    for _ in range(most):
        assert client.get(address).status_code == 200
    refused = client.post(address, {"sha256": "a" * 64})
    assert refused.status_code == 429
    assert "核验过于频繁" in page(refused)
    assert client.get(address, REMOTE_ADDR="10.0.0.9").status_code == 200
    monkeypatch.setattr(limits, "_now", lambda: 1_800_000_000.0 + seconds)
    assert client.get(address).status_code == 200


def test_hash_is_cleaned():
    digest = "0123456789abcdef" * 4
    assert cleaned_sha256(digest.upper()) == digest
    assert cleaned_sha256("\n".join([digest[:32], digest[32:]])) == digest
    assert cleaned_sha256(digest[:-1]) is None
    assert cleaned_sha256("") is None


# ── The record against the chain ────────────────────────────────────────────
def forge(model, pk: int, **changes) -> None:
    """What only the owner of the database could do."""
    with guards_lifted(connection):
        model.objects.filter(pk=pk).update(**changes)


def test_untouched_record_has_no_problem(issue):
    assert list(evidence_problems()) == []
    assert verify().problems == []


def test_record_with_a_withdrawn_signature_has_no_problem(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign(deliverable)
    round = flow.live(deliverable)
    services.revoke(actor=cast.checker, round=round, turn=round.turn, reason="漏看")
    assert list(evidence_problems()) == []


def test_changed_opinion_is_found_and_told_to_the_public(client, issue, address):
    signature = issue.round.signatures.get(level__title="校核")
    forge(Signature, signature.pk, opinion="不同意")
    assert [problem for problem in evidence_problems() if "内容被改动" in problem]
    assert any("内容被改动" in problem for problem in verify().problems)
    assert "签署记录异常" in page(client.get(address))


def test_forged_digest_is_not_in_the_chain(issue):
    signature = issue.round.signatures.get(level__title="校核")
    forge(Signature, signature.pk, digest="f" * 64)
    assert any("与证据链所记不符" in problem for problem in evidence_problems())


def test_signature_marked_as_withdrawn_behind_our_back_is_found(issue):
    signature = issue.round.signatures.get(level__title="校核")
    Signature.objects.filter(pk=signature.pk).update(revoked_at=signature.signed_at)
    assert any("撤回状态与证据链不符" in problem for problem in evidence_problems())


def test_removed_issue_is_found(issue):
    number = issue.number
    with guards_lifted(connection):
        Issue.objects.filter(pk=issue.pk).delete()
    assert list(evidence_problems()) == [f"证据链所记的签发 {number} 已不存在"]


def test_changed_or_missing_paper_is_found(issue):
    with open(default_storage.path(issue.flow_sheet), "ab") as file:
        file.write(b"x")
    default_storage.delete(issue.review_record)
    problems = list(evidence_problems())
    assert len(problems) == 2
    assert "质量控制流程单" in problems[0]
    assert "校审记录单" in problems[1]
