import asyncio
import hashlib
import hmac
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from examplechannels.questions import ask, ask_for_alarms, close_connections
from two.alarms import outbox, posting
from two.alarms.addresses import BadWebhook, addresses_of, is_public, target_of
from two.alarms.posting import post
from two.alarms.sweep import rule_watch
from two.alarms.trial import send_test
from two.alarms.webhooks import ATTEMPT_SECONDS, SLOTS_PER_HOST, Postman
from two.models import Alarm, Delivery, Device, Metric, Rule
from two.tests.cast import make_alarm
from two.tests.webhook_receiver import (
    Behaviour,
    answer,
    drip,
    hang,
    hang_up,
    never_end,
    promise,
    receiver,
    say,
    shout,
)

SECRET = "a secret"
QUICK_SECONDS = 0.3


@pytest.fixture
async def database(transactional_db: None, settings: Settings) -> AsyncIterator[None]:
    """For threads that deliver; this machine's own addresses are allowed."""
    settings.WEBHOOK_PRIVATE = True
    yield
    close_connections()


@pytest.fixture
def quick_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PAUSES_SECONDS", (0.01,) * len(outbox.PAUSES_SECONDS))


def make_rule(url: str, metric: str = "temperature") -> Rule:
    device, _created = Device.objects.get_or_create(slug="boiler", defaults={"name": "Boiler"})
    found, _created = Metric.objects.get_or_create(device=device, name=metric)
    return Rule.objects.create(metric=found, kind="above", threshold=70, webhook_url=url, webhook_secret=SECRET)


def make_delivery(url: str, body: str = '{"event": "raised"}') -> Delivery:
    return Delivery.objects.create(rule=make_rule(url), body=body)


async def make_delivery_async(url: str, body: str = '{"event": "raised"}') -> Delivery:
    return await ask(lambda: make_delivery(url, body))


@asynccontextmanager
async def postman(**options: Any) -> AsyncIterator[Postman]:
    one = Postman(**{"poll_seconds": 0.02, **options})
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.wait([task])


