"""A sealed version and its files: the database itself refuses to change them, and leaves drafts alone."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ledger.guards import guarded_tables
from projects.models import Attachment, DeliverableVersion

pytestmark = pytest.mark.django_db


def refused(sql: str, *values) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError:
        return True
    return False


def new_file(version, name="结算书.pdf"):
    return Attachment.objects.create(
        version=version,
        file=f"deliverables/{name}",
        name=name,
        content_type="application/pdf",
        size=1,
        sha256="0" * 64,
    )


@pytest.fixture
def sealed(draft):
    new_file(draft)
    draft.sealed_at, draft.manifest_sha256 = timezone.now(), "a" * 64
    draft.save()
    return draft


def test_both_tables_are_guarded():
    assert {"projects_deliverableversion", "projects_attachment"} <= set(guarded_tables())


def test_draft_and_its_files_can_be_changed_and_deleted(draft):
    row = new_file(draft)
    row.name = "结算书（改）.pdf"
    row.save()
    row.delete()
    draft.note = "初稿"
    draft.save()
    draft.delete()
    assert not DeliverableVersion.objects.exists()


@pytest.mark.parametrize("change", ["note = 'x'", "submitted_amount = 1", "sealed_at = NULL", "manifest_sha256 = 'b'"])
def test_update_of_a_sealed_version_is_refused(sealed, change):
    assert refused(f"UPDATE projects_deliverableversion SET {change} WHERE id = %s", sealed.pk)
    sealed.refresh_from_db()
    assert sealed.sealed_at
    assert sealed.manifest_sha256 == "a" * 64


def test_delete_of_a_sealed_version_is_refused(sealed):
    assert refused("DELETE FROM projects_deliverableversion WHERE id = %s", sealed.pk)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE projects_attachment SET sha256 = 'b' WHERE version_id = %s",
        "UPDATE projects_attachment SET file = 'deliverables/other' WHERE version_id = %s",
        "DELETE FROM projects_attachment WHERE version_id = %s",
    ],
)
def test_files_of_a_sealed_version_cannot_be_changed(sealed, sql):
    assert refused(sql, sealed.pk)
    assert Attachment.objects.filter(version=sealed, sha256="0" * 64).count() == 1


def test_no_file_can_be_added_to_a_sealed_version(sealed):
    with pytest.raises(DatabaseError), transaction.atomic():
        new_file(sealed, "补充.pdf")


def test_no_file_can_be_moved_into_or_out_of_a_sealed_version(sealed, cast):
    other = DeliverableVersion.objects.create(deliverable=sealed.deliverable, number=2, created_by=cast.preparer)
    loose = new_file(other, "新稿.pdf")
    assert refused("UPDATE projects_attachment SET version_id = %s WHERE id = %s", sealed.pk, loose.pk)
    assert refused("UPDATE projects_attachment SET version_id = %s WHERE version_id = %s", other.pk, sealed.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
@pytest.mark.parametrize("table", ["projects_deliverableversion", "projects_attachment"])
def test_truncate_is_refused(sealed, table):
    assert refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="INSERT OR REPLACE is SQLite's")
def test_insert_or_replace_of_a_sealed_row_is_refused(sealed, cast):
    other = DeliverableVersion.objects.create(deliverable=sealed.deliverable, number=2, created_by=cast.preparer)
    columns = [field.column for field in Attachment._meta.concrete_fields]
    chosen = ", ".join(str(other.pk) if column == "version_id" else column for column in columns)
    assert refused(
        f"INSERT OR REPLACE INTO projects_attachment ({', '.join(columns)}) SELECT {chosen} FROM projects_attachment"
    )
    columns = [field.column for field in DeliverableVersion._meta.concrete_fields]
    chosen = ", ".join("NULL" if column == "sealed_at" else column for column in columns)
    names = ", ".join(columns)
    assert refused(
        f"INSERT OR REPLACE INTO projects_deliverableversion ({names}) SELECT {chosen} FROM projects_deliverableversion"
    )
