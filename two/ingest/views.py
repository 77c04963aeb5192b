"""Readings over HTTP: JSON, and InfluxDB line protocol."""

import asyncio
import zlib
from collections.abc import Callable, Sequence

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from examplechannels.doors import count_refusal, refusal
from examplechannels.limits import neighbourhood
from examplechannels.visitors import post_has_token
from two.ingest.door import RETRY_SECONDS, Refused, admit, charge, token_of_request
from two.ingest.json_readings import samples_from_json
from two.ingest.line_protocol import samples_from_lines
from two.recorder import NotStored, recorder
from two.samples import BadReading, Sample

BIG_BODY_BYTES = 32 * 1024  # longer ones are parsed in a thread, so that nobody waits
# https://docs.influxdata.com/influxdb/v2/api/write-data/
INFLUX_CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    413: "request too large",
    429: "too many requests",
    503: "unavailable",
}

Parse = Callable[[bytes, str | None], Sequence[Sample]]


async def post_readings(request: HttpRequest) -> HttpResponse:
    """`POST /two/readings/`: 204 once everything in the body is committed."""
    try:
        await _ingest(request, samples_from_json)
    except Refused as error:
        return refusal(error.status, error.code, error.detail, _retry(error))
    return HttpResponse(status=204)


@post_has_token
@csrf_exempt
@require_POST
async def write(request: HttpRequest) -> HttpResponse:
    """`POST /api/v2/write` and `POST /write`, as InfluxDB has them; errors in its shape."""
    precision = request.GET.get("precision") or "ns"
    try:
        await _ingest(request, lambda body, device: samples_from_lines(body, precision, device))
    except Refused as error:
        code = INFLUX_CODES[error.status]
        count_refusal(error.status, error.code)
        return JsonResponse({"code": code, "message": error.detail}, status=error.status, headers=_retry(error))
    return HttpResponse(status=204)


async def _ingest(request: HttpRequest, parse: Parse) -> None:
    """Raises `Refused` for whatever is wrong; then nothing was stored."""
    grant = await admit(
        token_of_request(request.headers, request.GET), neighbourhood(request.META.get("REMOTE_ADDR") or "")
    )
    try:
        length = request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) <= BIG_BODY_BYTES and "Content-Encoding" not in request.headers:
            samples = parse(request.body, grant.device)
        else:
            samples = await asyncio.to_thread(lambda: parse(unpacked(request), grant.device))
        charge(grant, len(samples))
        if samples:
            await recorder.record(samples, may_create_devices=grant.device is None)
    except BadReading as error:
        raise Refused(error.status, error.code, error.detail) from None
    except NotStored:
        raise Refused(503, "not-stored", _("It was not acknowledged; send it again."), RETRY_SECONDS) from None


def unpacked(request: HttpRequest) -> bytes:
    """The body, of at most MAX_BODY_BYTES also when it comes compressed."""
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    too_big = BadReading("too-big", _("A body is at most %(bytes)d bytes.") % {"bytes": settings.MAX_BODY_BYTES}, 413)
    try:
        raw = request.body
    except RequestDataTooBig:  # on Daphne; elsewhere it does not come as far as here
        raise too_big from None
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise BadReading("bad-encoding", _("Content-Encoding is gzip or nothing."))
    decoder = zlib.decompressobj(wbits=31)
    try:
        body = decoder.decompress(raw, settings.MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise BadReading("bad-gzip", _("The body is not gzip: %(reason)s.") % {"reason": error}) from None
    if len(body) > settings.MAX_BODY_BYTES:
        raise too_big
    if not decoder.eof or decoder.unused_data:
        raise BadReading("bad-gzip", _("The body ends too early or holds more than one gzip stream."))
    return body


def _retry(error: Refused) -> dict[str, str]:
    return {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
