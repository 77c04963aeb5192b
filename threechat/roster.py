"""Who is in which room and what was said last: this process's part, and what others reported of theirs."""

from collections import OrderedDict
from itertools import islice
from typing import Literal, TypedDict

from threechat.people import Person
from threechat.rooms import Room

FORGET_SECONDS = 25.0
MAX_USERS = 50  # names of a room in a frame or report; the rest is counted
MAX_ROOMS = 50  # rooms in a list
MAX_REPORTED_ROOMS = 1000
MAX_REPORTED_USERS = 2000  # over all rooms of a report
MAX_PROCESSES = 1000
LAST_LINE_CHARACTERS = 80  # so that a list of rooms fits into a frame of 64 KiB


class LastLine(TypedDict):
    username: str
    message: str
    datetime: str


class RoomReport(TypedDict):
    """One room as one process sees it."""

    name: str
    people: dict[str, str]  # sender -> name, at most MAX_USERS
    more: int  # people beyond those
    last: LastLine | None


class RoomSummary(TypedDict):
    name: str
    count: int
    last: LastLine | None


class PresenceFrame(TypedDict):
    type: Literal["presence"]
    count: int
    users: list[str]


class RoomsFrame(TypedDict):
    type: Literal["rooms"]
    rooms: list[RoomSummary]


class Roster:
    """Knows no socket, task or clock: times are handed in, in seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}  # by key
        self._people: dict[str, dict[object, Person]] = {}  # by key, then socket
        self._last: OrderedDict[str, tuple[Room, LastLine]] = OrderedDict()  # by key, latest at the end
        self._others: dict[str, tuple[float, dict[str, RoomReport]]] = {}  # by process

    def enter(self, room: Room, socket: object, person: Person) -> bool:
        """Whether that changed anything; a socket's person may take another name."""
        self._rooms.setdefault(room.key, room)
        people = self._people.setdefault(room.key, {})
        changed = people.get(socket) != person
        people[socket] = person
        return changed

    def leave(self, room: Room, socket: object) -> None:
        people = self._people.get(room.key, {})
        people.pop(socket, None)
        if not people:
            self._people.pop(room.key, None)
            self._rooms.pop(room.key, None)

    def said(self, room: Room, line: LastLine) -> None:
        self._last[room.key] = (room, {**line, "message": line["message"][:LAST_LINE_CHARACTERS]})
        self._last.move_to_end(room.key)
        while len(self._last) > MAX_ROOMS:
            self._last.popitem(last=False)

    def local_rooms(self) -> list[Room]:
        """The rooms that somebody of this process is in."""
        return list(self._rooms.values())

    def report(self) -> dict[str, RoomReport]:
        """This process's part, for the others."""
        recent = {key: room for key, (room, _) in reversed(self._last.items())}
        rooms = {**self._rooms, **recent}
        report: dict[str, RoomReport] = {}
        names_left = MAX_REPORTED_USERS
        for key, room in islice(rooms.items(), MAX_REPORTED_ROOMS):
            report[key] = self._report(key, room, min(MAX_USERS, names_left))
            names_left -= len(report[key]["people"])
        return report

    def _report(self, key: str, room: Room, names: int = MAX_USERS) -> RoomReport:
        people = {person.sender: person.name for person in self._people.get(key, {}).values()}
        named = dict(islice(people.items(), names))
        last = self._last[key][1] if key in self._last else None
        return {"name": room.name, "people": named, "more": len(people) - len(named), "last": last}

    def hear(self, process: str, report: dict[str, RoomReport], now: float) -> None:
        """Takes another process's report; an empty one is its goodbye."""
        self._others.pop(process, None)
        if report and len(self._others) < MAX_PROCESSES:
            self._others[process] = (now, report)

    def forget_silent(self, now: float) -> None:
        """Drops processes that have not reported for `FORGET_SECONDS`."""
        self._others = {name: said for name, said in self._others.items() if now - said[0] < FORGET_SECONDS}

    def presence(self, room: Room) -> PresenceFrame:
        others = [report[room.key] for _, report in self._others.values() if room.key in report]
        return _presence([self._report(room.key, room), *others])

    def rooms(self) -> RoomsFrame:
        """The fullest rooms first, then those with the latest line; at most `MAX_ROOMS`."""
        by_key: dict[str, list[RoomReport]] = {}
        for report in self._reports():
            for key, room in report.items():
                by_key.setdefault(key, []).append(room)
        summaries = [_summary(reports) for reports in by_key.values()]
        summaries.sort(key=lambda room: (room["count"], _said_at(room["last"])), reverse=True)
        return {"type": "rooms", "rooms": summaries[:MAX_ROOMS]}

    def _reports(self) -> list[dict[str, RoomReport]]:
        return [self.report(), *(report for _, report in self._others.values())]


def _presence(reports: list[RoomReport]) -> PresenceFrame:
    people = {sender: name for report in reports for sender, name in report["people"].items()}
    count = len(people) + sum(report["more"] for report in reports)
    return {"type": "presence", "count": count, "users": sorted(people.values())[:MAX_USERS]}


def _summary(reports: list[RoomReport]) -> RoomSummary:
    last = max((report["last"] for report in reports), key=_said_at)
    return {"name": reports[0]["name"], "count": _presence(reports)["count"], "last": last}


def _said_at(line: LastLine | None) -> str:
    return line["datetime"] if line else ""
