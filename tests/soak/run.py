"""One soak from the first visitor to the last, and what is to be said about it."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tests.chat_workers import ChatWorkers
from tests.postgres import Postgres
from tests.servers import Valkey, new_folder, running
from tests.soak.devices import ALARMS, MAKE_RULE, PER_SECOND, Devices, Values
from tests.soak.gauges import Gauges, Sample
from tests.soak.guests import LINE_SECONDS, PICTURE_SECONDS, Chatters, Passers
from tests.soak.report import Report
from tests.soak.verdict import has_fallen_back, judge
from tests.soak.watchers import Watchers

VIEWERS, CHATTERS = 500, 20
WARM_UP_SHARE, WARM_UP_SECONDS = 0.35, 240.0  # at most: caches and pools fill
HERE_SHARE = 0.95
"""Of the viewers: after a burst some are still on their way back."""
LEAST_SAMPLES = 5
LEAST_PACE, LEAST_PACE_WHEN_LONG = 0.25, 0.95
"""Of what should come: on a machine that is busy with something else nothing is learned."""
START_SECONDS = 6.0  # tasks are counted every 5
CATCH_UP_SECONDS = 15.0
LEAVE_SECONDS = 45.0  # idle writers give their threads back, silent processes are forgotten
TELL_SECONDS = 60.0
ERROR = re.compile(r"^.*(?:\bERROR\b|\bCRITICAL\b|Traceback|Not ready).*$", re.MULTILINE)
ROOMS = "SELECT id, name, last_id FROM threechat_room"
MAX_TOLD = 5
"""Complaints of a kind that are printed."""


@contextmanager
def site_on(sqlite: bool) -> Iterator[tuple[ChatWorkers, Postgres | None, Valkey | None]]:
    """Two workers with PostgreSQL and Valkey; or one, with nothing but itself."""
    postgres = valkey = None
    with ExitStack() as stack:
        if not sqlite:
            postgres = Postgres(new_folder())
            stack.enter_context(running(postgres))
            valkey = Valkey(new_folder())
            stack.enter_context(running(valkey))
        site = ChatWorkers(1 if sqlite else 2, postgres, valkey)
        with running(site):
            yield site, postgres, valkey


class Soak:
    """Everybody who comes to `site`, and the gauges that are read meanwhile."""

    def __init__(self, site: ChatWorkers, gauges: Gauges, viewers: int = VIEWERS, chatters: int = CHATTERS) -> None:
        self._site, self._gauges = site, gauges
        site.manage("shell", "-v0", "-c", MAKE_RULE)
        self.watchers = Watchers(site.servers, viewers)
        self.chatters = Chatters(site.servers, chatters)
        self.devices = Devices(site.servers, site.token)
        self.passers = Passers(site.servers)

    async def run(self, seconds: float) -> Report:
        """The load stays even for `seconds`, between coming and leaving."""
        report = Report()
        await asyncio.sleep(START_SECONDS)
        start = await asyncio.to_thread(self._gauges.read)
        await self.watchers.come()
        await self.chatters.come()
        self.devices.begin()
        self.passers.begin(int(time.time() * 1000))
        await self._watch(seconds)
        visits = self.watchers.visits
        await self.passers.end()
        await self.devices.end()
        await self.watchers.stay()
        await self.chatters.fall_silent()
        await self._compare_rooms(report)
        await self.chatters.leave()
        await self.watchers.leave()
        after = await self._after(start)
        workers = len(self._site.servers)
        measured = self._gauges.measured
        samples = min(map(len, measured.values()), default=0)
        report.expect(samples >= LEAST_SAMPLES, f"only {samples} samples with {HERE_SHARE:.0%} of the viewers there")
        report.lines = judge(start, measured, after, visits / workers, is_long(seconds))
        self._compare_readings(report)
        self._look_at_logs(report)
        self._tell(report, seconds)
        return report

    async def _watch(self, seconds: float) -> None:
        """Samples each second, and says a line a minute. What counts is when it is warm and nearly all are there."""
        end = time.monotonic() + seconds
        warm = time.monotonic() + min(WARM_UP_SECONDS, WARM_UP_SHARE * seconds)
        sampling = asyncio.create_task(
            self._gauges.sample_for_ever(lambda: time.monotonic() > warm and self.watchers.here >= HERE_SHARE)
        )
        while (left := end - time.monotonic()) > 0:
            await asyncio.wait([sampling], timeout=min(TELL_SECONDS, left))
            if sampling.done():
                break
            if left > TELL_SECONDS:
                print(self._line_of_now(seconds + time.monotonic() - end), flush=True)
        sampling.cancel()
        with suppress(asyncio.CancelledError):
            await sampling

    def _line_of_now(self, elapsed: float) -> str:
        last = self._gauges.last
        found = [
            f"{name.removeprefix('worker ')} {value:,.0f}" for name, value in last.items() if "threads" not in name
        ]
        done = f"{len(self.devices.acknowledged):,} readings, {self.chatters.said:,} messages"
        return f"{elapsed:5.0f} s  {self.watchers.visits:,} visits, {done}  |  {', '.join(found)}"

    async def _compare_rooms(self, report: Report) -> None:
        """What is stored was said, once; every page has all of it, of itself."""
        rooms = {name: (number, last_id) for number, name, last_id in self._site.ledger.rows(ROOMS)}
        last_ids = {name: last_id for name, (_, last_id) in rooms.items()}
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while (behind := self.watchers.behind(last_ids)) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        report.expect(not behind, f"{len(behind)} pages lack messages of {last_ids}: {behind[:MAX_TOLD]}")
        for page in self.chatters.pages:
            stored = self._site.room(rooms[page.room][0])
            try:
                await page.settle(stored.last_id, CATCH_UP_SECONDS)
                await page.scroll_to_the_top()
                stored.assert_holds(page)
                stored.assert_shown_by(page)
            except (AssertionError, TimeoutError) as error:
                report.complaints.append(f"a page of {page.room}: {str(error)[:300]}")
        said = {text for page in self.chatters.pages for text in page.said.values()}
        for name in {page.room for page in self.chatters.pages}:
            try:
                self._site.room(rooms[name][0]).assert_sound(said)
            except AssertionError as error:
                report.complaints.append(f"{name}: {str(error)[:300]}")

    def _compare_readings(self, report: Report) -> None:
        devices = self.devices
        stored: Values = {key: value for key, value in self._site.ledger.readings().items() if key[0] != "host"}
        lost, invented = devices.lost(stored), devices.invented(stored)
        report.expect(not lost, f"{lost} of {len(devices.acknowledged)} acknowledged readings are not stored")
        report.expect(not invented, f"{invented} readings are stored that nobody sent")
        try:
            self._site.ledger.assert_rollups_agree()
        except AssertionError:
            report.complaints.append("the minutes and hours do not count what is stored")
        [(raised, still)] = self._site.ledger.rows(ALARMS)
        doubtful = devices.unanswered
        holds = devices.alarms - doubtful <= raised <= devices.alarms and int(still or 0) <= doubtful
        report.expect(holds, f"{raised} alarms of {devices.alarms}, {still} still open")
        for complaint in (*devices.complaints[:MAX_TOLD], *self.passers.complaints[:MAX_TOLD]):
            report.complaints.append(complaint)

    def _look_at_logs(self, report: Report) -> None:
        for number, server in enumerate(self._site.servers, 1):
            report.expect(server.running, f"worker {number} has ended")
            for error in ERROR.findall(server.output)[:MAX_TOLD]:
                report.complaints.append(f"worker {number} logged: {error[:200]}")

    async def _after(self, start: Sample) -> Sample:
        """What there is when everybody has left, once it has fallen back or does not."""
        deadline = time.monotonic() + LEAVE_SECONDS
        while not has_fallen_back(start, now := await asyncio.to_thread(self._gauges.read)):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(1)
        return now

    def _tell(self, report: Report, seconds: float) -> None:
        devices, watchers = self.devices, self.watchers
        report.expect(not watchers.silent(), f"pages that got nothing: {watchers.silent()}")
        per_second = len(devices.acknowledged) / seconds
        pace = LEAST_PACE_WHEN_LONG if is_long(seconds) else LEAST_PACE
        report.expect(per_second >= PER_SECOND * pace, f"only {per_second:.0f} readings/s of {PER_SECOND:.0f}")
        lines = len(self.chatters.pages) * seconds / max(LINE_SECONDS)
        report.expect(self.chatters.said >= lines * pace, f"only {self.chatters.said} messages of {lines:.0f}")
        pictures = seconds / PICTURE_SECONDS
        report.expect(self.passers.pictures >= pictures * pace, f"only {self.passers.pictures} pictures")
        report.facts = [
            f"{seconds:.0f} s, {len(watchers.pages)} viewers, {watchers.visits:,} visits, {watchers.bursts} bursts",
            f"{len(devices.acknowledged):,} readings acknowledged ({per_second:.0f}/s), {devices.alarms} alarms",
            f"{devices.unanswered + self.passers.unanswered} requests without an answer in time",
            f"{self.chatters.said:,} messages of {len(self.chatters.pages)} chatters, {self.passers.pictures} pictures",
            f"{sum(self.passers.answers.values()):,} page requests: {dict(self.passers.answers)}",
        ]


def is_long(seconds: float) -> bool:
    return WARM_UP_SHARE * seconds >= WARM_UP_SECONDS


async def soak(seconds: float, sqlite: bool, viewers: int = VIEWERS, chatters: int = CHATTERS) -> Report:
    with site_on(sqlite) as (site, postgres, valkey):
        gauges = Gauges(site, postgres, valkey)
        try:
            return await Soak(site, gauges, viewers, chatters).run(seconds)
        finally:
            gauges.close()
