import asyncio
from typing import Any

import pytest

from examplechannels import outlet as outlet_module
from examplechannels.close_codes import TOO_SLOW
from examplechannels.outlet import MAX_BACKLOG_CHARACTERS, MAX_BACKLOG_FRAMES, Outlet, frame

CATCH_UP = frame('{"type":"catch_up"}')


class Socket:
    """A server's send, which waits while the peer reads nothing, as uvicorn's does."""

    def __init__(self) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        await self.writable.wait()
        self.sent.append(message)

    @property
    def texts(self) -> list[Any]:
        return [message.get("text", message.get("code")) for message in self.sent]


async def until_idle(outlet: Outlet) -> None:
    async with asyncio.timeout(2):
        while outlet.busy:
            await asyncio.sleep(0)


def opened(send: Any, overflow: Any, catch_up: Any = None, write: Any = None) -> Outlet:
    outlet = Outlet(send, overflow, catch_up, write)
    outlet.open()
    return outlet


@pytest.fixture
def socket() -> Socket:
    return Socket()


async def test_a_reader_that_keeps_up_costs_no_task(socket: Socket, nothing_left: None) -> None:
    outlet = opened(socket.send, "drop")
    outlet.send(frame("a"))
    assert socket.texts == ["a"]
    assert not outlet.busy


async def test_a_server_that_writes_frames_is_handed_those_that_are_framed(socket: Socket, nothing_left: None) -> None:
    written: list[bytes] = []
    is_writable = True

    def write(wire: bytes) -> bool:
        if is_writable:
            written.append(wire)
        return is_writable

    outlet = opened(socket.send, "drop", write=write)
    outlet.send(frame("a"))
    outlet.send({"type": "websocket.send", "text": "b"})  # to this socket alone
    is_writable = False
    outlet.send(frame("c"))
    assert written == [frame("a")["wire"]]
    assert socket.texts == ["b", "c"]
    socket.writable.clear()
    outlet.send(frame("d"))
    is_writable = True
    outlet.send(frame("e"))  # not before what waits
    assert written == [frame("a")["wire"]]
    socket.writable.set()
    await until_idle(outlet)
    assert socket.texts == ["b", "c", "d", "e"]
    outlet.end()
    outlet.send(frame("f"))
    assert written == [frame("a")["wire"]]


async def test_a_blocked_reader_gets_all_in_order_once_it_reads(socket: Socket, nothing_left: None) -> None:
    outlet = opened(socket.send, "drop")
    socket.writable.clear()
    for text in "abc":
        outlet.send(frame(text))
    assert socket.texts == []
    socket.writable.set()
    await until_idle(outlet)
    outlet.send(frame("d"))
    assert socket.texts == ["a", "b", "c", "d"]


async def test_a_full_backlog_drops_the_oldest_and_says_catch_up(socket: Socket, nothing_left: None) -> None:
    outlet = opened(socket.send, "drop", CATCH_UP)
    socket.writable.clear()
    for number in range(MAX_BACKLOG_FRAMES + 3):
        outlet.send(frame(str(number)))
    socket.writable.set()
    await until_idle(outlet)
    # The first was on its way already; the next two had to go.
    assert socket.texts[:2] == ["0", "3"]
    assert socket.texts[-2:] == [str(MAX_BACKLOG_FRAMES + 2), CATCH_UP["text"]]


