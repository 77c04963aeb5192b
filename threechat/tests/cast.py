"""Who the tests of rooms are about: staff, a member, and an outsider who is refused."""

from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.test import Client

from tests.sockets import HOST, opened
from threechat.drafts import Draft
from threechat.models import Membership, Room
from threechat.people import Person, identify
from threechat.rooms import room_named
from threechat.storage import Stored, store

ORIGIN = f"http://{HOST}"
CLOSED = "crew"  # the name of the room for members


class Cast(NamedTuple):
    staff: User
    member: User
    outsider: User
    room: Room


def make_cast() -> Cast:
    staff, member, outsider = (
        User.objects.create_user(name, password="correct horse", is_staff=name == "sara")
        for name in ("sara", "mia", "otto")
    )
    room = Room.objects.create(name=CLOSED, members_only=True)
    Membership.objects.create(room=room, user=member)
    return Cast(staff, member, outsider, room)


def client_of(user: User | None) -> Client:
    client = Client(HTTP_HOST=HOST, HTTP_ACCEPT="text/html")
    if user:
        client.force_login(user)
    return client


def person_of(user: User) -> Person:
    return identify(user, {})


def cookie_of(client: Client) -> str:
    return f"sessionid={client.cookies['sessionid'].value}"


async def socket_of(client: Client, path: str) -> Any:
    return await opened(path, origin=ORIGIN, cookie=cookie_of(client))


def say(text: str, person: Person, room: str = CLOSED, client_id: str | None = None) -> Stored:
    return store(room_named(room), None, person, Draft(text, client_id=client_id))
