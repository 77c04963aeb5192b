"""A started chat with accounts: somebody of the staff, two people who become members, and an outsider."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page

from tests.browser import open_live
from tests.servers import Server, manage, new_folder, prepare, running

STAFF, MEMBER, OTHER, OUTSIDER = "boss", "mia", "ben", "eve"
PASSWORD = "only-for-tests-1"
MAKE_ACCOUNTS = f"""
from django.contrib.auth.models import User
User.objects.create_superuser("{STAFF}", password="{PASSWORD}")
for name in ("{MEMBER}", "{OTHER}", "{OUTSIDER}"):
    User.objects.create_user(name, password="{PASSWORD}")
"""
MAKE_ROOM = """
from django.contrib.auth.models import User
from threechat.models import Room
from threechat.rooms import room_named
room = Room.objects.create(name={name!r}, key=room_named({name!r}).key, members_only=True)
room.members.set(User.objects.filter(username__in={members!r}))
"""


class ChatSite:
    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server

    @property
    def url(self) -> str:
        return self.server.url

    def run(self, code: str) -> None:
        """Runs Python beside the server, on the same database."""
        done = manage("shell", "-c", code, DATA_DIR=str(self.folder))
        assert done.returncode == 0, done.stderr

    def make_members_room(self, name: str, *members: str) -> None:
        self.run(MAKE_ROOM.format(name=name, members=members))

    def room_url(self, room: str) -> str:
        return f"{self.url}/chat/{quote(room)}/"

    def log_in(self, page: Page, username: str, path: str = "/chat/") -> Page:
        page.goto(f"{self.url}/accounts/login/?next={quote(path)}")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Log in").click()
        page.wait_for_url(self.url + path)
        return page

    def enter(self, page: Page, username: str, room: str) -> Page:
        """The page of somebody in a room, with a live connection."""
        self.log_in(page, username)
        return open_live(page, self.room_url(room))


@contextmanager
def chat_site() -> Iterator[ChatSite]:
    folder = new_folder()
    prepare(folder)
    server = Server("uvicorn", folder)
    with running(server):
        site = ChatSite(folder, server.wait_until_ready())
        site.run(MAKE_ACCOUNTS)
        yield site


def say(page: Page, text: str) -> None:
    page.locator("#chat-message-input").fill(text)
    page.keyboard.press("Enter")
