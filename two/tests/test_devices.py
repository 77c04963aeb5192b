"""Adding devices: from the shell, from the page, in the admin."""

import asyncio
import json
import re

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from examplechannels.questions import ask
from two.devices import NameTaken, add_device, examples_for
from two.models import AccessToken, Device, Metric
from two.samples import BadReading

pytestmark = pytest.mark.django_db(transaction=True)


def token_in(text: str) -> str:
    found = re.search(r"^Token: +(\S+)$", text, re.MULTILINE)
    assert found
    return found[1]


def test_the_command_prints_the_token_once_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("device", "Boiler Room", interval=10, site="https://example.com")
    printed = capsys.readouterr().out
    token = token_in(printed)
    device = Device.objects.get()
    assert (device.name, device.slug, device.interval_seconds) == ("Boiler Room", "boiler-room", 10)
    assert AccessToken.objects.get().digest == AccessToken.digest_of(token)
    assert token not in str(AccessToken.objects.values_list())
    assert printed.count(token) == 4  # by itself, for curl, Telegraf and MicroPython
    for word in ("curl https://example.com/two/readings/", "[[outputs.influxdb_v2]]", "telemetry/boiler-room", "esp32"):
        assert word in printed


def test_a_device_is_added_once_and_its_token_can_be_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("device", "boiler")
    first = token_in(capsys.readouterr().out)
    with pytest.raises(CommandError, match="already"):
        call_command("device", "Boiler")
    call_command("device", "Boiler", new_token=True)
    second = token_in(capsys.readouterr().out)
    revoked = dict(AccessToken.objects.values_list("digest", "revoked"))
    assert revoked[AccessToken.digest_of(first)] is not None
    assert revoked[AccessToken.digest_of(second)] is None


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("", {}),
        ("x" * 101, {}),
        ("a\nb", {}),
        ("random", {}),
        ("Host", {}),
        ("b", {"interval": -1}),
        ("b", {"interval": 0}),
        ("b", {"interval": 1e10}),
        ("b", {"interval": float("nan")}),
        ("b", {"new_token": True}),
    ],
)
def test_what_cannot_be_added_is_one_line(name: str, options: dict[str, object]) -> None:
    with pytest.raises(CommandError):
        call_command("device", name, **options)
    assert not Device.objects.exists()


def test_tokens_for_sites_and_walls(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("token", "site", "Telegraf")
    call_command("token", "view", "Wall")
    assert list(AccessToken.objects.order_by("id").values_list("scope", "label")) == [
        ("site", "Telegraf"),
        ("view", "Wall"),
    ]
    assert "kiosk=1&view=" in capsys.readouterr().out


def test_a_name_in_any_script_makes_a_slug() -> None:
    device, _token = add_device("温度计")
    assert re.fullmatch(r"device-[0-9a-f]{8}", device.slug)
    assert device.name == "温度计"
    with pytest.raises(NameTaken):
        add_device("温度计")
    with pytest.raises(BadReading):
        add_device("  ")


async def test_of_those_who_add_a_device_at_once_one_makes_it_and_the_others_are_told() -> None:
    outcomes = await asyncio.gather(*(ask(lambda: add_device("Boiler")) for _ in range(4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)] == [NameTaken] * 3
    assert await AccessToken.objects.acount() == 1


def test_the_examples_are_ready_to_be_copied() -> None:
    for example in examples_for("http://127.0.0.1:8000/", "boiler", "T0KEN"):
        assert example["text"]
        assert "&quot;" not in example["text"]
        assert "{{" not in example["text"]
    curl = examples_for("http://127.0.0.1:8000/", "boiler", "T0KEN")[0]["text"]
    assert "Bearer T0KEN" in curl


def add(client: Client, body: object) -> tuple[int, dict[str, object]]:
    answer = client.post("/two/devices/", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def test_staff_add_devices_from_the_page_and_nobody_else(client: Client) -> None:
    assert add(client, {"name": "Boiler"})[0] == 403
    client.force_login(User.objects.create_user("mia"))
    assert add(client, {"name": "Boiler"})[0] == 403
    client.force_login(User.objects.create_user("ben", is_staff=True))
    status, answer = add(client, {"name": " Boiler "})
    assert (status, answer["device"], answer["name"]) == (201, "boiler", "Boiler")
    assert AccessToken.objects.get().digest == AccessToken.digest_of(str(answer["token"]))
    assert add(client, {"name": "boiler"})[0] == 409
    wrong: object
    for wrong in ({}, [], {"name": 5}, {"name": ""}, {"name": "x" * 101}, "boiler", {"name": None}):
        assert add(client, wrong)[0] == 400, wrong
    assert Device.objects.count() == 1


def test_a_page_of_another_site_adds_nothing() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ben", is_staff=True))
    assert client.post("/two/devices/", '{"name": "x"}', content_type="application/json").status_code == 403
    assert not Device.objects.exists()


def test_a_device_has_a_page(client: Client) -> None:
    add_device("Boiler")
    page = client.get("/two/device/boiler/").content.decode()
    assert "Boiler" in page
    assert "/chat/device-boiler/" in page
    assert client.get("/two/device/random/").status_code == 200
    assert client.get("/two/device/nobody/").status_code == 404


def test_the_admin_names_units_makes_tokens_and_revokes_them(admin_client: Client) -> None:
    device, _token = add_device("Boiler")
    metric = Metric.objects.create(device=device, name="t")
    for page in ("device", "metric", "accesstoken"):
        assert admin_client.get(f"/admin/two/{page}/").status_code == 200
    assert admin_client.get(f"/admin/two/device/{device.pk}/change/").status_code == 200
    row = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": metric.pk, "form-0-unit": "°C", "_save": "1"}
    admin_client.post("/admin/two/metric/", row)
    metric.refresh_from_db()
    assert metric.unit == "°C"
    form = {"scope": "view", "label": "Wall"}
    answer = admin_client.post("/admin/two/accesstoken/add/", form, follow=True)
    assert "shown this once" in answer.content.decode()
    refused = admin_client.post("/admin/two/accesstoken/add/", {"scope": "device", "label": "x"})
    assert "needs a device" in refused.content.decode()
    chosen = [str(pk) for pk in AccessToken.objects.values_list("pk", flat=True)]
    admin_client.post("/admin/two/accesstoken/", {"action": "revoke", "_selected_action": chosen})
    assert not AccessToken.objects.filter(revoked=None).exists()
    admin_client.post(f"/admin/two/device/{device.pk}/delete/", {"post": "yes"})
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"), [("2.5", 2.5), ("", None), ("0", 10), ("-1", 10), ("1e10", 10), ("nan", 10)]
)
def test_the_admin_takes_the_intervals_that_the_command_takes(
    admin_client: Client, typed: str, kept: float | None
) -> None:
    device, _token = add_device("Boiler", 10)
    row = {"name": "Boiler", "interval_seconds": typed, "metrics-TOTAL_FORMS": 0, "metrics-INITIAL_FORMS": 0}
    admin_client.post(f"/admin/two/device/{device.pk}/change/", row)
    device.refresh_from_db()
    assert device.interval_seconds == kept


@pytest.mark.parametrize("slug", ["%00", "Boiler%00", "%E2%82%AC", "x" * 500])
def test_a_slug_that_is_none_has_no_page(client: Client, slug: str) -> None:
    assert client.get(f"/two/device/{slug}/").status_code == 404
