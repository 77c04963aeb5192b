"""Who is in which room: this process's part, and what others reported of theirs."""

from itertools import islice
from math import inf
from typing import Literal, NamedTuple, TypedDict

from threechat.people import Person
from threechat.rooms import RoomName

FORGET_SECONDS = 25.0
MAX_USERS = 50  # names of a room in a frame or report; the rest is counted
MAX_REPORTED_ROOMS = 1000
MAX_REPORTED_USERS = 2000  # over all rooms of a report
MAX_PROCESSES = 1000


class RoomReport(TypedDict):
    """One room as one process sees it."""

    name: str
    people: dict[str, str]  # sender -> name, at most MAX_USERS
    more: int  # people beyond those


class Attendance(NamedTuple):
    """How many are in a room."""

    name: str
    people: int


class PresenceFrame(TypedDict):
    type: Literal["presence"]
    count: int
    users: list[str]


class Roster:
    """Knows no socket, task or clock: times are handed in, in seconds of a monotonic clock.

    What pages ask, they may ask from other threads: such methods iterate over copies, and change nothing.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, RoomName] = {}  # by key
        self._people: dict[str, dict[object, Person]] = {}  # by key, then socket
        self._others: dict[str, tuple[float, dict[str, RoomReport]]] = {}  # by process

    def enter(self, room: RoomName, socket: object, person: Person) -> bool:
        """Whether that changed anything; a socket's person may take another name."""
        self._rooms.setdefault(room.key, room)
        people = self._people.setdefault(room.key, {})
        changed = people.get(socket) != person
        people[socket] = person
        return changed

    def leave(self, room: RoomName, socket: object) -> None:
        people = self._people.get(room.key, {})
        people.pop(socket, None)
        if not people:
            self._people.pop(room.key, None)
            self._rooms.pop(room.key, None)

    def local_rooms(self) -> list[RoomName]:
        """The rooms that somebody of this process is in."""
        return list(self._rooms.values())

    def report(self) -> dict[str, RoomReport]:
        """This process's part, for the others."""
        report: dict[str, RoomReport] = {}
        names_left = MAX_REPORTED_USERS
        for key, room in islice(list(self._rooms.items()), MAX_REPORTED_ROOMS):
            report[key] = self._report(key, room, min(MAX_USERS, names_left))
            names_left -= len(report[key]["people"])
        return report

    def _report(self, key: str, room: RoomName, names: int = MAX_USERS) -> RoomReport:
        people = {person.sender: person.name for person in list(self._people.get(key, {}).values())}
        named = dict(islice(people.items(), names))
        return {"name": room.name, "people": named, "more": len(people) - len(named)}

    def hear(self, process: str, report: dict[str, RoomReport], now: float) -> None:
        """Takes another process's report; an empty one is its goodbye."""
        self._others.pop(process, None)
        if report and len(self._others) < MAX_PROCESSES:
            self._others[process] = (now, report)

    def forget_silent(self, now: float) -> None:
        """Drops processes that have not reported for `FORGET_SECONDS`."""
        self._others = {name: said for name, said in self._others.items() if now - said[0] < FORGET_SECONDS}

    def silent_at(self) -> float:
        """When the next process is to be forgotten, unless it reports before."""
        return min((heard_at for heard_at, _ in self._others.values()), default=inf) + FORGET_SECONDS

    def presence(self, room: RoomName, now: float) -> PresenceFrame:
        others = [report[room.key] for report in self._heard(now) if room.key in report]
        return _presence([self._report(room.key, room), *others])

    def attendances(self, now: float) -> dict[str, Attendance]:
        """By key, the rooms that somebody is in."""
        by_key: dict[str, list[RoomReport]] = {}
        for report in [self.report(), *self._heard(now)]:
            for key, room in report.items():
                by_key.setdefault(key, []).append(room)
        return {key: Attendance(found[0]["name"], _presence(found)["count"]) for key, found in by_key.items()}

    def is_in(self, key: str, sender: str, now: float) -> bool:
        """Whether somebody is known to be in a room; of large crowds in other processes not everybody is."""
        if any(person.sender == sender for person in list(self._people.get(key, {}).values())):
            return True
        return any(sender in report[key]["people"] for report in self._heard(now) if key in report)

    def _heard(self, now: float) -> list[dict[str, RoomReport]]:
        """What the other processes said that are not silent."""
        return [report for heard_at, report in list(self._others.values()) if now - heard_at < FORGET_SECONDS]


def _presence(reports: list[RoomReport]) -> PresenceFrame:
    people = {sender: name for report in reports for sender, name in report["people"].items()}
    count = len(people) + sum(report["more"] for report in reports)
    return {"type": "presence", "count": count, "users": sorted(people.values())[:MAX_USERS]}
