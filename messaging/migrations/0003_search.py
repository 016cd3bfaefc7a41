"""The index of messages' words. On each database it is another thing, so it is no model.

`manage.py rebuild_search` fills it with the messages that were there before.
"""

from django.db import migrations

POSTGRES = """
CREATE TABLE messaging_searchdocument (
    place uuid PRIMARY KEY,
    message_id uuid NOT NULL,
    room_id uuid NOT NULL,
    number bigint NOT NULL,
    terms tsvector NOT NULL
) PARTITION BY RANGE (place);
CREATE INDEX searchdocument_room ON messaging_searchdocument (room_id, number);
CREATE INDEX searchdocument_terms ON messaging_searchdocument USING gin (terms);
"""

# Months that have messages by now: the same bounds, taken from the messages' partitions.
PARTITIONS_OF_NOW = """
DO $$
DECLARE month record;
BEGIN
    FOR month IN
        SELECT replace(c.relname, 'messaging_message_', 'messaging_searchdocument_') AS name,
               pg_get_expr(c.relpartbound, c.oid) AS bounds
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'messaging_message'::regclass
    LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF messaging_searchdocument %s', month.name, month.bounds);
    END LOOP;
END $$;
"""

SQLITE = (
    """
    CREATE TABLE messaging_searchdocument (
        place integer PRIMARY KEY,
        message_id char(32) NOT NULL UNIQUE,
        room_id char(32) NOT NULL,
        number bigint NOT NULL,
        words text NOT NULL,
        extra text NOT NULL,
        marks text NOT NULL
    )
    """,
    """
    CREATE INDEX searchdocument_room ON messaging_searchdocument (room_id, number)
    """,
    """
    CREATE VIRTUAL TABLE messaging_searchterms USING fts5 (
        words, extra, marks,
        content = 'messaging_searchdocument', content_rowid = 'place', columnsize = 0,
        tokenize = "ascii tokenchars ':=+#_'"
    )
    """,
    """
    CREATE TRIGGER searchdocument_added AFTER INSERT ON messaging_searchdocument BEGIN
        INSERT INTO messaging_searchterms (rowid, words, extra, marks)
        VALUES (new.place, new.words, new.extra, new.marks);
    END
    """,
    """
    CREATE TRIGGER searchdocument_changed AFTER UPDATE ON messaging_searchdocument BEGIN
        INSERT INTO messaging_searchterms (messaging_searchterms, rowid, words, extra, marks)
        VALUES ('delete', old.place, old.words, old.extra, old.marks);
        INSERT INTO messaging_searchterms (rowid, words, extra, marks)
        VALUES (new.place, new.words, new.extra, new.marks);
    END
    """,
    """
    CREATE TRIGGER searchdocument_removed AFTER DELETE ON messaging_searchdocument BEGIN
        INSERT INTO messaging_searchterms (messaging_searchterms, rowid, words, extra, marks)
        VALUES ('delete', old.place, old.words, old.extra, old.marks);
    END
    """,
)


def make(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    for statement in (POSTGRES, PARTITIONS_OF_NOW) if is_postgres else SQLITE:
        schema_editor.execute(statement, params=None)


def unmake(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.execute("DROP TABLE messaging_searchterms")
    schema_editor.execute("DROP TABLE messaging_searchdocument")


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_conversations")]

    operations = [migrations.RunPython(make, unmake, elidable=False)]
