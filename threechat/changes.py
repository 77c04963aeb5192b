"""What follows from a change of a room or a member, whoever made it: the page, the admin, the shell."""

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from examplechannels.announcements import announce
from examplechannels.rechecks import Changed
from examplechannels.sessions import RECHECKS_GROUP
from threechat.messages import frame_of, room_frame
from threechat.models import Membership, Message, Room
from threechat.pins import pin_readers, unpin_event
from threechat.rooms import events_group
from threechat.storage import delete_message
from two.live import LOOK_AGAIN, PINS

NAME_AND_READERS = {"name", "members_only"}  # what its pins depend on


def recheck(changed: Changed) -> None:
    """Has every process look at the sockets that this is about."""
    announce(RECHECKS_GROUP, changed)


def take_back(message: Message) -> bool:
    """Deletes a message, also on pages that are open now. False: it was not there any more."""
    gone = delete_message(message.room_id, message.number)
    if gone is None:
        return False
    announce(events_group(gone.room.key), frame_of(gone))
    if message.about_at is not None:
        announce(PINS, unpin_event(gone.room, message.number), pin_readers(gone.room))
    return True


@receiver(post_save, sender=Room, dispatch_uid="threechat.room_changed")
def room_changed(instance: Room, created: bool, **kwargs: Any) -> None:
    """Storage counts messages with `update`, which does not come here."""
    if not created:
        announce(events_group(instance.key), room_frame(instance.name, instance))
        update_fields: Collection[str] | None = kwargs.get("update_fields")
        if update_fields is None or not NAME_AND_READERS.isdisjoint(update_fields):
            announce(PINS, LOOK_AGAIN)
        recheck({"room_id": instance.pk})
    else:
        recheck({"room_key": instance.key, "room_id": instance.pk})


@receiver(post_delete, sender=Room, dispatch_uid="threechat.room_deleted")
def room_deleted(instance: Room, **kwargs: Any) -> None:
    announce(PINS, LOOK_AGAIN)  # its pins are gone
    recheck({"room_id": instance.pk})


@receiver(post_delete, sender=Membership, dispatch_uid="threechat.member_removed")
def member_removed(instance: Membership, **kwargs: Any) -> None:
    recheck({"room_id": instance.room_id, "user_id": instance.user_id})