async def eventually(what: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await ask(what):
            await asyncio.sleep(0.01)


def row(pk: int) -> Delivery:
    return Delivery.objects.get(pk=pk)


def is_done(pk: int) -> Callable[[], bool]:
    return lambda: Delivery.objects.filter(pk=pk, next_on=None).exists()


async def test_a_delivery_arrives_signed_and_once(database: None) -> None:
    with receiver() as hook:
        sent = await make_delivery_async(hook.url, '{"text": "70 °C"}')
        async with postman():
            await eventually(is_done(sent.pk))
        [request] = hook.received
        assert request.path == "/alarms?to=me"
        assert request.body == '{"text": "70 °C"}'.encode()
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["X-Delivery"] == str(sent.pk)
        assert request.headers["Host"] == f"127.0.0.1:{hook.port}"
        stamp = request.headers["X-Timestamp"]
        assert abs(int(stamp) - time.time()) < 10
        signed = hmac.new(SECRET.encode(), stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        assert request.headers["X-Signature"] == f"sha256={signed}"
    done = await ask(lambda: row(sent.pk))
    assert (done.attempts, done.error) == (1, "")


async def test_waking_delivers_at_once(database: None) -> None:
    with receiver() as hook:
        first = await make_delivery_async(hook.url)
        async with postman(poll_seconds=600) as one:
            await eventually(is_done(first.pk), seconds=5)  # it has looked
            sent = await ask(lambda: Delivery.objects.create(rule=first.rule, body="{}"))
            await asyncio.to_thread(one.wake)
            await eventually(is_done(sent.pk), seconds=5)


async def test_while_there_are_no_rules_it_looks_only_when_woken(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_watch, "has_rules", False)
    with receiver() as hook:
        async with postman() as one:
            first = await make_delivery_async(hook.url)
            await asyncio.to_thread(one.wake)
            await eventually(is_done(first.pk), seconds=5)
            second = await make_delivery_async(hook.url)
            await asyncio.sleep(0.2)  # ten looks
            assert len(hook.received) == 1
            rule_watch.has_rules = True
            await eventually(is_done(second.pk), seconds=5)


async def test_a_delivery_does_not_wait_for_visitors(database: None, crowd: None) -> None:
    with receiver() as hook:
        await ask_for_alarms(lambda: make_delivery(hook.url))
        async with postman(), asyncio.timeout(5):
            while not hook.received:
                await asyncio.sleep(0.01)


async def test_waking_who_does_not_deliver_does_nothing() -> None:
    Postman().wake()


async def test_what_fails_is_tried_again_until_it_arrives(database: None, quick_pauses: None) -> None:
    with receiver(answer(500), hang_up, answer(204, b"")) as hook:
        sent = await make_delivery_async(hook.url)
        async with postman():
            await eventually(is_done(sent.pk))
        assert {request.headers["X-Delivery"] for request in hook.received} == {str(sent.pk)}
    done = await ask(lambda: row(sent.pk))
    assert (done.attempts, done.error) == (3, "")


async def test_after_eight_attempts_it_is_given_up_and_says_why(database: None, quick_pauses: None) -> None:
    with receiver(answer(503)) as hook:
        sent = await make_delivery_async(hook.url)
        async with postman():
            await eventually(is_done(sent.pk))
        assert len(hook.received) == 8
    given_up = await ask(lambda: row(sent.pk))
    assert (given_up.attempts, given_up.error) == (8, "HTTP 503 Service Unavailable")


@pytest.mark.parametrize("behaviour", [answer(), answer(500)])
async def test_a_test_is_sent_at_once_and_tried_once(database: None, behaviour: Behaviour) -> None:
    with receiver(behaviour, answer()) as peer:
        rule = await ask(lambda: Rule.objects.select_related("metric__device").get(pk=make_rule(peer.url).pk))
        async with postman():
            assert await ask(lambda: send_test(rule))
            after = await ask(lambda: Delivery.objects.create(rule=rule, body='{"event": "raised"}'))
            await eventually(is_done(after.pk))
    assert [json.loads(each.body).get("test") for each in peer.received] == [True, None]


async def test_an_end_is_told_after_its_beginning(database: None, quick_pauses: None) -> None:
    with receiver(answer(500), answer(500), answer()) as hook:
        raised = await make_delivery_async(hook.url, "raised")
        cleared = await ask(lambda: Delivery.objects.create(rule=raised.rule, body="cleared"))
        async with postman():
            await eventually(is_done(cleared.pk))
        assert [request.body for request in hook.received] == [b"raised"] * 3 + [b"cleared"]


@pytest.mark.parametrize("behaviour", [hang, drip])
async def test_who_takes_too_long_is_not_waited_for(database: None, behaviour: Behaviour) -> None:
    with receiver(behaviour) as hook:
        sent = await make_delivery_async(hook.url)
        async with postman(attempt_seconds=QUICK_SECONDS):
            await eventually(lambda: row(sent.pk).error, seconds=5)
        assert len(hook.received) == 1
    assert (await ask(lambda: row(sent.pk))).error == "no answer in time"


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (shout, "its answer is too long"),
        (promise, "it does not speak HTTP"),
        (hang_up, "it hung up without an answer"),
        (say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "it does not speak HTTP"),
        (say(b"HTTP/1.1 \xff\xff\r\n\r\n"), "it does not speak HTTP"),
        (answer(302, Location="http://127.0.0.1/"), "HTTP 302 Found (redirects are not followed)"),
        (answer(799), "HTTP 799"),
    ],
)
async def test_an_answer_that_is_none_is_over_before_its_time(database: None, behaviour: Behaviour, error: str) -> None:
    with receiver(behaviour) as hook:
        sent = await make_delivery_async(hook.url)
        async with postman():
            await eventually(lambda: row(sent.pk).error, seconds=ATTEMPT_SECONDS / 2)
        assert len(hook.received) == 1
    assert (await ask(lambda: row(sent.pk))).error == error


