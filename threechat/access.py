"""Who may enter a room."""

from django.contrib.auth.models import User
from django.db.models import Q

from examplechannels.close_codes import LOG_IN, NOT_A_MEMBER, SERVICE_RESTART
from threechat.models import Room

RENAMED = SERVICE_RESTART  # pages come back, to the new name


class Barred(Exception):
    """Somebody may not enter; `code` is the WebSocket's close code that says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def check_entrance(room: Room | None, user_id: int | None) -> None:
    """Open rooms, and such as are not stored yet, are for everyone; others for members and staff. Blocks.

    Raises:
        Barred: not for this account; `LOG_IN` for an anonymous visitor, else `NOT_A_MEMBER`.
    """
    if room is None or not room.members_only:
        return
    if user_id is None:
        raise Barred(LOG_IN)
    if not User.objects.filter(Q(is_staff=True) | Q(rooms=room), pk=user_id, is_active=True).exists():
        raise Barred(NOT_A_MEMBER)
