"""What was in force, said, asked and decided: the database itself refuses to change it."""

import pytest
from django.db import connection, models

from deadlines import services
from deadlines.choices import Event
from deadlines.models import DeadlineRule, Evidence, Nudge, Reminder, Suspension, TimeRequest
from ledger.guards import guarded_tables
from tests.conftest import guards_lifted
from tests.deadlines.conftest import extension, resume, suspend, upload
from tests.ledger.test_guards import refused

pytestmark = pytest.mark.django_db

TABLES = {
    "deadlines_deadlinerule": DeadlineRule,
    "deadlines_reminder": Reminder,
    "deadlines_nudge": Nudge,
    "deadlines_evidence": Evidence,
    "deadlines_suspension": Suspension,
    "deadlines_timerequest": TimeRequest,
}


@pytest.fixture
def rows(cast, start, time) -> dict[str, models.Model]:
    """One row of each guarded table: a decided request, an ended suspension, a reminder …"""
    deadline = start(Event.BIDS_RECEIVED)
    request = extension(cast.verifier, deadline, evidence=upload())
    services.decide(actor=cast.approver, request=request, approve=True, note="同意")
    services.nudge(actor=cast.approver, deadline=deadline, words="请尽快")
    suspend(cast, deadline)
    time.go(days=1)
    resume(cast.verifier, deadline)
    time.go(days=30)
    services.sweep()
    found = {table: model.objects.order_by("pk").first() for table, model in TABLES.items()}
    assert None not in found.values()
    return found


def columns(model) -> list[str]:
    return [field.column for field in model._meta.concrete_fields]


def update_of(column: str, model) -> tuple[str, object]:
    """A statement that would change a column of one row, and a value of its type."""
    field = next(field for field in model._meta.concrete_fields if field.column == column)
    by_type = {
        models.BooleanField: 'NOT "{c}"', models.DateTimeField: "'2020-01-01'", models.JSONField: "'[99]'",
        models.CharField: "'changed'", models.TextField: "'changed'",
    }  # fmt: skip
    value = next((value for kind, value in by_type.items() if isinstance(field, kind)), None)
    if value is None:
        value = "'changed'" if isinstance(field, models.FileField) else 'COALESCE("{c}", 0) + 7'
    return f'UPDATE {model._meta.db_table} SET "{column}" = {value.format(c=column)} WHERE id = %s'


def passing(row: models.Model) -> set[str]:
    """The columns of a row that can be changed."""
    model = type(row)
    return {column for column in columns(model) if not refused(update_of(column, model), row.pk)}


@pytest.mark.parametrize("table", TABLES)
def test_no_column_of_a_row_can_be_changed(rows, table):
    """But that a version of a rule is superseded, which is told below."""
    assert passing(rows[table]) == ({"superseded_at"} if table == "deadlines_deadlinerule" else set())


@pytest.mark.parametrize("table", TABLES)
def test_control_without_the_guards_the_database_would_change_them(rows, table):
    """Keys aside, which have constraints of their own: nothing but the guards refuses the statements above."""
    row = rows[table]
    keys = {field.column for field in row._meta.concrete_fields if field.is_relation or field.primary_key}
    free = [column for column in columns(type(row)) if column not in keys]
    with guards_lifted(connection):
        assert [column for column in free if refused(update_of(column, type(row)), row.pk)] == []


@pytest.mark.parametrize("table", TABLES)
def test_no_row_can_be_deleted(rows, table):
    assert refused(f"DELETE FROM {table} WHERE id = %s", rows[table].pk)


def test_the_tables_are_guarded():
    assert set(TABLES) <= set(guarded_tables())


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="TRUNCATE is PostgreSQL's")
@pytest.mark.parametrize("table", TABLES)
def test_no_table_can_be_emptied(rows, table):
    assert refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="INSERT OR REPLACE is SQLite's")
@pytest.mark.parametrize("table", TABLES)
def test_no_row_can_be_replaced(rows, table):
    assert refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = %s", rows[table].pk)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="INSERT OR REPLACE is SQLite's")
@pytest.mark.parametrize(
    ("table", "key"),
    [("deadlines_reminder", ("deadline_id", "key")), ("deadlines_deadlinerule", ("code", "version")),
     ("deadlines_suspension", ("request_id",))],
)  # fmt: skip
def test_no_row_can_be_replaced_by_its_other_key(rows, table, key):
    names = columns(TABLES[table])
    selected = ", ".join("999999" if name == "id" else f'"{name}"' for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    assert set(key) <= set(names)
    assert refused(
        f"INSERT OR REPLACE INTO {table} ({listed}) SELECT {selected} FROM {table} WHERE id = %s", rows[table].pk
    )


# ── What may happen, once ───────────────────────────────────────────────────
def test_a_version_is_superseded_once(rows):
    rule = rows["deadlines_deadlinerule"]
    supersede = "UPDATE deadlines_deadlinerule SET superseded_at = '{}' WHERE id = %s"
    assert not refused(supersede.format("2026-03-02 10:00:00+00"), rule.pk)
    assert refused(supersede.format("2026-03-03 10:00:00+00"), rule.pk)
    assert refused("UPDATE deadlines_deadlinerule SET superseded_at = NULL WHERE id = %s", rule.pk)


ENDINGS = {"ended_at": "'2026-05-01 10:00:00+00'", "end_reason": "'齐'", "end_basis": "'单'"}


def test_a_suspension_ends_once(cast, start):
    suspend(cast, start())
    pause = Suspension.objects.get()
    end = "UPDATE deadlines_suspension SET " + ", ".join(f"{name} = {value}" for name, value in ENDINGS.items())
    assert not refused(end)
    for name in ENDINGS:
        assert refused(f"UPDATE deadlines_suspension SET {name} = '2026-06-01 10:00:00+00' WHERE id = %s", pause.pk)
        assert refused(f"UPDATE deadlines_suspension SET {name} = NULL WHERE id = %s", pause.pk)
    assert refused("UPDATE deadlines_suspension SET started_at = '2026-01-01 10:00:00+00' WHERE id = %s", pause.pk)


def test_the_beginning_of_an_open_suspension_stands(cast, start):
    suspend(cast, start())
    assert refused("UPDATE deadlines_suspension SET started_at = '2026-01-01 10:00:00+00'")
    assert refused("DELETE FROM deadlines_suspension")


def test_a_request_changes_while_it_waits_and_not_afterwards(cast, start):
    request = extension(cast.verifier, start())
    assert not refused("UPDATE deadlines_timerequest SET reason = '补充说明' WHERE id = %s", request.pk)
    services.withdraw_request(actor=cast.verifier, request=request)
    assert refused("UPDATE deadlines_timerequest SET reason = '另一说明' WHERE id = %s", request.pk)
    assert refused("UPDATE deadlines_timerequest SET decision = 'pending' WHERE id = %s", request.pk)
    assert refused("DELETE FROM deadlines_timerequest WHERE id = %s", request.pk)
