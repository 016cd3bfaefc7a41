"""Database triggers that keep the audit record append-only, for PostgreSQL and SQLite.

`install` is called by the migration. A later migration that alters `audit_auditentry` or
`audit_auditseal` must call it again: on SQLite, Django alters a table by making a new one, and
the triggers go with the old. `remove` is for tests, which have to empty their database.

The refusals arrive in Python as `django.db.IntegrityError` from both databases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

ENTRIES, PENDING, SEALS = "audit_auditentry", "audit_auditpending", "audit_auditseal"
REFUSAL = "The audit record is append-only."

# `SET search_path FROM CURRENT`: the functions mean the tables of the schema that they were made
# in, whatever path the session that sets them off has.
_POSTGRESQL_FUNCTIONS = f"""
    CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE OR REPLACE FUNCTION audit_await_seal() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO {PENDING} (entry_id) VALUES (NEW.id);
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER audit_await_seal AFTER INSERT ON {ENTRIES}
        FOR EACH ROW EXECUTE FUNCTION audit_await_seal();
"""

# Changes are refused row by row: `loaddata` tries an UPDATE that meets no row before it inserts.
_POSTGRESQL_REFUSALS = """
    CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
    CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""

_SQLITE_PENDING = (
    f"CREATE TRIGGER IF NOT EXISTS audit_await_seal AFTER INSERT ON {ENTRIES} "
    f"BEGIN INSERT INTO {PENDING} (entry_id) VALUES (NEW.id); END"
)
_SQLITE_REFUSAL = (
    "CREATE TRIGGER IF NOT EXISTS {table}_{name} BEFORE {event} ON {table} WHEN {condition} "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
)
# INSERT OR REPLACE removes the row in its way without setting off any DELETE trigger (unless
# `recursive_triggers` is on), so what would replace a row is refused as it comes in.
_SQLITE_REPLACES = {
    ENTRIES: f"EXISTS (SELECT 1 FROM {ENTRIES} WHERE id = NEW.id)",
    SEALS: f"EXISTS (SELECT 1 FROM {SEALS} WHERE position = NEW.position OR entry_id = NEW.entry_id)",
}


def _sqlite_refusals() -> list[str]:
    return [
        _SQLITE_REFUSAL.format(table=table, name=name, event=event, condition=condition)
        for table in (ENTRIES, SEALS)
        for name, event, condition in (
            ("no_update", "UPDATE", "TRUE"),
            ("no_delete", "DELETE", "TRUE"),
            ("no_replace", "INSERT", _SQLITE_REPLACES[table]),
        )
    ]


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers where they are missing. Both tables exist."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTIONS)
            for table in (ENTRIES, SEALS):
                cursor.execute(_POSTGRESQL_REFUSALS.format(table=table))
        elif connection.vendor == "sqlite":
            for statement in (_SQLITE_PENDING, *_sqlite_refusals()):
                cursor.execute(statement)
        else:
            raise NotImplementedError(f"No append-only triggers are known for {connection.vendor}.")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop what keeps the tables append-only, so that a test database can be emptied."""
    with connection.cursor() as cursor:
        for table in (ENTRIES, SEALS):
            if connection.vendor == "postgresql":
                for name in ("no_change", "no_truncate"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}")
            else:
                for name in ("no_update", "no_delete", "no_replace"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}")
