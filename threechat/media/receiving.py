"""An upload on its way: admitted, made a file, stored as a message, told to the room. Knows no HTTP."""

import asyncio
from collections import Counter
from contextvars import Context
from functools import partial
from typing import BinaryIO, NamedTuple

from examplechannels.questions import ask
from threechat.access import check_entrance
from threechat.drafts import Draft, client_id_taken, no_such_moment, read_only
from threechat.media.keeping import check_quota
from threechat.media.workshop import workshop
from threechat.messages import About, MessageFrame
from threechat.models import Room
from threechat.people import Person
from threechat.posting import go_by, post, tell
from threechat.rooms import RoomName
from threechat.storage import ClientIdTaken, Stored, find_sent
from threechat.writer import NoSpace, NotStored
from two.moments import is_known_moment


class Upload(NamedTuple):
    """What somebody sent."""

    where: RoomName
    person: Person
    username: str | None  # that a guest wants to go by
    client_id: str | None
    address: str
    file: BinaryIO
    size: int  # bytes
    declared: str  # its Content-Type, as the client says
    title: str  # its name there
    about: About | None = None


class Received(NamedTuple):
    frame: MessageFrame
    is_new: bool  # False: the message was there already, under the same `client_id`


under_way: Counter[str] = Counter()  # bytes, by sender
_tasks: set[asyncio.Task[Received]] = set()


async def receive(upload: Upload) -> Received:
    """The message, once it is committed. Goes on when whoever waits for it goes away.

    Raises:
        Barred: see storage.py; OverQuota: see keeping.py.
        UnsupportedMedia, BadPicture, TooManyPixels: see workshop.py.
        ClientError: the sender's mistake.
        NotStored, DatabaseError: send it again.
    """
    # A context of its own: the request's ends with the request.
    task = asyncio.create_task(_receive(upload), name="upload", context=Context())
    _tasks.add(task)
    task.add_done_callback(_ended)
    return await asyncio.shield(task)


def _ended(task: asyncio.Task[Received]) -> None:
    _tasks.discard(task)
    if not task.cancelled():
        task.exception()  # heard, though nobody may be waiting


async def _receive(upload: Upload) -> Received:
    sender = upload.person.sender
    under_way[sender] += upload.size
    try:
        room_id, known = await ask(partial(_admit, upload, under_way[sender]))
        if known:
            return Received(tell(known), is_new=False)
        person = await go_by(upload.person, upload.username, upload.client_id)
        media = await workshop.make(upload.file, upload.declared, upload.title, sender)
        draft = Draft("", client_id=upload.client_id, about=upload.about)
        try:
            posted = await post(upload.where, room_id, person, draft, upload.address, media)
        except NoSpace:
            await workshop.discard(media)
            raise
        except NotStored:
            raise  # perhaps it was, and only the answer was lost: the sweep knows later
        except Exception:
            await workshop.discard(media)
            raise
    finally:
        under_way[sender] -= upload.size
        if not under_way[sender]:
            del under_way[sender]
    if not posted.is_new:
        await workshop.discard(media)
    return Received(posted.frame, posted.is_new)


def _admit(upload: Upload, bytes_under_way: int) -> tuple[int | None, Stored | None]:
    """Looks before the work is done; `post` looks again. Blocks.

    The room's id, None where it is not stored yet, and the message, where it was sent before.
    """
    room = Room.objects.filter(key=upload.where.key).first()
    check_entrance(room, upload.person.user_id)
    try:
        known = find_sent(room, upload.person, upload.client_id) if room else None
    except ClientIdTaken:
        raise client_id_taken(upload.client_id) from None
    if room and known:
        return room.pk, Stored(known, room, is_new=False)
    if room and room.read_only:
        raise read_only(upload.client_id)
    about = upload.about
    if about and not is_known_moment(about["device"], about["metric"], about["at"]):
        raise no_such_moment(upload.client_id)
    check_quota(upload.person, bytes_under_way)
    return (room.pk if room else None), None
