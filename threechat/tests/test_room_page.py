"""The room beside the chart of its device, and the way from one to the other."""

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from threechat.drafts import Draft
from threechat.messages import About
from threechat.models import Message, Room
from threechat.people import TELEMETRY
from threechat.rooms import room_named
from threechat.storage import add_message, locked_or_new, store
from threechat.tests.cast import Cast, client_of, make_cast
from two.devices import add_device
from two.models import AccessToken, Device

pytestmark = pytest.mark.django_db(transaction=True)
DEVICE = "/two/device/boiler/"
ROOM = "device-boiler"
AT = 1_763_690_000_000


@pytest.fixture
def cast() -> Cast:
    add_device("Boiler")
    return make_cast()


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_devices_page_shows_what_was_said_in_its_room(cast: Cast) -> None:
    store(room_named(ROOM), None, TELEMETRY, Draft("so hot"))
    page = text_of(client_of(None), DEVICE)
    assert "so hot" in page
    assert 'data-beside="boiler"' in page
    assert 'href="/chat/device-boiler/"' in page
    assert 'rows="1" autofocus' not in page  # it is the chart's page


def test_a_rooms_page_links_to_its_device_if_there_is_one(cast: Cast) -> None:
    assert f'href="{DEVICE}"' in text_of(client_of(None), f"/chat/{ROOM}/")
    assert 'href="/two/device/random/"' in text_of(client_of(None), "/chat/device-random/")
    for other in ("device-nobody", "boiler", "device-", "device-é"):
        assert "/two/device/" not in text_of(client_of(None), f"/chat/{other}/")


def test_a_room_for_members_is_beside_the_chart_for_them_alone(cast: Cast) -> None:
    store(room_named(ROOM), None, TELEMETRY, Draft("a secret"))
    room = Room.objects.get(name=ROOM)
    room.members_only = True
    room.save()
    room.members.add(cast.member)
    for user in (cast.member, cast.staff):
        assert "a secret" in text_of(client_of(user), DEVICE)
    page = text_of(client_of(cast.outsider), DEVICE)
    assert "a secret" not in page
    assert "for its members" in page
    page = text_of(client_of(None), DEVICE)
    assert "a secret" not in page
    assert "log in to read it" in page
    assert 'data-part="dashboard"' in page


def test_a_wall_shows_the_chart_alone(cast: Cast, settings: Settings) -> None:
    settings.LOGIN_REQUIRED = True
    store(room_named(ROOM), None, TELEMETRY, Draft("not for walls"))
    token = AccessToken.issue(AccessToken.Scope.VIEW)
    page = text_of(client_of(None), f"{DEVICE}?view={token}")
    assert 'data-part="dashboard"' in page
    assert "not for walls" not in page
    assert "not for walls" in text_of(client_of(cast.outsider), DEVICE)


def test_beside_its_chart_a_room_goes_by_the_devices_name(cast: Cast) -> None:
    Device.objects.filter(slug="boiler").update(name="The Boiler")
    about: About = {"device": "boiler", "metric": "temperature", "at": AT}
    with transaction.atomic():
        add_message(locked_or_new(room_named(ROOM), None), TELEMETRY, Draft("hot", about=about))
    page = text_of(client_of(None), DEVICE)
    assert 'data-part="room-title" dir="auto">The Boiler</a>' in page
    assert 'data-beside-name="The Boiler"' in page
    assert "The Boiler · temperature" in page
    assert "boiler · temperature" in text_of(client_of(None), f"/chat/{ROOM}/")


def test_a_message_about_a_moment_links_to_it_without_javascript(cast: Cast) -> None:
    about: About = {"device": "boiler", "metric": "temperature", "at": AT}
    with transaction.atomic():
        room = locked_or_new(room_named(ROOM), None)
        add_message(room, TELEMETRY, Draft("Raised", about=about), alarm_state=Message.AlarmState.RAISED)
    page = text_of(client_of(None), f"/chat/{ROOM}/")
    assert f'href="{DEVICE}?from={AT - 150_000}&amp;to={AT + 150_000}#moment=temperature~{AT}"' in page
    assert "boiler · temperature" in page
    assert '<p class="alarm-mark" data-state="raised">' in page
    assert "avatar-telemetry" in page
