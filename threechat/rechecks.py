"""Rechecks of who is in a room, and of who hears of pins by an account: it must still be logged in."""

import json
from typing import Any

from django.dispatch import receiver

from examplechannels.broadcast import broadcast
from examplechannels.outlet import SendFrame
from examplechannels.rechecks import Guarded, Rechecks
from threechat.badges import Badge, badge_for, verdicts
from threechat.people import identify
from two.live import account_came, account_left


class RoomRechecks(Rechecks):
    def looked_up(self, badges: list[Badge]) -> list[tuple[int, Badge]]:
        return [
            (code, badge._replace(room_id=room.pk) if room else badge)
            for badge, (code, room) in zip(badges, verdicts(badges), strict=True)
        ]

    def is_about(self, badge: Badge, changed: dict[str, Any]) -> bool:
        if badge.room_id is None:  # it may be this one: who is just coming in does not know yet
            changed = {key: value for key, value in changed.items() if key != "room_id"}
        return super().is_about(badge, changed)

    def deliver(self, message: SendFrame) -> None:
        changed = json.loads(message["text"])
        if "room_key" in changed:  # noted at once: by the time of the look the room may have another name
            for socket in self._sockets:
                if self.is_about(socket.badge, changed):
                    socket.badge = socket.badge._replace(room_id=changed["room_id"])
        super().deliver(message)


rechecks = RoomRechecks(broadcast)


@receiver(account_came, dispatch_uid="threechat.account_came")
async def guard(socket: Any, **kwargs: Any) -> None:
    """A telemetry socket, which hears what is said among members."""
    scope = socket.scope
    socket.badge = badge_for(identify(scope["user"], scope["session"]), scope["session"], "", None)
    await rechecks.add(socket)


@receiver(account_left, dispatch_uid="threechat.account_left")
async def let_go(socket: Guarded, **kwargs: Any) -> None:
    rechecks.discard(socket)
