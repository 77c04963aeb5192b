"""Posts what alarms have to say to the webhooks of their rules (docs/protocol.md, Webhooks).

Each server process looks for what is due, when it is woken and every few seconds, and claims it in the database:
several of them share the work, and what one leaves undone by dying another does when the lease is over.
"""

import asyncio
import hashlib
import hmac
import logging
import os
import socket
import ssl
import time
from collections import Counter
from contextvars import Context
from functools import partial

from django.db import DatabaseError
from django.utils.translation import gettext as _

from examplechannels.background import background
from examplechannels.complaints import Complaints
from examplechannels.questions import ask_for_alarms
from two.alarms import outbox
from two.alarms.addresses import BadWebhook, target_of
from two.alarms.outbox import Claimed, Due
from two.alarms.posting import post
from two.alarms.sweep import rule_watch

logger = logging.getLogger(__name__)
complaints = Complaints(logger)

POLL_SECONDS = 3.0
SWEEP_SECONDS = 60.0
ATTEMPT_SECONDS = 10.0
FAREWELL_SECONDS = 2.0  # what is under way when the server ends may take this long
SLOTS = 8
SLOTS_PER_HOST = 2  # one that hangs does not keep the others waiting


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 of `<timestamp>.<body>`, in hex: with the time in it, an old message cannot be sent anew."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def headers_of(claimed: Claimed, timestamp: int) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "ExampleChannels",
        "X-Delivery": str(claimed.pk),
        "X-Timestamp": str(timestamp),
        "X-Signature": f"sha256={signature(claimed.secret, timestamp, claimed.body.encode())}",
    }


class Postman:
    """Delivers, for one process, at most `SLOTS` at a time."""

    def __init__(self, poll_seconds: float = POLL_SECONDS, attempt_seconds: float = ATTEMPT_SECONDS) -> None:
        self._poll_seconds = poll_seconds
        self._attempt_seconds = attempt_seconds
        self._under_way: dict[asyncio.Task[None], str] = {}  # with the webhook's host
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something is due. From any thread; where this process does not deliver, another will find it."""
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(self._woken.set)
        except RuntimeError:
            pass  # the loop has ended

    async def run(self) -> None:
        """Until it is cancelled; what is under way then may end within `FAREWELL_SECONDS`."""
        self._loop = asyncio.get_running_loop()
        sweeps_at = 0.0
        try:
            while True:
                self._woken.clear()
                try:
                    if self._loop.time() >= sweeps_at:
                        sweeps_at = self._loop.time() + SWEEP_SECONDS
                        await ask_for_alarms(outbox.drop_excess)
                    await self._begin()
                except DatabaseError as error:
                    complaints.say("Webhooks wait, the database did not answer: %s", str(error).strip())
                await self._until_something_may_be_due()
        finally:
            self._loop = None
            await self._end()

    async def _until_something_may_be_due(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._woken.wait()
                return
            except TimeoutError:
                if rule_watch.has_rules:
                    return

    async def _begin(self) -> None:
        """Begins as many attempts as there is room for."""
        known: set[str] = set()
        while len(self._under_way) < SLOTS:  # if not, the next that ends wakes
            busy = self._busy_hosts()
            rows = await ask_for_alarms(partial(outbox.due, without=busy))
            for row in rows:
                if len(self._under_way) >= SLOTS:
                    return
                if _host_of(row) not in self._busy_hosts():
                    await self._attempt(row)
            known |= busy
            # Behind as many of hosts that became busy meanwhile there may be others.
            if len(rows) < outbox.MAX_LOOKED_AT or self._busy_hosts() <= known:
                return

    def _busy_hosts(self) -> set[str]:
        return {host for host, count in Counter(self._under_way.values()).items() if count >= SLOTS_PER_HOST}

    async def _attempt(self, row: Due) -> None:
        """Begins one, if it is still to be had."""
        # From here on, not from the connection: the attempt is over before its lease is.
        deadline = asyncio.get_running_loop().time() + self._attempt_seconds
        claimed = await ask_for_alarms(partial(outbox.claim, row))
        if claimed is None:
            return
        task = asyncio.create_task(self._deliver(claimed, deadline), name="webhook", context=Context())
        self._under_way[task] = _host_of(row)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._woken.set()

    async def _deliver(self, claimed: Claimed, deadline: float) -> None:
        timestamp = int(time.time())
        error, retry_after_seconds, is_hopeless = "", None, False
        try:
            if not claimed.url:
                raise BadWebhook(_("the rule has no webhook any more"))
            target = target_of(claimed.url)
            answer = await post(target, claimed.body.encode(), headers_of(claimed, timestamp), deadline)
            if not answer.is_success:
                error, retry_after_seconds = str(answer), answer.retry_after_seconds
        except BadWebhook as refusal:
            error, is_hopeless = str(refusal), True
        except OSError as failure:
            error = _words(failure)
        except Exception as failure:  # an answer that nobody thought of is no reason to try for ever
            logger.exception("Webhook delivery %d failed", claimed.pk)
            error = type(failure).__name__
        settle = partial(outbox.give_up, claimed, error)
        if not error:
            settle = partial(outbox.succeed, claimed)
        elif not is_hopeless:
            settle = partial(outbox.fail, claimed, error, retry_after_seconds)
        try:
            await ask_for_alarms(settle)
        except DatabaseError as failure:
            complaints.say("Webhook delivery %d may come twice: %s", claimed.pk, str(failure).strip())

    async def _end(self) -> None:
        tasks = list(self._under_way)
        if not tasks:
            return
        _done, late = await asyncio.wait(tasks, timeout=FAREWELL_SECONDS)
        for task in late:
            task.cancel()  # its lease runs out, then another tries
        if late:
            await asyncio.wait(late)


def _words(failure: OSError) -> str:
    if isinstance(failure, ssl.SSLError):
        return f"TLS: {failure.reason or failure}"
    if isinstance(failure, socket.gaierror) or failure.errno is None or failure.errno <= 0:
        return failure.strerror or str(failure) or type(failure).__name__
    return os.strerror(failure.errno)


def _host_of(row: Due) -> str:
    return row.url.partition("://")[2].partition("/")[0].lower()


postman = Postman()
wake = postman.wake


@background.register
async def deliver_webhooks() -> None:
    await postman.run()
