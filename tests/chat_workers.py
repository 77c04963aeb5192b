"""A really started site to chat on: its workers, its accounts, and what its database holds."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain, cycle
from pathlib import Path
from typing import NamedTuple

from tests.chat_page import Browser, ChatPage
from tests.ledger import Ledger
from tests.postgres import Postgres
from tests.proxy import Proxy
from tests.servers import Server, Valkey, manage, new_folder, new_token, prepare, running

STAFF, EVE = "staff", "eve"
PAIRS = [(f"mia-{number}", f"ben-{number}") for number in range(30)]  # many, for each may send only 10 a second
ACCOUNTS = """
from django.contrib.auth.models import User
from django.test import Client
for name in {names!r}:
    user = User.objects.create_user(name, is_staff=name == "staff")
    client = Client()
    client.force_login(user)
    print(name, client.cookies["sessionid"].value)
"""
EVENTS = "SELECT number, kind, deletes, client_id, text, username FROM threechat_message WHERE room_id = {} ORDER BY 1"


class Event(NamedTuple):
    number: int
    kind: str
    deletes: int | None
    client_id: str | None
    text: str
    username: str


class StoredRoom(NamedTuple):
    last_id: int
    events: list[Event]

    @property
    def shown(self) -> list[tuple[int, str, str]]:
        """What a complete page shows: number, sender and text."""
        return [(e.number, e.username, e.text) for e in self.events if e.kind != "deleted"]

    def assert_sound(self, said: Collection[str]) -> None:
        """Numbers without holes, nothing twice, nothing that nobody said."""
        numbers = [event.number for event in self.events]
        moved = [event.deletes for event in self.events if event.deletes is not None]
        assert sorted(numbers + moved) == list(range(1, self.last_id + 1))
        texts = [text for _, _, text in self.shown]
        assert len(texts) == len(set(texts)), "stored twice"
        assert set(texts) <= set(said)

    def assert_holds(self, page: ChatPage) -> None:
        """What the page's person saw acknowledged is here once, where the echo said, or deleted."""
        by_client_id = {event.client_id: event for event in self.events}
        lost = [page.said[client_id] for client_id in page.acknowledged if client_id not in by_client_id]
        assert not lost, f"{len(lost)} of {len(page.acknowledged)} acknowledged are not stored: {lost}"
        for client_id, number in page.acknowledged.items():
            event = by_client_id[client_id]
            assert number == (event.number if event.deletes is None else event.deletes)
            assert event.text == ("" if event.kind == "deleted" else page.said[client_id])

    def assert_shown_by(self, page: ChatPage) -> None:
        """The page's list is the room's: complete, in order, without doubles; and no socket broke a rule."""
        assert [(frame["id"], frame["username"], frame["message"]) for frame in page.shown] == self.shown
        assert not page.complaints, page.complaints


class ChatWorkers:
    """`workers` uvicorn processes, each on a port of its own so that a page knows which one it is on."""

    def __init__(
        self,
        workers: int,
        postgres: Postgres | None = None,
        valkey: Valkey | None = None,
        folder: Path | None = None,
        **env: str,
    ) -> None:
        self._folder = folder or new_folder()
        self._env = {
            "DATABASE_URL": postgres.url if postgres else "",
            "REDIS_URL": valkey.url if valkey else "",
            "HOST_FEED": "0",
            **env,
        }
        prepare(self._folder, **self._env)
        self.ledger = Ledger(postgres.url if postgres else self._folder)
        code = ACCOUNTS.format(names=[STAFF, EVE, *chain(*PAIRS)])
        self.sessions = dict(line.split() for line in self.manage("shell", "-v0", "-c", code).splitlines())
        self.pairs = cycle(PAIRS)
        self.fronts: list[Proxy] = []  # of each worker, where there are any
        self.token = new_token(self._folder, **self._env)
        self.servers: list[Server] = []
        try:
            for _ in range(workers):
                self.servers.append(self._start())
            for server in self.servers:
                server.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _start(self, port: int | None = None) -> Server:
        return Server("uvicorn", self._folder, port, 1, **self._env)

    def manage(self, *command: str) -> str:
        """What `manage.py` prints, on this site's database."""
        done = manage(*command, DATA_DIR=str(self._folder), **self._env)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def kill(self, worker: int) -> None:
        """`kill -9`."""
        self.servers[worker].kill()

    def start_again(self, worker: int) -> None:
        """On the same port; does not wait until it is ready."""
        self.servers[worker] = self._start(self.servers[worker].port)

    def stop(self) -> None:
        with running(*self.servers):
            pass

    def url(self, worker: int) -> str:
        """Where people and devices find it."""
        number = worker % len(self.servers)
        return self.fronts[number].url if self.fronts else self.servers[number].url

    def browser(self, account: str) -> Browser:
        return Browser(self.sessions[account])

    def room(self, number: int) -> StoredRoom:
        """What the database holds of a room."""
        ((last_id,),) = self.ledger.rows(f"SELECT last_id FROM threechat_room WHERE id = {number}")
        return StoredRoom(last_id, [Event(*row) for row in self.ledger.rows(EVENTS.format(number))])


@contextmanager
def on_sqlite() -> Iterator[ChatWorkers]:
    """One worker."""
    site = ChatWorkers(workers=1)
    with running(site):
        yield site


@contextmanager
def on_postgres() -> Iterator[ChatWorkers]:
    """Two workers that commit side by side and hear each other through Valkey."""
    postgres = Postgres(new_folder())
    with running(postgres):
        valkey = Valkey(new_folder())
        with running(valkey):
            site = ChatWorkers(2, postgres, valkey)
            with running(site):
                yield site
