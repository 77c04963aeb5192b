from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from threechat.names import skeleton
from threechat.rooms import MAX_NAME_CHARACTERS, NAME_RULE, BadRoomName, device_of, room_named
from two.models import MAX_METRIC_CHARACTERS, MAX_SLUG_CHARACTERS, Alarm

MAX_CLIENT_ID_CHARACTERS = 64
MAX_TITLE_CHARACTERS = 100


class Room(models.Model):
    """A room is stored with its first message, or when staff set it up; people can meet in it before."""

    name = models.CharField(_("name"), max_length=MAX_NAME_CHARACTERS, help_text=_("Letters, digits, spaces, _ and -."))
    # What names that differ in case share; threechat/rooms.py makes it.
    key = models.CharField(max_length=32, unique=True, editable=False)
    members_only = models.BooleanField(_("members only"), default=False)
    read_only = models.BooleanField(_("read-only"), default=False)
    invitation = models.CharField(max_length=32, blank=True, db_index=True, editable=False)  # the code in its link
    # The number of the last event; given out under this row's lock, so numbers become visible in order.
    last_id = models.PositiveBigIntegerField(_("last number"), default=0, editable=False)
    last_on = models.DateTimeField(_("last event"), auto_now_add=True, db_index=True)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="rooms", verbose_name=_("members")
    )

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            named = room_named(self.name)
        except BadRoomName:
            raise ValidationError({"name": NAME_RULE}) from None
        if Room.objects.filter(key=named.key).exclude(pk=self.pk).exists():
            raise ValidationError({"name": ValidationError(_("There is a room of this name."), code="name-taken")})
        before = Room.objects.filter(pk=self.pk).exclude(key=named.key).first()
        if before and device_of(before.name):  # its next alarm would make a new one, open to everybody
            raise ValidationError({"name": _("A device's room keeps its name.")})
        self.name = named.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Leaves the numbers to storage.py: one that went back would be given twice, and refused for ever.

        The key goes with the name alone: somebody else may have renamed the room meanwhile.
        """
        self.key = room_named(self.name).key
        if not self._state.adding:
            fields = kwargs.get("update_fields")
            fields = ["name", "members_only", "read_only", "invitation"] if fields is None else [*fields]
            kwargs["update_fields"] = [*fields, "key"] if "name" in fields else fields
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("room", kwargs={"room": self.name})


class Membership(models.Model):
    room = models.ForeignKey(Room, models.CASCADE, verbose_name=_("room"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"))
    since = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="threechat_member_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.room}"


class Visit(models.Model):
    """Up to where somebody has read a room."""

    room = models.ForeignKey(Room, models.CASCADE)
    sender = models.CharField(max_length=16)  # see people.py: an account, or a guest's session
    read_to = models.PositiveBigIntegerField()
    on = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender", "room"], name="threechat_visit_once")]

    def __str__(self) -> str:
        return f"{self.sender} · {self.room_id} · {self.read_to}"


class Media(models.Model):
    """A file that was uploaded into a room. Deleted with the last message that shows it."""

    class Kind(models.TextChoices):
        IMAGE = "image", _("image")
        VIDEO = "video", _("video")
        VOICE = "voice", _("voice")

    name = models.CharField(max_length=40, unique=True)  # of the file: 32 hexadecimal digits, a dot, its extension
    kind = models.CharField(max_length=8, choices=Kind.choices)
    size = models.PositiveIntegerField()  # bytes, with its thumbnail
    width = models.PositiveIntegerField(null=True)  # pixels, of images
    height = models.PositiveIntegerField(null=True)
    has_thumbnail = models.BooleanField(default=False)
    title = models.CharField(max_length=MAX_TITLE_CHARACTERS, blank=True)  # what the sender called the file
    sender = models.CharField(max_length=16, db_index=True)
    uploaded_on = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def thumbnail_name(self) -> str:
        return f"{self.name.partition('.')[0]}.thumb.webp"


class Message(models.Model):
    """One event of a room: what somebody said, or the deletion of it.

    A deleted message moves to the number of its deletion and loses its content; its row, and with it its
    `client_id`, stays, so that a late resend is known.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        IMAGE = "image", _("image")
        VIDEO = "video", _("video")
        VOICE = "voice", _("voice")
        DELETED = "deleted", _("deleted")

    class AlarmState(models.TextChoices):
        RAISED = "raised", _("raised")
        CLEARED = "cleared", _("cleared")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")

    # The index of the constraint below serves.
    room = models.ForeignKey(Room, models.CASCADE, db_index=False, verbose_name=_("room"))
    number = models.PositiveBigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.TEXT)
    text = models.TextField(_("text"), blank=True)
    media = models.ForeignKey(Media, models.PROTECT, null=True, blank=True, verbose_name=_("file"))
    deletes = models.PositiveBigIntegerField(_("deletes number"), null=True, blank=True)
    # The name as it was; the account may go.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("account")
    )
    username = models.CharField(_("sender"), max_length=150)
    guest = models.BooleanField(_("guest"), default=True)
    sender = models.CharField(max_length=16)
    has_session = models.BooleanField(default=True)  # without one (a script) the name alone says who it was
    client_id = models.CharField(max_length=MAX_CLIENT_ID_CHARACTERS, null=True, blank=True)
    sent_on = models.DateTimeField(_("date"))
    # The moment of a metric that it is about, as it goes over the wire; the device may go.
    about_device = models.CharField(_("about device"), max_length=MAX_SLUG_CHARACTERS, blank=True)
    about_metric = models.CharField(_("about metric"), max_length=MAX_METRIC_CHARACTERS, blank=True)
    about_at = models.BigIntegerField(_("about time"), null=True, blank=True)  # Unix milliseconds
    alarm = models.ForeignKey(Alarm, models.SET_NULL, null=True, blank=True, verbose_name=_("alarm"))
    alarm_state = models.CharField(_("alarm state"), max_length=12, blank=True, choices=AlarmState.choices)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="threechat_number_once"),
            models.UniqueConstraint(fields=["room", "client_id"], name="threechat_client_id_once"),
        ]
        indexes = [
            models.Index(
                fields=["about_device", "about_at"],
                condition=models.Q(about_at__isnull=False),
                name="threechat_about",
            ),
            models.Index(  # of all devices
                fields=["about_at"], condition=models.Q(about_at__isnull=False), name="threechat_about_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id} · {self.number}"


class AccountName(models.Model):
    """What an account's name looks like, so that no guest takes a name that could be mistaken for it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, verbose_name=_("user"))
    skeleton = models.CharField(_("skeleton"), max_length=1000, db_index=True)

    class Meta:
        verbose_name = _("account name")
        verbose_name_plural = _("account names")

    def __str__(self) -> str:
        return self.skeleton


@receiver(post_save, sender=settings.AUTH_USER_MODEL, dispatch_uid="threechat.account_name")
def keep_account_name(instance: User, raw: bool = False, **kwargs: object) -> None:
    if not raw:
        AccountName.objects.update_or_create(user=instance, defaults={"skeleton": skeleton(instance.get_username())})


def resembles_account(name: str) -> bool:
    """Whether a name is, or looks like, an account's. Blocks."""
    return AccountName.objects.filter(skeleton=skeleton(name)).exists()
