"""`kill -9` between a reading and what is said of it, writers side by side: each alarm once (`make faults`)."""

import json
import random
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.ledger import Ledger
from tests.postgres import Postgres, needs_postgres
from tests.servers import Server, manage, new_folder, new_token, prepare, running, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.server]
KILLS = 10
LEAST_KILLS, KILLING_SECONDS = 4, 30  # servers take their time to start
MAX_DELAY_SECONDS = 0.08  # after the acknowledgement; by then the message is out
TELL_SECONDS = 10
AT_ONCE = 8
WAVES = 4
# Rules of which each is about a metric of its own, for a rule speaks once a minute.
RULES = """
from two.models import Device, Metric, Rule
device = Device.objects.create(slug="boiler", name="Boiler")
for number in range({count}):
    metric = Metric.objects.create(device=device, name=f"m{{number}}")
    Rule.objects.create(metric=metric, kind="above", threshold=70)
    Rule.objects.create(metric=metric, kind="above", threshold=80, hold_seconds=0.05)
"""
ALARMS = """
SELECT metric.name, rule.threshold, COUNT(*), MIN(alarm.told), MAX(alarm.told) FROM two_alarm alarm
JOIN two_rule rule ON rule.id = alarm.rule_id JOIN two_metric metric ON metric.id = rule.metric_id
GROUP BY metric.name, rule.threshold ORDER BY 1, 2
"""
SAID = """
SELECT message.about_metric, rule.threshold, message.alarm_state FROM threechat_message message
LEFT JOIN two_alarm alarm ON alarm.id = message.alarm_id LEFT JOIN two_rule rule ON rule.id = alarm.rule_id
WHERE message.sender = 'telemetry' ORDER BY 1, 2, 3
"""
NUMBERS = (
    "SELECT message.number, room.last_id FROM threechat_message message JOIN threechat_room room ON room.id = room_id"
)


class Site:
    """A prepared data folder or PostgreSQL, with `metrics` metrics of two rules each."""

    def __init__(self, folder: Path, postgres: Postgres | None, metrics: int) -> None:
        self._folder = folder
        self._env = {"DATABASE_URL": postgres.url if postgres else "", "HOST_FEED": "0"}
        prepare(folder, **self._env)
        made = manage("shell", "-v0", "-c", RULES.format(count=metrics), DATA_DIR=str(folder), **self._env)
        assert made.returncode == 0, made.stderr
        self._token = new_token(folder, **self._env)
        self._ledger = Ledger(postgres.url if postgres else folder)

    def server(self, port: int | None = None) -> Server:
        return Server("uvicorn", self._folder, port, workers=1, **self._env)

    def post(self, server: Server, metric: str, value: float) -> None:
        """Returns when it is acknowledged."""
        body = json.dumps({"device": "boiler", "values": {metric: value}}).encode()
        headers = {"Authorization": f"Bearer {self._token}"}
        with urllib.request.urlopen(urllib.request.Request(f"{server.url}/two/readings/", body, headers), timeout=10):
            pass

    def count_untold(self) -> int:
        """Alarms of which nobody has spoken yet."""
        return int(self._ledger.rows("SELECT COUNT(*) FROM two_alarm WHERE told = 0")[0][0])

    def assert_each_raised_and_told_once(self, metrics: int) -> None:
        rules = [(f"m{number}", threshold) for number in range(metrics) for threshold in (70, 80)]

        def is_all_told() -> bool:
            return len(self._ledger.rows(SAID)) >= len(rules)

        try:
            wait_until(is_all_told, TELL_SECONDS, "")
        except TimeoutError:
            pass  # the comparison says what is missing
        assert self._ledger.rows(SAID) == sorted((*rule, "raised") for rule in rules)
        assert self._ledger.rows(ALARMS) == sorted((*rule, 1, 1, 1) for rule in rules)  # one, and told
        numbers = self._ledger.rows(NUMBERS)
        assert sorted(numbers) == [(number, len(rules)) for number in range(1, len(rules) + 1)]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres | None]:
    postgres = Postgres(new_folder()) if request.param == "postgres" else None
    with running(*([postgres] if postgres else [])):
        yield postgres


def test_an_alarm_whose_server_is_killed_before_it_speaks_is_raised_and_told_once(postgres: Postgres | None) -> None:
    """Some are killed before the message, some in it, some after it."""
    site = Site(new_folder(), postgres, KILLS)
    kills = in_between = 0
    deadline = time.monotonic() + KILLING_SECONDS
    while kills < LEAST_KILLS or (kills < KILLS and time.monotonic() < deadline):
        server = site.server()
        with running(server):
            site.post(server.wait_until_ready(), f"m{kills}", 99)
            time.sleep(random.uniform(0, MAX_DELAY_SECONDS) if kills % 2 else 0)
            server.kill()
        in_between += site.count_untold() > 0
        kills += 1
    server = site.server()
    with running(server):
        site.post(server.wait_until_ready(), "m0", 98)  # which is no new alarm
        site.assert_each_raised_and_told_once(kills)
    assert in_between, "none was killed between reading and message"


def test_two_servers_with_the_same_readings_raise_and_tell_once(postgres: Postgres | None) -> None:
    site = Site(new_folder(), postgres, WAVES)
    servers = [site.server() for _ in range(2)]
    with running(*servers), ThreadPoolExecutor(2 * AT_ONCE) as threads:
        for server in servers:
            server.wait_until_ready()
        for wave in range(WAVES):
            posts = [
                threads.submit(site.post, servers[number % 2], f"m{wave}", 90 + number) for number in range(2 * AT_ONCE)
            ]
            for post in posts:
                post.result()
        site.assert_each_raised_and_told_once(WAVES)
