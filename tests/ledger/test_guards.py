"""The database itself refuses to change evidence, whoever asks."""

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.guards import guarded_tables
from ledger.services import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(cast):
    with transaction.atomic():
        return record(actor=cast.administrator, action="test.act", subject=cast.zj1, data={"a": 1})


def refused(sql: str, *values) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize("column", ["at", "actor_name", "action", "subject_label", "data", "previous_hash", "hash"])
def test_update_of_any_column_is_refused(entry, column):
    assert refused(f"UPDATE ledger_entry SET \"{column}\" = '2020-01-01' WHERE number = %s", entry.number)


def test_update_that_changes_nothing_passes_and_leaves_the_row(entry):
    assert not refused("UPDATE ledger_entry SET data = data")
    entry.refresh_from_db()
    assert entry.data == '{"a":1}'


def test_delete_is_refused(entry):
    assert refused("DELETE FROM ledger_entry WHERE number = %s", entry.number)


def test_evidence_tables_are_guarded():
    assert {"ledger_entry", "scoring_scoresheet"} <= set(guarded_tables())


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
def test_truncate_is_refused(entry):
    assert refused("TRUNCATE ledger_entry CASCADE")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="INSERT OR REPLACE is SQLite's")
@pytest.mark.parametrize("same", ["number", "hash", "previous_hash"])
def test_insert_or_replace_is_refused_whichever_key_is_met(entry, same):
    columns = [field.column for field in entry._meta.concrete_fields]
    values = {column: f"'{column}'" for column in columns} | {"number": 99, "at": "'2020-01-01'", "actor_id": "NULL"}
    values |= {"subject_id": 1, "scope_id": "NULL", same: f'"{same}"'}
    selected = ", ".join(str(values[column]) for column in columns)
    names = ", ".join(columns)
    assert refused(f"INSERT OR REPLACE INTO ledger_entry ({names}) SELECT {selected} FROM ledger_entry")


@pytest.mark.django_db(transaction=True)
def test_transactional_tests_end_clean_with_triggers_and_reference_data(entry):
    """Control of conftest's cleaning: the two tests below find an empty ledger, guards and the seeded standard."""
    assert guarded_tables()


@pytest.mark.django_db(transaction=True)
def test_after_cleaning_the_guards_stand(cast):
    from ledger.models import Entry
    from scoring.models import Standard

    assert not Entry.objects.exists()
    assert Standard.objects.exists()
    with transaction.atomic():
        record(actor=None, action="test.act", subject=cast.zj1)
    assert refused("DELETE FROM ledger_entry")
