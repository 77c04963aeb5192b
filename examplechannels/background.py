"""What a running server does beside answering; begins with the server and ends with it.

uvicorn says when through its lifespan events, Daphne through a callable of `manage.py runserver`.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextvars import Context
from functools import partial
from typing import Any

from examplechannels.logs import first_line
from examplechannels.metrics import background_failures
from examplechannels.outages import is_outage
from examplechannels.questions import ask_in_peace

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
STEP_SECONDS = 0.05
DAY_SECONDS = 86_400.0

Job = Callable[[], Coroutine[Any, Any, None]]  # runs until it is cancelled


class Background:
    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._tasks: list[asyncio.Task[None]] = []

    def register(self, job: Job) -> Job:
        """For `AppConfig.ready` and decorators: to be run by every server process."""
        self._jobs.append(job)
        return job

    def start(self) -> None:
        for job in self._jobs:
            self._tasks.append(asyncio.create_task(_keep_up(job), name=job.__name__, context=Context()))

    async def stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _keep_up(job: Job) -> None:
    while True:
        try:
            await job()
        except Exception as error:
            background_failures.labels(job.__name__).inc()
            if is_outage(error):
                logger.warning("%s waits for the database, or space on a disk: %s", job.__name__, first_line(error))
            else:
                logger.exception("%s failed; it begins again", job.__name__)
        await asyncio.sleep(RETRY_SECONDS)


async def each_day(steps: Callable[[], Iterator[object]], first_seconds: float) -> None:
    """Goes through `steps`, which read and write the database, once a day, with room for others after each.

    A step that fails ends it, for `Background` to begin again: the generator it is part of cannot go on.
    The first time `first_seconds` after the start: a server that just started has other things to do.
    """
    while True:
        await asyncio.sleep(first_seconds)
        under_way = steps()
        while await ask_in_peace(partial(next, under_way, None)) is not None:  # noqa: ASYNC110
            await asyncio.sleep(STEP_SECONDS)
        await asyncio.sleep(DAY_SECONDS - first_seconds)


background = Background()
