"""`ws/two/ingest/`: readings over a WebSocket, each frame answered in order after its commit.

A plain ASGI application: a Channels consumer goes through a thread for each frame, and here each is a reading.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.utils.translation import gettext as _

from examplechannels.broadcast import encode
from examplechannels.close_codes import LOG_IN, TOO_MANY, TRY_LATER
from examplechannels.doors import count_refusal, header
from examplechannels.limits import address_of
from two.ingest.door import Refused, admit, charge, token_in
from two.ingest.json_readings import samples_from_json, token_from_json
from two.recorder import NotStored, recorder
from two.samples import BadReading

MAX_UNANSWERED = 64  # frames of one socket; then it is not read from
TOKEN_SECONDS = 10.0  # within which the first frame has to bring the token
ANSWER_SECONDS = 10.0  # within which the peer has to take an answer
CLOSE_CODES = {401: LOG_IN, 403: LOG_IN, 429: TOO_MANY, 503: TRY_LATER}
ENDING = {401, 403}  # of the socket, once its token is no good

# The number of a frame with what became of it: a future of its commit, why it was refused, or a close code.
Answers = asyncio.Queue["tuple[int, asyncio.Future[None] | Refused | BadReading | int]"]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class _Over(Exception):
    """The socket ended, from either side."""


async def ingest(scope: Any, receive: Receive, send: Send) -> None:
    """The ASGI application of one socket."""
    await receive()
    await send({"type": "websocket.accept"})
    answers: Answers = asyncio.Queue(MAX_UNANSWERED)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_answer(answers, send), name="ingest answers")
            await _read(scope, receive, answers)
    except* _Over:
        pass
    finally:
        while not answers.empty():
            _number, outcome = answers.get_nowait()
            if isinstance(outcome, asyncio.Future):
                outcome.cancel()  # nobody is left to be told; it is committed all the same


async def _read(scope: Any, receive: Receive, answers: Answers) -> None:
    """Puts the outcome of each frame into `answers`. Ends when the socket has to be closed."""
    address = address_of(scope)
    number = 0
    try:
        token = token_in(header(scope, b"authorization") or "")
        if not token:
            async with asyncio.timeout(TOKEN_SECONDS):
                token = token_from_json(await _next_frame(receive))
        await admit(token, address)
        while True:
            frame = await _next_frame(receive)
            number += 1
            try:
                grant = await admit(token, address)  # it may have been revoked meanwhile
                samples = samples_from_json(frame, grant.device)
                charge(grant, len(samples))
            except (BadReading, Refused) as error:
                if isinstance(error, Refused) and error.status in ENDING:
                    raise
                await answers.put((number, error))
            else:
                done = recorder.submit(samples, may_create_devices=grant.device is None)
                await answers.put((number, done))
    except TimeoutError:
        await answers.put((number, Refused(401, "no-token", _("The first frame brings the token."))))
        await answers.put((number, LOG_IN))
    except (Refused, BadReading) as error:
        await answers.put((number, error))
        await answers.put((number, CLOSE_CODES.get(error.status, LOG_IN)))


async def _next_frame(receive: Receive) -> str | bytes:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise _Over
    frame: str | bytes | None = message.get("text")
    return frame if frame is not None else message["bytes"]


async def _answer(answers: Answers, send: Send) -> None:
    while True:
        number, outcome = await answers.get()
        message = await _answer_to(number, outcome)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await send(message)
        except Exception:  # the peer is gone or takes nothing; each server says it in its own way
            raise _Over from None
        if message["type"] == "websocket.close":
            raise _Over


async def _answer_to(number: int, outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, int):
        return {"type": "websocket.close", "code": outcome}
    try:
        if isinstance(outcome, Exception):
            raise outcome
        await outcome
        return {"type": "websocket.send", "text": f'{{"ack":{number}}}'}
    except (BadReading, Refused) as error:
        code, detail = error.code, error.detail
        count_refusal(error.status, code)
    except NotStored:
        code, detail = "not-stored", _("It was not acknowledged; send it again.")
    return {
        "type": "websocket.send",
        "text": encode({"type": "error", "frame": number, "code": code, "detail": detail}),
    }