async def test_large_frames_are_bounded_by_their_size(socket: Socket, nothing_left: None) -> None:
    outlet = opened(socket.send, "drop", CATCH_UP)
    socket.writable.clear()
    large = "x" * (MAX_BACKLOG_CHARACTERS // 4)
    for number in range(10):
        outlet.send(frame(f"{number}{large}"))
    socket.writable.set()
    await until_idle(outlet)
    assert [text[0] for text in socket.texts[:-1]] == ["0", "7", "8", "9"]


async def test_a_socket_that_must_not_miss_anything_is_closed(socket: Socket, nothing_left: None) -> None:
    outlet = opened(socket.send, "close")
    socket.writable.clear()
    for number in range(MAX_BACKLOG_FRAMES + 2):
        outlet.send(frame(str(number)))
    outlet.send(frame("later"))
    socket.writable.set()
    await until_idle(outlet)
    assert socket.texts == ["0", TOO_SLOW]


async def test_a_socket_that_stays_blocked_is_given_up(
    socket: Socket, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    monkeypatch.setattr(outlet_module, "BLOCKED_SECONDS", 0.01)
    outlet = opened(socket.send, "drop")
    socket.writable.clear()
    outlet.send(frame("a"))
    await until_idle(outlet)
    assert outlet.closed
    socket.writable.set()
    outlet.send(frame("b"))
    assert socket.texts == []


async def test_a_peer_that_is_gone_is_not_sent_to_again(nothing_left: None) -> None:
    calls = 0

    async def send(message: Any) -> None:
        nonlocal calls
        calls += 1
        raise OSError("gone")

    outlet = opened(send, "drop")
    outlet.send(frame("a"))
    outlet.send(frame("b"))
    assert calls == 1


async def test_end_ends_the_task_of_a_blocked_socket(socket: Socket, nothing_left: None) -> None:
    outlet = opened(socket.send, "drop")
    socket.writable.clear()
    outlet.send(frame("a"))
    outlet.end()
    await until_idle(outlet)
    assert socket.texts == []


async def test_what_comes_before_the_handshake_is_done_is_held(socket: Socket, nothing_left: None) -> None:
    outlet = Outlet(socket.send, "drop")
    outlet.send(frame("a"))
    outlet.send(frame("b"))
    assert socket.texts == []
    outlet.open()
    outlet.send(frame("c"))
    await until_idle(outlet)
    outlet.send(frame("d"))
    assert socket.texts == ["a", "b", "c", "d"]


async def test_what_is_sent_first_is_not_pushed_out_by_what_comes_before_the_handshake_is_done() -> None:
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["text"])

    outlet = Outlet(send, "drop")
    for number in range(3):
        outlet.send_first(frame(f"first {number} " + "x" * MAX_BACKLOG_CHARACTERS))
    for number in range(MAX_BACKLOG_FRAMES + 5):
        outlet.send(frame(f"live {number}"))
    outlet.open()
    while len(sent) < 3 + MAX_BACKLOG_FRAMES:
        await asyncio.sleep(0)
    assert [text[:7] for text in sent[:4]] == ["first 0", "first 1", "first 2", "live 5"]
    outlet.end()


async def test_what_was_held_comes_after_what_is_first_and_costs_no_task_alone(
    socket: Socket, nothing_left: None
) -> None:
    outlet = Outlet(socket.send, "drop")
    outlet.send_first(frame("a"))
    outlet.send_first(frame("b"))
    outlet.open()
    assert (socket.texts, outlet.busy) == (["a", "b"], False)
    outlet = Outlet(socket.send, "drop")
    outlet.send(frame("d"))
    outlet.send_first(frame("c"))
    outlet.open()
    await until_idle(outlet)
    assert socket.texts == ["a", "b", "c", "d"]


async def test_a_socket_that_blocks_at_its_first_frames_gets_all_of_them_in_order(
    socket: Socket, nothing_left: None
) -> None:
    outlet = Outlet(socket.send, "drop")
    texts = [str(number) for number in range(MAX_BACKLOG_FRAMES + 10)]  # these are not dropped
    for text in texts:
        outlet.send_first(frame(text))
    socket.writable.clear()
    outlet.open()
    outlet.send(frame("later"))
    socket.writable.set()
    await until_idle(outlet)
    assert socket.texts == [*texts, "later"]


async def test_too_much_before_the_handshake_is_done_closes_a_socket_that_must_not_miss_anything(
    socket: Socket, nothing_left: None
) -> None:
    outlet = Outlet(socket.send, "close")
    for number in range(MAX_BACKLOG_FRAMES + 2):
        outlet.send(frame(str(number)))
    outlet.open()
    await until_idle(outlet)
    assert socket.texts == [TOO_SLOW]