async def test_a_body_without_an_end_counts_as_arrived(database: None) -> None:
    with receiver(never_end) as hook:
        sent = await make_delivery_async(hook.url)
        async with postman():
            await eventually(is_done(sent.pk), seconds=ATTEMPT_SECONDS / 2)
    assert (await ask(lambda: row(sent.pk))).error == ""


async def test_a_peer_that_never_accepts_is_over_in_time(database: None) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        try:
            sent = await make_delivery_async(f"http://127.0.0.1:{port}/")
            async with postman(attempt_seconds=QUICK_SECONDS):
                await eventually(lambda: row(sent.pk).error, seconds=5)
        finally:
            for one in crowd:
                one.close()
    assert (await ask(lambda: row(sent.pk))).error == "no answer in time"


async def test_who_is_not_there_is_tried_again(database: None) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sent = await make_delivery_async(f"http://127.0.0.1:{port}/")
    async with postman():
        await eventually(lambda: row(sent.pk).error)
    waiting = await ask(lambda: row(sent.pk))
    assert waiting.error == "Connection refused"
    assert waiting.next_on
    assert timedelta(seconds=1) < waiting.next_on - timezone.now() < timedelta(seconds=6)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("99999999", 1800),
        ("9" * 400, 1800),
        ("1", 5),
        ("soon", 5),
        ("Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", 5),
    ],
)
async def test_retry_after_is_honoured_up_to_a_bound(database: None, said: str, seconds: float) -> None:
    with receiver(answer(429, Retry_After=said)) as hook:
        sent = await make_delivery_async(hook.url)
        async with postman():
            await eventually(lambda: row(sent.pk).error)
    waiting = await ask(lambda: row(sent.pk))
    assert waiting.error == "HTTP 429 Too Many Requests"
    assert waiting.next_on
    assert seconds - 5 < (waiting.next_on - timezone.now()).total_seconds() <= seconds


async def test_retry_after_may_be_a_date() -> None:
    in_the_past, far_away = (
        b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n",
        b"Retry-After: 21 Oct 2115 07:28\r\n\r\n",
    )
    assert posting._retry_after(in_the_past) == 0
    assert (posting._retry_after(far_away) or 0) > outbox.MAX_RETRY_AFTER_SECONDS


async def test_two_workers_send_each_delivery_once(database: None) -> None:
    def make_many(url: str) -> None:
        for number in range(20):
            Delivery.objects.create(rule=make_rule(url, f"metric{number}"), body="{}")

    with receiver() as hook:
        await ask(lambda: make_many(hook.url))
        async with postman(), postman(), postman():
            await eventually(lambda: not Delivery.objects.exclude(next_on=None).exists())
        counts = Counter(request.headers["X-Delivery"] for request in hook.received)
    assert len(counts) == 20
    assert set(counts.values()) == {1}


