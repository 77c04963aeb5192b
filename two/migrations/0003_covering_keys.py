"""On PostgreSQL, primary keys that hold the whole row, and tables that are vacuumed early (docs/decisions.md).

Readings of many metrics lie mixed in the table, so without this a window touches about as many pages as it has rows.
Built beside the old keys: writers wait only while the new one takes the old one's place.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLES = {
    "two_reading": ("at_ns", "value"),
    "two_minuterollup": ("start_ns", "count, scaled_sum, minimum, maximum"),
    # Not the hours: they are few, and each is changed thousands of times, which is cheap while no key holds its values.
}
# Pages that a vacuum has seen are read from the key alone. The defaults wait until a fifth of the table is new.
VACUUM = {
    "autovacuum_vacuum_insert_scale_factor": "0",
    "autovacuum_vacuum_insert_threshold": "100000",
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_freeze_min_age": "0",  # what is written once is frozen by the vacuum that sees it first
}


def cover(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for table, (column, values) in TABLES.items():
            _replace_key(editor, table, f"(metric_id, {column}) INCLUDE ({values})")
            settings = ", ".join(f"{name} = {value}" for name, value in VACUUM.items())
            editor.execute(f"ALTER TABLE {table} SET ({settings})")


def uncover(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for table, (column, _) in TABLES.items():
            _replace_key(editor, table, f"(metric_id, {column})")
            editor.execute(f"ALTER TABLE {table} RESET ({', '.join(VACUUM)})")


def _replace_key(editor: BaseDatabaseSchemaEditor, table: str, columns: str) -> None:
    editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {table}_next")  # what an attempt that failed left behind
    editor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {table}_next ON {table} {columns}")
    editor.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, "
        f"ADD CONSTRAINT {table}_pkey PRIMARY KEY USING INDEX {table}_next"
    )


class Migration(migrations.Migration):
    atomic = False  # an index cannot be built concurrently inside a transaction

    dependencies = [("two", "0002_alarms")]

    operations = [migrations.RunPython(cover, uncover)]
