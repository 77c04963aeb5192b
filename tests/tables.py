"""A database in which a table is missing for a while: what asks for it fails, all else goes on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from asgiref.sync import sync_to_async
from django.db import connection, transaction


@contextmanager
def without_table(table: str) -> Iterator[None]:
    _rename(table, "away")
    try:
        yield
    finally:
        _rename("away", table)


@asynccontextmanager
async def awithout_table(table: str) -> AsyncIterator[None]:
    """The same among coroutines."""
    missing = without_table(table)
    await sync_to_async(missing.__enter__)()
    try:
        yield
    finally:
        await sync_to_async(missing.__exit__)(None, None, None)


def _rename(table: str, to: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {to}")