def test_of_those_who_claim_at_the_same_time_one_succeeds(transactional_db: None) -> None:
    waiting = make_delivery("http://192.0.2.1/")
    for _ in range(10):
        Delivery.objects.update(next_on=timezone.now())
        [due] = outbox.due()
        together = threading.Barrier(3)
        claimed: list[outbox.Claimed | None] = []

        def claim(due: outbox.Due = due, together: threading.Barrier = together, won: list[Any] = claimed) -> None:
            together.wait()
            won.append(outbox.claim(due))
            connection.close()

        threads = [threading.Thread(target=claim) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [one is None for one in claimed].count(False) == 1
    assert row(waiting.pk).attempts == 10


@pytest.mark.django_db
def test_who_died_over_an_attempt_is_replaced_when_the_lease_is_over() -> None:
    make_delivery("http://192.0.2.1/")
    now = timezone.now()
    [due] = outbox.due(now)
    lost = outbox.claim(due, now)
    assert lost
    assert outbox.due(now + timedelta(seconds=outbox.LEASE_SECONDS - 1)) == []
    later = now + timedelta(seconds=outbox.LEASE_SECONDS + 1)
    [again] = outbox.due(later)
    assert outbox.claim(again, later)
    outbox.succeed(lost)  # it had only been slow: its lease is over, the attempt is another's
    assert row(lost.pk).next_on is not None


@pytest.mark.django_db
def test_the_attempts_take_about_an_hour_and_old_ones_are_not_tried_again() -> None:
    assert 3000 < sum(outbox.PAUSES_SECONDS) < 4200
    assert list(outbox.PAUSES_SECONDS) == sorted(outbox.PAUSES_SECONDS)
    make_delivery("http://192.0.2.1/")
    Delivery.objects.update(created=timezone.now() - timedelta(seconds=outbox.MAX_AGE_SECONDS + 1))
    claimed = outbox.claim(outbox.due()[0])
    assert claimed
    outbox.fail(claimed, "no")
    assert is_done(claimed.pk)()


@pytest.mark.django_db
def test_of_a_rule_a_bounded_number_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 5)
    rule = make_rule("http://192.0.2.1/")
    Delivery.objects.bulk_create([Delivery(rule=rule, body=str(number)) for number in range(8)])
    other = make_delivery("http://192.0.2.1/")
    assert outbox.drop_excess() == 3
    assert outbox.drop_excess() == 0
    assert set(Delivery.objects.filter(next_on=None).values_list("body", flat=True)) == {"0", "1", "2"}
    assert row(other.pk).next_on


