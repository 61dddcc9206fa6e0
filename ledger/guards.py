"""Triggers by which the database itself refuses to change evidence (§11), whoever asks: page, shell or SQL prompt.

`protect(table)` refuses UPDATE, DELETE and (PostgreSQL) TRUNCATE. `mutable` names columns that may go from NULL to a value
once, for facts that arrive later (a signature's withdrawal), `free` columns that may change at will (the state of what
goes on); everything else of the row stays as it was written.

`protect_when(table, condition)` does the same for rows that have become evidence (a sealed version and its files) and
leaves the others alone. A later migration that makes SQLite rebuild a guarded table, or one that a condition reads, must
`remove` the triggers first and protect again: SQLite drops or refuses them otherwise.
"""

from django.db import connection, migrations

MESSAGE = "evidence is append-only"


def _columns(connection, table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [column.name for column in connection.introspection.get_table_description(cursor, table)]


def _forbidden_change(columns: list[str], mutable: tuple[str, ...], differs: str) -> str:
    """The SQL condition under which an update is refused."""
    fixed = [f'OLD."{name}" {differs} NEW."{name}"' for name in columns if name not in mutable]
    once = [f'(OLD."{name}" IS NOT NULL AND OLD."{name}" {differs} NEW."{name}")' for name in mutable]
    return " OR ".join(fixed + once)


def _postgres_sql(table: str, condition: str) -> list[str]:
    return [
        f"""CREATE OR REPLACE FUNCTION "{table}_refuse"() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{MESSAGE}: {table}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        f"""CREATE TRIGGER "{table}_no_update" BEFORE UPDATE ON "{table}" FOR EACH ROW
            WHEN ({condition}) EXECUTE FUNCTION "{table}_refuse"()""",
        f"""CREATE TRIGGER "{table}_no_delete" BEFORE DELETE ON "{table}" FOR EACH ROW
            EXECUTE FUNCTION "{table}_refuse"()""",
        f"""CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT
            EXECUTE FUNCTION "{table}_refuse"()""",
    ]


def _sqlite_unique_keys(connection, table: str) -> list[list[str]]:
    """The columns of the primary key and of each full (not partial) unique index."""
    with connection.cursor() as cursor:
        keys = [[connection.introspection.get_primary_key_column(cursor, table)]]
        indexes = cursor.execute(f'PRAGMA index_list("{table}")').fetchall()
        for _, name, is_unique, _, is_partial in indexes:
            if is_unique and not is_partial:
                keys.append([row[2] for row in cursor.execute(f'PRAGMA index_info("{name}")').fetchall()])
    return keys


def _sqlite_no_replace(table: str, unique_keys: list[list[str]]) -> str:
    # INSERT OR REPLACE deletes the row in its way without firing the delete trigger: refuse to meet one at all.
    taken = " OR ".join(
        f'EXISTS (SELECT 1 FROM "{table}" t WHERE '  # noqa: S608 — names of our own tables
        + " AND ".join(f't."{c}" = NEW."{c}"' for c in key)
        + ")"
        for key in unique_keys
    )
    return f"""CREATE TRIGGER "{table}_no_replace" BEFORE INSERT ON "{table}" FOR EACH ROW WHEN ({taken})
            BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {table} ({MESSAGE})'); END"""


def _sqlite_sql(table: str, condition: str, unique_keys: list[list[str]]) -> list[str]:
    return [
        _sqlite_no_replace(table, unique_keys),
        f"""CREATE TRIGGER "{table}_no_update" BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN ({condition})
            BEGIN SELECT RAISE(ABORT, '{MESSAGE}: {table}'); END""",
        f"""CREATE TRIGGER "{table}_no_delete" BEFORE DELETE ON "{table}" FOR EACH ROW
            BEGIN SELECT RAISE(ABORT, '{MESSAGE}: {table}'); END""",
    ]


def install(connection, table: str, mutable: tuple[str, ...] = (), free: tuple[str, ...] = ()) -> None:
    """Create the triggers of one table."""
    columns = [name for name in _columns(connection, table) if name not in free]
    if connection.vendor == "postgresql":
        statements = _postgres_sql(table, _forbidden_change(columns, mutable, "IS DISTINCT FROM"))
    else:
        condition = _forbidden_change(columns, mutable, "IS NOT")
        statements = _sqlite_sql(table, condition, _sqlite_unique_keys(connection, table))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _change_when(columns: list[str], condition: str, mutable: tuple[str, ...], differs: str, is_whole: bool) -> str:
    """The SQL condition under which an update of a closed row is refused: any (`is_whole`), or one of `columns`."""
    old = condition.format(row="OLD")
    return old if is_whole else f"({old}) AND ({_forbidden_change(columns, mutable, differs)})"


def _postgres_sql_when(table: str, condition: str, covers_new: bool, change: str) -> list[str]:
    # A trigger's WHEN may not hold a subquery, so the question is asked inside the function.
    old, new = condition.format(row="OLD"), condition.format(row="NEW") if covers_new else "FALSE"
    refusal = f"RAISE EXCEPTION '{MESSAGE}: {table}' USING ERRCODE = 'integrity_constraint_violation'"
    statements = [
        f"""CREATE OR REPLACE FUNCTION "{table}_refuse_when"() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'TRUNCATE' THEN {refusal}; END IF;
                IF TG_OP = 'DELETE' THEN IF {old} THEN {refusal}; END IF; RETURN OLD; END IF;
                IF TG_OP = 'UPDATE' THEN IF {change} THEN {refusal}; END IF; END IF;
                IF {new} THEN {refusal}; END IF;
                RETURN NEW;
            END $$""",
        f"""CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT
            EXECUTE FUNCTION "{table}_refuse_when"()""",
    ]
    for event in ("insert", "update", "delete"):
        statements.append(
            f"""CREATE TRIGGER "{table}_no_{event}" BEFORE {event.upper()} ON "{table}" FOR EACH ROW
            EXECUTE FUNCTION "{table}_refuse_when"()"""
        )
    return statements


def _sqlite_sql_when(
    table: str, condition: str, covers_new: bool, change: str, unique_keys: list[list[str]]
) -> list[str]:
    old, new = condition.format(row="OLD"), condition.format(row="NEW") if covers_new else "FALSE"
    refusal = f"SELECT RAISE(ABORT, '{MESSAGE}: {table}')"
    return [
        _sqlite_no_replace(table, unique_keys),
        f"""CREATE TRIGGER "{table}_no_insert" BEFORE INSERT ON "{table}" FOR EACH ROW WHEN {new}
            BEGIN {refusal}; END""",
        f"""CREATE TRIGGER "{table}_no_update" BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN ({change}) OR {new}
            BEGIN {refusal}; END""",
        f"""CREATE TRIGGER "{table}_no_delete" BEFORE DELETE ON "{table}" FOR EACH ROW WHEN {old}
            BEGIN {refusal}; END""",
    ]


def install_when(
    connection,
    table: str,
    condition: str,
    covers_new: bool = False,
    mutable: tuple[str, ...] = (),
    free: tuple[str, ...] = (),
) -> None:
    """Create the triggers that refuse UPDATE and DELETE of the rows for which `condition` holds, and TRUNCATE always.

    `condition` is SQL with `{row}` for the row; `covers_new` asks it of a row as it would become too, so that nothing is
    added to what is closed. `mutable` and `free` as in `install`, for columns of a closed row."""
    columns = [name for name in _columns(connection, table) if name not in free]
    is_whole = not (mutable or free)
    if connection.vendor == "postgresql":
        change = _change_when(columns, condition, mutable, "IS DISTINCT FROM", is_whole)
        statements = _postgres_sql_when(table, condition, covers_new, change)
    else:
        change = _change_when(columns, condition, mutable, "IS NOT", is_whole)
        keys = _sqlite_unique_keys(connection, table)
        statements = _sqlite_sql_when(table, condition, covers_new, change, keys)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def remove(connection, table: str) -> None:
    """Drop the triggers of one table: for the reverse of a migration and for tests that play the attacker."""
    on_table = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for kind in ("no_insert", "no_update", "no_delete", "no_truncate", "no_replace"):
            cursor.execute(f'DROP TRIGGER IF EXISTS "{table}_{kind}"{on_table}')


def protect(table: str, mutable: tuple[str, ...] = (), free: tuple[str, ...] = ()) -> migrations.RunPython:
    """The migration operation that makes one table append-only."""
    return migrations.RunPython(
        lambda apps, schema_editor: install(schema_editor.connection, table, mutable, free),
        lambda apps, schema_editor: remove(schema_editor.connection, table),
    )


def protect_when(
    table: str,
    condition: str,
    covers_new: bool = False,
    mutable: tuple[str, ...] = (),
    free: tuple[str, ...] = (),
) -> migrations.RunPython:
    """The migration operation that makes some rows of a table append-only; see `install_when`."""
    return migrations.RunPython(
        lambda apps, schema_editor: install_when(
            schema_editor.connection, table, condition, covers_new, mutable, free
        ),
        lambda apps, schema_editor: remove(schema_editor.connection, table),
    )


def guarded_tables() -> list[str]:
    """Names of the tables that carry our triggers, as the database itself says."""
    if connection.vendor == "postgresql":
        query = (
            "SELECT DISTINCT event_object_table FROM information_schema.triggers"
            " WHERE trigger_name LIKE '%\\_no\\_delete'"
        )
    else:
        query = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_no\\_delete' ESCAPE '\\'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return sorted(row[0] for row in cursor.fetchall())
