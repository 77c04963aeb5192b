"""A short soak, of each kind of site (`make soak` runs a long one)."""

import pytest

from tests.postgres import needs_postgres
from tests.soak.run import soak

pytestmark = [pytest.mark.faults, pytest.mark.server]
VIEWERS, CHATTERS = 200, 10


@pytest.mark.parametrize(
    ("sqlite", "seconds"), [(True, 20), pytest.param(False, 45, marks=needs_postgres)], ids=["sqlite", "postgres"]
)
async def test_nothing_piles_up_under_an_even_load(sqlite: bool, seconds: float) -> None:
    report = await soak(seconds, sqlite, VIEWERS, CHATTERS)
    print(report.text())
    assert report.is_good, report.text()
