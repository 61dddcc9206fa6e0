"""Files of a version: several at once, each refused one with its reason; downloads that no browser will run."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

import uploads
from ledger.models import Entry
from projects import services
from projects.choices import Confidentiality
from projects.models import Attachment, Project
from uploads import handlers

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"projects:{name}", args=args)


def content_of(response) -> bytes:
    """The whole answer; when it is read to its end, the test client closes the file."""
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.fixture
def attached(draft, cast, pdf):
    return services.add_attachment(actor=cast.preparer, version=draft, upload=pdf())


@pytest.fixture
def sealed(draft, attached):
    return services.seal_version(version=draft)


# ── Upload page ─────────────────────────────────────────────────────────────
def test_good_files_are_kept_and_each_refused_one_says_why(log_in, cast, draft, pdf):
    files = [
        pdf("结算书.pdf"),
        SimpleUploadedFile("空.pdf", b""),
        SimpleUploadedFile("页.html", b"<html>"),
        SimpleUploadedFile("<b>x</b>.exe", b"MZ"),
        pdf("附表.pdf"),
    ]
    response = log_in(cast.preparer).post(url("version_upload", draft.pk), {"files": files})
    assert set(draft.attachments.values_list("name", flat=True)) == {"结算书.pdf", "附表.pdf"}
    assert [file["name"] for file in response.context["refused"]] == ["空.pdf", "页.html", "b>.exe"]
    assert "文件是空的" in response.text
    assert "可能含脚本" in response.text
    assert "<b>x" not in response.text
    assert "已上传 2 个文件" in response.text


def test_same_name_twice_is_refused(log_in, cast, draft, pdf):
    response = log_in(cast.preparer).post(url("version_upload", draft.pk), {"files": [pdf(), pdf()]})
    assert "已有名为“结算书.pdf”的文件" in response.text
    assert draft.attachments.count() == 1


def test_refused_file_leaves_no_bytes_behind(cast, draft, attached, pdf, settings):
    with pytest.raises(ValidationError, match="已有名为"):
        services.add_attachment(actor=cast.preparer, version=draft, upload=pdf())
    assert len([path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]) == 1


@pytest.mark.django_db(transaction=True)
def test_look_into_a_file_holds_no_lock(cast, draft, pdf, monkeypatch):
    inspect, inside = uploads.inspect, []
    monkeypatch.setattr(
        uploads, "inspect", lambda upload: inside.append(connection.in_atomic_block) or inspect(upload)
    )
    services.add_attachment(actor=cast.preparer, version=draft, upload=pdf())
    assert inside == [False]


def test_upload_without_a_file_is_told(log_in, cast, draft):
    assert "请选择要上传的文件" in log_in(cast.preparer).post(url("version_upload", draft.pk)).text


def test_bytes_lie_under_a_random_name(attached, settings):
    assert "结算书" not in attached.file.name
    assert attached.file.name.startswith("deliverables/")
    assert len(list(settings.MEDIA_ROOT.rglob("*"))) == 3  # two folders and the file


def test_amounts_and_note_are_saved(log_in, cast, draft):
    data = {"submitted_amount": "1234567.89", "draft_amount": "1200000", "note": "初稿"}
    assert log_in(cast.preparer).post(url("version_files", draft.pk), data).status_code == 302
    draft.refresh_from_db()
    assert str(draft.submitted_amount) == "1234567.89"


def test_wrong_amount_is_told_and_kept(log_in, cast, draft):
    response = log_in(cast.preparer).post(url("version_files", draft.pk), {"submitted_amount": "-5", "note": "初稿"})
    assert response.context["form"].errors["submitted_amount"]
    assert 'value="初稿"' in response.text


def test_file_is_removed_with_its_bytes(log_in, cast, attached, settings, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        log_in(cast.preparer).post(url("attachment_remove", attached.pk))
    assert not Attachment.objects.exists()
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    assert Entry.objects.filter(action="attachment.remove").exists()


@pytest.mark.parametrize(
    ("who", "status"), [("outsider", 404), ("checker", 403), ("verifier", 403), ("preparer", 200)]
)
def test_only_the_preparer_has_the_page(log_in, cast, draft, attached, who, status):
    browser = log_in(getattr(cast, who))
    assert browser.get(url("version_files", draft.pk)).status_code == status
    expected = 302 if status == 200 else status
    assert browser.post(url("attachment_remove", attached.pk)).status_code == expected


@pytest.mark.parametrize("size", [90_000, 3_000_000])
def test_file_over_the_limit_is_cut_while_it_comes_in_and_refused(log_in, cast, draft, settings, monkeypatch, size):
    settings.UPLOAD_MAX_BYTES = 50_000
    monkeypatch.setattr(handlers, "MAX_FILES_OF_FULL_SIZE", 1000)
    inspect, received = uploads.inspect, []
    monkeypatch.setattr(uploads, "inspect", lambda upload: received.append(upload.size) or inspect(upload))
    big = SimpleUploadedFile("大.pdf", b"%PDF-" + b"0" * size)
    response = log_in(cast.preparer).post(url("version_upload", draft.pk), {"files": [big]})
    assert "上限" in response.text
    assert 50_000 < received[0] <= 50_000 + 2 * 64 * 1024


def test_request_that_announces_too_much_is_refused(log_in, cast, draft, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    big = SimpleUploadedFile("大.pdf", b"%PDF-" + b"0" * 9000)
    assert log_in(cast.preparer).post(url("version_upload", draft.pk), {"files": [big]}).status_code == 400


# ── After submission ────────────────────────────────────────────────────────
def test_sealed_version_shows_its_files_and_no_form(log_in, cast, sealed):
    text = log_in(cast.preparer).get(url("version_files", sealed.pk)).text
    assert "已封存" in text
    assert 'type="file"' not in text
    assert "移除" not in text


def test_sealed_version_takes_no_more_files(log_in, cast, sealed, attached, pdf):
    browser = log_in(cast.preparer)
    response = browser.post(url("version_upload", sealed.pk), {"files": [pdf("补.pdf")]})
    assert "已提交封存" in response.text
    browser.post(url("attachment_remove", attached.pk))
    assert [row.name for row in sealed.attachments.all()] == ["结算书.pdf"]
    with pytest.raises(ValidationError, match="已提交封存"):
        services.update_version(actor=cast.preparer, version=sealed, note="改", submitted_amount=1, draft_amount=1)


def test_damaged_file_stops_the_sealing(draft, attached):
    with attached.file.storage.open(attached.file.name, "wb") as stored:
        stored.write(b"other bytes")
    with pytest.raises(ValidationError, match=r"结算书\.pdf"):
        services.seal_version(version=draft)
    attached.file.storage.delete(attached.file.name)
    with pytest.raises(ValidationError, match="保存不完整"):
        services.seal_version(version=draft)


def test_version_without_files_cannot_be_sealed(draft):
    with pytest.raises(ValidationError, match="还没有文件"):
        services.seal_version(version=draft)


def test_manifest_binds_files_and_amounts(draft, cast, attached):
    before = services.manifest(draft)
    draft.submitted_amount = 5
    assert services.manifest(draft) != before
    draft.submitted_amount = None
    assert services.manifest(draft) == before
    Attachment.objects.filter(pk=attached.pk).update(sha256="f" * 64)
    assert services.manifest(draft) != before


def test_next_version_carries_the_amounts_and_only_after_sealing(draft, cast, sealed):
    second = services.new_version(actor=cast.preparer, deliverable=draft.deliverable, note="按意见修改")
    assert second.number == 2
    with pytest.raises(ValidationError, match="尚未提交"):
        services.new_version(actor=cast.preparer, deliverable=draft.deliverable)


def test_nobody_but_the_preparer_adds_files(draft, cast, pdf):
    with pytest.raises(PermissionDenied):
        services.add_attachment(actor=cast.verifier, version=draft, upload=pdf())


# ── Download ────────────────────────────────────────────────────────────────
def test_download_is_an_attachment_that_nothing_runs(log_in, cast, attached):
    response = log_in(cast.checker).get(url("attachment_download", attached.pk))
    assert content_of(response).startswith(b"%PDF-")
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%E7%BB%93%E7%AE%97%E4%B9%A6.pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Type"] == "application/pdf"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("confidentiality", "who", "status"),
    [
        (Confidentiality.INTERNAL, "outsider", 404),
        (Confidentiality.INTERNAL, "archivist", 200),
        (Confidentiality.SECRET, "archivist", 404),
        (Confidentiality.SECRET, "quality_office", 200),
        (Confidentiality.PUBLIC, "outsider", 200),
        (Confidentiality.PUBLIC, "administrator", 404),
    ],
)
def test_download_follows_the_visibility_of_the_project(log_in, cast, attached, confidentiality, who, status):
    Project.objects.update(confidentiality=confidentiality)
    response = log_in(getattr(cast, who)).get(url("attachment_download", attached.pk))
    assert response.status_code == status
    content_of(response)


def test_download_writes_nothing(log_in, cast, attached):
    before = Entry.objects.count()
    browser = log_in(cast.checker)
    content_of(browser.get(url("attachment_download", attached.pk)))
    assert browser.post(url("attachment_download", attached.pk)).status_code == 405
    assert Entry.objects.count() == before


def test_missing_bytes_are_a_404(log_in, cast, attached):
    attached.file.storage.delete(attached.file.name)
    assert log_in(cast.checker).get(url("attachment_download", attached.pk)).status_code == 404


def test_anonymous_is_sent_to_the_login(client, attached):
    assert "/login/" in client.get(url("attachment_download", attached.pk)).url
