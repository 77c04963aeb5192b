"""What the holder of a token may do; asked of the database once every few seconds."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextvars import Context
from functools import partial
from typing import NamedTuple

from examplechannels.limits import Buckets, TokenBucket
from examplechannels.questions import AskedTogether, ask
from two.models import AccessToken

KEEP_SECONDS = 10.0  # how long a revoked token may still be taken
LOOK_AHEAD_SECONDS = 5.0  # before its end one that is in use is looked up again, while it is still taken
MAX_KEPT = 20_000
MAX_TOKEN_CHARACTERS = 200
READINGS_PER_SECOND: dict[str, int] = {AccessToken.Scope.DEVICE: 2_000, AccessToken.Scope.SITE: 100_000}
BURST_READINGS: dict[str, int] = {AccessToken.Scope.DEVICE: 50_000, AccessToken.Scope.SITE: 500_000}
BURST_WRONG, WRONG_PER_SECOND = 20, 1  # guesses of one address
MAX_OWED_WRONG = 60  # those asked at once are known to be wrong too late; beyond a minute nobody waits for them


class Grant(NamedTuple):
    """What a token allows."""

    scope: str
    device: str | None  # the slug that it writes for; None: any
    readings: TokenBucket  # how much it may write


class TooManyGuesses(Exception):
    """So many wrong tokens came from this address that no new one is looked up: wait `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Tokens:
    """The grants that this process knows of. All methods belong to its event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._grants: OrderedDict[str, tuple[float, Grant | None]] = OrderedDict()  # by digest, with their end
        self._guesses = Buckets(BURST_WRONG, WRONG_PER_SECOND, clock)  # by address
        self._rows = AskedTogether(_rows_of, partial(ask, urgent=True))
        self._looked_up: dict[str, asyncio.Task[Grant | None]] = {}  # just now, by digest

    def forget(self) -> None:
        """Looks everything up anew."""
        self._grants.clear()
        self._guesses.forget()

    async def grant_for(self, token: str, address: str) -> Grant | None:
        """What `token` allows; None for one that is unknown or revoked.

        Raises:
            TooManyGuesses: see there.
        """
        digest = AccessToken.digest_of(token[: MAX_TOKEN_CHARACTERS + 1])
        known = self._grants.get(digest)
        left = known[0] - self._clock() if known else 0.0
        if known and left > 0:
            if known[1] and left < LOOK_AHEAD_SECONDS and digest not in self._looked_up:
                self._begin(digest, known[1], self._guesses.of(address))  # nobody waits for it
            return known[1]
        if digest not in self._looked_up:
            guesses = self._guesses.of(address)
            was_good = known is not None and known[1] is not None
            if not was_good and (wait := guesses.wait()):
                raise TooManyGuesses(wait)
            self._begin(digest, known[1] if known else None, guesses)
        # Shielded: it is not only for the first who asked.
        return await asyncio.shield(self._looked_up[digest])

    def _begin(self, digest: str, before: Grant | None, guesses: TokenBucket) -> None:
        looking = self._look_up(digest, before, guesses)
        looked_up = asyncio.create_task(looking, name="token", context=Context())
        looked_up.add_done_callback(lambda task: task.cancelled() or task.exception())  # heard, whoever waits
        self._looked_up[digest] = looked_up

    async def _look_up(self, digest: str, before: Grant | None, guesses: TokenBucket) -> Grant | None:
        try:
            row = await self._rows.ask(digest)
            grant = None
            if row is not None and row.revoked is None:
                device = row.device.slug if row.device else None
                grant = Grant(row.scope, device, before.readings if before else _bucket(row.scope, self._clock))
            else:
                guesses.spend(1, MAX_OWED_WRONG)
            self._grants.pop(digest, None)
            self._grants[digest] = (self._clock() + KEEP_SECONDS, grant)
            if len(self._grants) > MAX_KEPT:
                self._grants.popitem(last=False)
            return grant
        finally:
            del self._looked_up[digest]


def _rows_of(digests: Collection[str]) -> dict[str, AccessToken]:
    rows = AccessToken.objects.select_related("device").filter(digest__in=digests)
    return {row.digest: row for row in rows}


def _bucket(scope: str, clock: Callable[[], float]) -> TokenBucket:
    return TokenBucket(BURST_READINGS.get(scope, 0), READINGS_PER_SECOND.get(scope, 1), clock)


tokens = Tokens()
