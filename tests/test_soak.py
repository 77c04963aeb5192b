"""A short soak, of each kind of site (`make soak` runs a long one)."""

import os

import pytest

from tests.postgres import find
from tests.soak.run import soak

pytestmark = [pytest.mark.faults, pytest.mark.server]
needs_postgres = pytest.mark.skipif(find() is None and not os.environ.get("CI"), reason="there is no initdb")
VIEWERS, CHATTERS = 200, 10


@pytest.mark.parametrize(
    ("sqlite", "seconds"), [(True, 20), pytest.param(False, 45, marks=needs_postgres)], ids=["sqlite", "postgres"]
)
async def test_nothing_piles_up_under_an_even_load(sqlite: bool, seconds: float) -> None:
    report = await soak(seconds, sqlite, VIEWERS, CHATTERS)
    print(report.text())
    assert report.is_good, report.text()
