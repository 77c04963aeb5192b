"""Pins: messages about a moment of a metric, as they stand on its chart (docs/protocol.md, Moments)."""

from typing import Literal, NamedTuple, TypedDict

from django.contrib.auth.models import User
from django.db.models import Q
from django.db.models.functions import Left

from threechat.messages import wire_time
from threechat.models import Message, Room
from two.history import Range

MAX_SCANNED = 20_000  # pins of an answer before they are gathered; the latest
MAX_SHOWN = 2_000  # after it
MAX_TEXT_CHARACTERS = 200
MAX_READERS = 1_000  # of a members-only room, who see a pin at once; the others with their next look


class PinMessage(TypedDict):
    id: int
    type: str
    username: str
    text: str  # its beginning; "" of media
    datetime: str


class Pin(TypedDict):
    device: str
    metric: str
    at: int  # Unix milliseconds, of the first
    until: int  # of the last
    count: int
    room: str
    message: PinMessage  # the latest


class PinEvent(TypedDict):
    type: Literal["pin"]
    pin: Pin


class UnpinEvent(TypedDict):
    type: Literal["unpin"]
    room: str
    id: int


class _Group(NamedTuple):
    at: int
    until: int
    size: int
    latest: int  # message's primary key


def pin_readers(room: Room) -> tuple[str, ...] | None:
    """The accounts, as sockets select them, that may see what is pinned from a room; None: everybody. Blocks."""
    if not room.members_only:
        return None
    may = User.objects.filter(Q(is_staff=True) | Q(rooms=room), is_active=True)
    return tuple(map(str, may.order_by("pk").values_list("pk", flat=True).distinct()[:MAX_READERS]))


def pin_event(message: Message, room: Room) -> PinEvent:
    at = message.about_at or 0
    return {"type": "pin", "pin": _pin(message, room.name, _Group(at, at, 1, message.pk))}


def unpin_event(room: Room, number: int) -> UnpinEvent:
    return {"type": "unpin", "room": room.name, "id": number}


def pins_in(asked: Range, user_id: int | None) -> list[Pin]:
    """The pins that somebody may see, by time, whatever the metric. More than `points` of one are gathered. Blocks."""
    wanted = Q(about_at__gte=asked.since_ms, about_at__lt=asked.until_ms)
    if asked.devices is not None:
        wanted &= Q(about_device__in=asked.devices)
    if user_id is None or not User.objects.filter(pk=user_id, is_staff=True, is_active=True).exists():
        wanted &= Q(room__in=_closed_rooms_of(user_id)) | Q(room__members_only=False)
    found = Message.objects.filter(wanted).order_by("-about_at", "-pk")
    by_metric: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for device, metric, at, pk in found.values_list("about_device", "about_metric", "about_at", "pk")[:MAX_SCANNED]:
        by_metric.setdefault((device, metric), []).append((at or 0, pk))
    groups = [group for pins in by_metric.values() for group in _gathered(pins, asked)]
    groups = sorted(groups)[-MAX_SHOWN:]
    messages = Message.objects.annotate(start=Left("text", MAX_TEXT_CHARACTERS)).select_related("room").defer("text")
    latest = messages.in_bulk([group.latest for group in groups])
    return [
        _pin(latest[group.latest], latest[group.latest].room.name, group)
        for group in groups
        if group.latest in latest  # deleted meanwhile otherwise
    ]


def _closed_rooms_of(user_id: int | None) -> list[int]:
    if user_id is None:
        return []
    return list(Room.objects.filter(members=user_id, members_only=True).values_list("pk", flat=True))


def _gathered(pins: list[tuple[int, int]], asked: Range) -> list[_Group]:
    """Pins of one metric, latest first, each alone where `points` suffice, else those of each part of the range."""
    if len(pins) <= asked.points:
        return [_Group(at, at, 1, pk) for at, pk in pins]
    length_ms = (asked.until_ms - asked.since_ms) / asked.points
    groups: dict[int, _Group] = {}
    for at, pk in pins:
        part = int((at - asked.since_ms) / length_ms)
        group = groups.get(part, _Group(at, at, 0, pk))
        groups[part] = _Group(at, group.until, group.size + 1, max(group.latest, pk))
    return list(groups.values())


def _pin(message: Message, room: str, group: _Group) -> Pin:
    start = getattr(message, "start", None)  # of many only the beginning is read
    text = (message.text if start is None else start) if message.kind == Message.Kind.TEXT else ""
    return {
        "device": message.about_device,
        "metric": message.about_metric,
        "at": group.at,
        "until": group.until,
        "count": group.size,
        "room": room,
        "message": {
            "id": message.number,
            "type": message.kind,
            "username": message.username,
            "text": text[:MAX_TEXT_CHARACTERS],
            "datetime": wire_time(message.sent_on),
        },
    }