@pytest.mark.parametrize("looked_at", [5, outbox.MAX_LOOKED_AT])
async def test_one_that_hangs_does_not_keep_the_others_waiting(
    database: None, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    def make_both(slow: str, quick: str) -> Delivery:
        for number in range(12):
            Delivery.objects.create(rule=make_rule(slow, f"slow{number}"), body="{}")
        return Delivery.objects.create(rule=make_rule(quick, "quick"), body="{}")

    monkeypatch.setattr(outbox, "MAX_LOOKED_AT", looked_at)
    with receiver(hang) as slow, receiver() as quick:
        sent = await ask(lambda: make_both(slow.url, quick.url))
        async with postman(poll_seconds=600):
            await eventually(is_done(sent.pk), seconds=5)
            await eventually(lambda: slow.most_at_once == SLOTS_PER_HOST, seconds=5)
            slow.released.set()


@pytest.mark.django_db
def test_a_clock_that_was_set_back_holds_up_nothing() -> None:
    sent = make_delivery("http://192.0.2.1/")
    now = timezone.now()
    assert [row.pk for row in outbox.due(now - timedelta(days=1))] == [sent.pk]
    assert outbox.due(now - timedelta(minutes=30)) == []


@pytest.mark.django_db
def test_what_is_due_without_the_hosts_that_are_busy() -> None:
    urls = ("http://Busy:81/a", "https://busy:81", "http://busy/", "http://busy:812/", "http://busy:81.example.com/")
    kept = [make_delivery(url).pk for url in urls][2:]
    assert [row.pk for row in outbox.due(without=["busy:81"])] == kept
    assert len(outbox.due(without=["busy", "busy:81"])) == 2


async def test_it_ends_with_the_server_while_a_webhook_hangs(
    database: None, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    monkeypatch.setattr("two.alarms.webhooks.FAREWELL_SECONDS", 0.1)
    with receiver(hang) as hook:
        sent = await make_delivery_async(hook.url)
        async with postman():
            async with asyncio.timeout(5):
                while not hook.received:
                    await asyncio.sleep(0.01)
            began = time.monotonic()
        assert time.monotonic() - began < 2
    assert (await ask(lambda: row(sent.pk))).next_on is not None  # another tries, when the lease is over


async def test_it_ends_while_a_name_server_hangs(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, released = threading.Event(), threading.Event()

    def getaddrinfo(*args: Any, **kwargs: Any) -> list[Any]:
        asked.set()
        released.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    sent = await make_delivery_async("http://hook.example.com/")
    async with postman(attempt_seconds=QUICK_SECONDS):
        await asyncio.to_thread(asked.wait, 5)
        await eventually(lambda: row(sent.pk).error, seconds=5)
    released.set()
    assert (await ask(lambda: row(sent.pk))).error == "no answer in time"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("::1", False),
        ("::", False),
        ("::7f00:1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2001:db8::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//example.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://user:secret@example.com/",
        "http://user@example.com/",
        "http://[::1/",
        "http://" + "x" * 300 + ".com/",
        "http://a b.com/",
        "http://localhost/",
        "http://localhost./",
        "http://router/",
        "http://nas.local/",
        "http://127.0.0.1:8000/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
def test_what_is_no_webhook(url: str) -> None:
    with pytest.raises(BadWebhook):
        target_of(url)


def test_what_a_webhook_leads_to(settings: Settings) -> None:
    target = target_of("HTTPS://Bücher.example.com:8443/a b?c=d e#part")
    assert (target.host, target.port, target.path) == ("xn--bcher-kva.example.com", 8443, "/a%20b?c=d%20e")
    assert target.authority == "xn--bcher-kva.example.com:8443"
    assert target_of("http://example.com").authority == "example.com"
    settings.WEBHOOK_PRIVATE = True
    assert target_of("http://nodered:1880/alarms").authority == "nodered:1880"
    assert target_of("http://[::1]:81").authority == "[::1]:81"


async def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("93.184.215.14", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    with pytest.raises(BadWebhook, match=r"rebind.example.com \(10.0.0.1\) is a private address"):
        await addresses_of(target_of("http://rebind.example.com/"))


async def test_the_connection_goes_to_the_address_that_was_checked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_PRIVATE = True
    looked_up = []

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        looked_up.append(host)
        return real(host, *args, **kwargs) if host == "127.0.0.1" else [(2, 1, 6, "", ("127.0.0.1", 0))]

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with receiver() as hook:
        target = target_of(f"http://hook.example.com:{hook.port}/")
        answered = await post(target, b"{}", {}, asyncio.get_running_loop().time() + 5)
        assert hook.received[0].headers["Host"] == f"hook.example.com:{hook.port}"
    assert answered.is_success
    assert looked_up.count("hook.example.com") == 1


async def test_a_private_address_is_given_up_at_once(database: None, settings: Settings) -> None:
    settings.WEBHOOK_PRIVATE = False
    with receiver() as hook:
        sent = await make_delivery_async(hook.url)
        async with postman():
            await eventually(is_done(sent.pk))
        assert hook.received == []
    assert "a private address" in (await ask(lambda: row(sent.pk))).error


async def test_a_webhook_that_was_taken_out_gets_nothing(database: None) -> None:
    sent = await make_delivery_async("")
    async with postman():
        await eventually(is_done(sent.pk))
    assert (await ask(lambda: row(sent.pk))).error == "the rule has no webhook any more"


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate with openssl")
async def test_a_certificate_that_nobody_vouches_for_is_refused(database: None, tmp_path: Path) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    await asyncio.to_thread(
        subprocess.run, [*command, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    heard = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        sent = await make_delivery_async(f"https://localhost:{port}/")
        async with postman():
            await eventually(lambda: row(sent.pk).error)
    assert "its certificate: self" in (await ask(lambda: row(sent.pk))).error
    assert heard == []


@pytest.mark.django_db
def test_a_device_is_deleted_with_its_rules_alarms_and_deliveries() -> None:
    sent = make_delivery("http://192.0.2.1/")
    make_alarm(sent.rule, 1)
    Device.objects.get().delete()
    assert not Rule.objects.exists()
    assert not Delivery.objects.exists()
    assert not Alarm.objects.exists()
