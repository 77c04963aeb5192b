"""Adding devices, and how to send to them."""

from collections.abc import Collection
from typing import TypedDict

from django.db import IntegrityError, transaction
from django.http import Http404
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from two.catalogue import MAX_DEVICES
from two.feeds import OWN_DEVICES, RANDOM
from two.models import AccessToken, Device
from two.samples import BadReading, slug_of

MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS = 0.001, 10**9  # that a device may be expected to send at
PLACEHOLDER = "YOUR-TOKEN"


class NameTaken(Exception):
    """There is a device of that name, or one whose name makes the same slug."""


class Example(TypedDict):
    title: str
    text: str


@transaction.atomic
def add_device(name: str, interval_seconds: float | None = None) -> tuple[Device, str]:
    """Makes a device and its token; the token cannot be seen again.

    Raises:
        BadReading: the name cannot be one.
        NameTaken: see there.
    """
    if not isinstance(name, str):
        raise BadReading("bad-device", _("A device's name is a text."))
    name = name.strip()
    slug = slug_of(name)
    if slug in OWN_DEVICES:
        raise NameTaken
    if Device.objects.count() >= MAX_DEVICES:
        raise BadReading("too-many-devices", _("There are 10,000 devices already."))
    try:
        with transaction.atomic():
            device = Device.objects.create(slug=slug, name=name, interval_seconds=interval_seconds)
    except IntegrityError:  # not looked up before: somebody may add it in between
        raise NameTaken from None
    return device, AccessToken.issue(AccessToken.Scope.DEVICE, device, label=name)


def find_device(slug: str) -> Device:
    """Raises `Http404` for a device that is not known."""
    found = Device.objects.filter(slug=slug).first() if slug.isascii() and slug.isprintable() else None
    if found is None and slug == RANDOM:
        found = Device(slug=RANDOM, name=RANDOM)
    if found is None:
        raise Http404
    return found


def are_known(slugs: Collection[str]) -> bool:
    """Whether any of them is a device."""
    return RANDOM in slugs or Device.objects.filter(slug__in=slugs).exists()


def examples_for(site: str, device: str, token: str = PLACEHOLDER) -> list[Example]:
    """How to send to a device, ready to be copied. `site` is this server's URL, with or without a slash at its end."""
    context = {"site": site.rstrip("/"), "device": device, "token": token}
    return [
        {"title": title, "text": render_to_string(f"examples/{name}", context).strip()}
        for title, name in (
            ("curl", "curl.txt"),
            (_("Telegraf"), "telegraf.txt"),
            ("mosquitto_pub", "mosquitto_pub.txt"),
            (_("MicroPython on an ESP32"), "micropython.txt"),
        )
    ]
