import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from two import host
from two.alarms import conditions, rules
from two.models import Alarm, Delivery, Device, Metric, Rule
from two.nanoseconds import NS_PER_DAY
from two.retention import DELIVERY_DAYS, prune
from two.tests.cast import make_alarm

pytestmark = pytest.mark.django_db
PAGE = "/two/device/boiler/rules/"
HOOK = "https://example.com/hook"
GOOD = {"kind": "above", "threshold": "70", "hold_seconds": "60", "hysteresis": "2", "is_enabled": "on"}


@pytest.fixture
def metric() -> Metric:
    device = Device.objects.create(slug="boiler", name="Boiler")
    return Metric.objects.create(device=device, name="temperature", unit="°C")


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_user("sara", is_staff=True))
    return client


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada"))
    return client


def add(staff: Client, metric: Metric, **changes: Any) -> Any:
    return staff.post(PAGE, {**GOOD, "metric": metric.pk, **changes})


def make_rule(metric: Metric, **values: Any) -> Rule:
    return Rule.objects.create(metric=metric, **{"kind": "above", "threshold": 70, **values})


# The page


def test_staff_add_a_rule_and_see_it(staff: Client, metric: Metric) -> None:
    before_ns = time.time_ns()
    answer = add(staff, metric)
    rule = Rule.objects.get()
    assert answer.headers["Location"] == f"{PAGE}#rule-{rule.pk}"
    assert (rule.threshold, rule.hold_seconds, rule.hysteresis, rule.webhook_secret) == (70, 60, 2, "")
    assert before_ns <= rule.settled_ns <= time.time_ns()  # what was before does not count
    page = staff.get(PAGE)
    assert "temperature above 70 °C for 60 s" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}1/", f"{PAGE}1/delete/", f"{PAGE}1/test/"])
def test_others_are_refused(client: Client, metric: Metric, path: str) -> None:
    make_rule(metric, pk=1, webhook_url=HOOK)
    for method in (client.get, client.post):
        answer = method(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/accounts/login/?next={path}")
    client.force_login(User.objects.create_user("otto"))
    assert {method(path).status_code for method in (client.get, client.post)} == {403}
    assert Rule.objects.count() == 1
    assert not Delivery.objects.exists()


def test_a_form_of_another_site_is_refused(metric: Metric) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_user("sara", is_staff=True))
    rule = make_rule(metric, webhook_url=HOOK)
    assert strict.post(PAGE, GOOD).status_code == 403
    assert strict.post(f"{PAGE}{rule.pk}/delete/").status_code == 403
    assert strict.post(f"{PAGE}{rule.pk}/test/").status_code == 403
    assert Rule.objects.count() == 1
    assert not Delivery.objects.exists()


def test_staff_change_a_rule_and_delete_it(staff: Client, metric: Metric) -> None:
    rule = make_rule(metric)
    page = staff.get(f"{PAGE}{rule.pk}/").content.decode()
    assert "temperature above 70 °C" in page
    assert staff.post(f"{PAGE}{rule.pk}/", {**GOOD, "threshold": "75"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.threshold, rule.metric) == (75, metric)
    assert staff.get(f"{PAGE}{rule.pk}/delete/").status_code == 405
    assert staff.post(f"{PAGE}{rule.pk}/delete/").headers["Location"] == PAGE
    assert not Rule.objects.exists()


def test_who_deletes_a_rule_with_an_open_alarm_hears_what_that_means(admin: Client, metric: Metric) -> None:
    rule = make_rule(metric)
    pages = {
        f"{PAGE}{rule.pk}/": "will hear of its end",
        reverse("admin:two_rule_delete", args=[rule.pk]): "nobody hears",
    }
    for phase in ("clear", "raised"):
        Rule.objects.update(phase=phase)
        for path, says in pages.items():
            assert (says in admin.get(path).content.decode()) == (phase == "raised"), path


def test_a_rule_keeps_its_metric(staff: Client, metric: Metric) -> None:
    other = Metric.objects.create(device=metric.device, name="pressure")
    rule = make_rule(metric)
    assert staff.post(f"{PAGE}{rule.pk}/", {**GOOD, "metric": other.pk}).status_code == 302
    rule.refresh_from_db()
    assert rule.metric == metric


def test_another_devices_rules_and_metrics_are_not_here(staff: Client, metric: Metric) -> None:
    oven = Device.objects.create(slug="oven", name="Oven")
    foreign = make_rule(Metric.objects.create(device=oven, name="temperature"))
    for path in (f"{PAGE}{foreign.pk}/", f"{PAGE}999/", f"{PAGE}{10**30}/", "/two/device/nobody/rules/"):
        assert staff.get(path).status_code == 404, path
    assert staff.post(f"{PAGE}{foreign.pk}/delete/").status_code == 404
    assert b"Select a valid choice" in add(staff, foreign.metric).content
    assert Rule.objects.get() == foreign


def test_the_random_feed_and_a_silent_device_have_no_form(staff: Client) -> None:
    Device.objects.create(slug="boiler", name="Boiler")
    assert "send a first reading" in staff.get(PAGE).content.decode()
    page = staff.get("/two/device/random/rules/")
    assert "Nobody records the random feed" in page.content.decode()
    for path in (PAGE, "/two/device/random/rules/"):
        assert staff.post(path, GOOD).status_code == 200
    assert staff.get("/two/device/random/rules/1/").status_code == 404
    assert not Rule.objects.exists()


def test_names_are_text_not_html(staff: Client) -> None:
    device = Device.objects.create(slug="boiler", name="<b>Boiler</b>")
    rule = make_rule(Metric.objects.create(device=device, name="<i>t</i>", unit="<u>"))
    for path in (PAGE, f"{PAGE}{rule.pk}/"):
        page = staff.get(path).content.decode()
        assert "<b>Boiler" not in page
        assert "<i>t" not in page


@pytest.mark.parametrize(
    ("attempts", "waits", "error", "says"),
    [
        (0, True, "", "On its way"),
        (1, False, "", "The last message arrived"),
        (1, True, "HTTP 500", "Will be tried again: HTTP 500"),
        (8, False, "HTTP 500", "Given up: HTTP 500"),
    ],
)
def test_the_page_says_what_became_of_the_last_delivery(
    staff: Client, metric: Metric, attempts: int, waits: bool, error: str, says: str
) -> None:
    rule = make_rule(metric, webhook_url="https://example.com/hook", webhook_secret="s")
    assert "Nothing was sent yet" in staff.get(PAGE).content.decode()
    next_on = timezone.now() if waits else None
    Delivery.objects.create(rule=rule, body="{}", attempts=9, error="an older one")
    Delivery.objects.create(rule=rule, body="{}", attempts=attempts, next_on=next_on, error=error)
    for path in (PAGE, f"{PAGE}{rule.pk}/"):
        assert says in staff.get(path).content.decode()


@pytest.mark.parametrize(
    ("waits", "error", "says"),
    [(True, "", "On its way"), (False, "", "The test arrived"), (False, "HTTP 500", "The test failed: HTTP 500")],
)
def test_the_page_says_what_became_of_a_test(staff: Client, metric: Metric, waits: bool, error: str, says: str) -> None:
    rule = make_rule(metric, webhook_url=HOOK, webhook_secret="s")
    created = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    next_on = timezone.now() if waits else None
    Delivery.objects.create(rule=rule, body="{}", is_test=True, created=created, next_on=next_on, error=error)
    for path in (PAGE, f"{PAGE}{rule.pk}/"):
        page = staff.get(path).content.decode()
        assert says in page
        assert "3 Feb, 04:05:06 UTC" in page


def test_staff_send_a_test_to_a_webhook_one_at_a_time(staff: Client, metric: Metric) -> None:
    rule = make_rule(metric, webhook_url=HOOK, webhook_secret="s")
    path = f"{PAGE}{rule.pk}/"
    assert "Send a test" in staff.get(path).content.decode()
    for _ in range(2):
        answer = staff.post(f"{path}test/")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{path}#webhook")
    sent = Delivery.objects.get()
    body = json.loads(sent.body)
    assert (sent.is_test, body["test"], body["event"], body["rule"]) == (True, True, "raised", rule.pk)
    assert body["text"] == "Test: temperature above 70 °C"
    assert (body["alarm"]["id"], body["alarm"]["device"], body["alarm"]["value"]) == (0, "boiler", 70)
    assert not Alarm.objects.exists()
    Delivery.objects.update(next_on=None)
    staff.post(f"{path}test/")
    assert Delivery.objects.count() == 2


def test_without_a_webhook_there_is_nothing_to_test(staff: Client, metric: Metric) -> None:
    path = f"{PAGE}{make_rule(metric).pk}/"
    assert "Send a test" not in staff.get(path).content.decode()
    assert staff.post(f"{path}test/").status_code == 404
    assert staff.get(f"{path}test/").status_code == 405
    assert not Delivery.objects.exists()


def test_the_list_asks_the_database_as_often_for_many_rules(
    staff: Client, metric: Metric, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        make_rule(metric, webhook_url="https://example.com/")
    with django_assert_max_num_queries(8):
        staff.get(PAGE)


# Webhooks


def test_a_webhook_gets_a_secret_that_only_its_own_page_shows(staff: Client, metric: Metric) -> None:
    add(staff, metric, webhook_url="https://example.com/hook")
    rule = Rule.objects.get()
    assert len(rule.webhook_secret) > 40
    assert rule.webhook_secret not in staff.get(PAGE).content.decode()
    page = staff.get(f"{PAGE}{rule.pk}/").content.decode()
    assert page.count(rule.webhook_secret) == 2  # the second time in the recipe
    kept = rule.webhook_secret
    staff.post(f"{PAGE}{rule.pk}/", {**GOOD, "webhook_url": "https://example.com/other"})
    rule.refresh_from_db()
    assert (rule.webhook_url, rule.webhook_secret) == ("https://example.com/other", kept)
    staff.post(f"{PAGE}{rule.pk}/", {**GOOD, "webhook_url": ""})
    rule.refresh_from_db()
    assert rule.webhook_secret == ""


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1/", "127.0.0.1 is, or may be, a private address"),
        ("http://localhost:8000/", "localhost is, or may be, a private address"),
        ("https://anna:secret@example.com/", "No name and password"),
        ("ftp://example.com/", "A webhook is a URL such as"),
        ("nonsense", "A webhook is a URL such as"),
    ],
)
def test_a_webhook_that_is_none_is_refused(staff: Client, metric: Metric, url: str, says: str) -> None:
    assert says in add(staff, metric, webhook_url=url).content.decode()
    assert not Rule.objects.exists()


def test_private_webhooks_can_be_allowed(staff: Client, metric: Metric, settings: Settings) -> None:
    settings.WEBHOOK_PRIVATE = True
    assert add(staff, metric, webhook_url="http://nodered:1880/alarms").status_code == 302


def test_a_private_webhook_of_before_does_not_keep_its_rule_from_being_changed(staff: Client, metric: Metric) -> None:
    rule = make_rule(metric, webhook_url="http://nodered:1880/alarms")
    data = {**GOOD, "webhook_url": rule.webhook_url, "is_enabled": ""}
    assert staff.post(f"{PAGE}{rule.pk}/", data).status_code == 302
    rule.refresh_from_db()
    assert not rule.is_enabled
    assert staff.post(f"{PAGE}{rule.pk}/", {**data, "webhook_url": "http://other:1880/"}).status_code == 200


# Rules that can never hold, or never end


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"threshold": None}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"threshold": float("inf")}, "threshold"),
        ({"threshold": 1.7976931348623157e308}, "threshold"),
        ({"kind": "below", "threshold": -1.7976931348623157e308}, "threshold"),
        ({"kind": "rate", "threshold": 0}, "threshold"),
        ({"kind": "rate", "threshold": -5}, "threshold"),
        ({"kind": "rate", "threshold": 1.7976931348623157e308}, "threshold"),
        ({"kind": "rate", "threshold": 5, "hysteresis": 6}, "hysteresis"),
        ({"hysteresis": -1}, "hysteresis"),
        ({"hysteresis": float("nan")}, "hysteresis"),
        ({"hysteresis": float("inf")}, "hysteresis"),
        ({"threshold": -1.7e308, "hysteresis": 1.7e308}, "hysteresis"),
        ({"hold_seconds": -1}, "hold_seconds"),
        ({"hold_seconds": 86_401}, "hold_seconds"),
        ({"hold_seconds": float("nan")}, "hold_seconds"),
        ({"kind": "silent", "hold_seconds": 0}, "hold_seconds"),
        ({"kind": "silent", "hold_seconds": 0.5}, "hold_seconds"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(metric: Metric, values: dict[str, Any], field: str) -> None:
    rule = Rule(metric=metric, **{"kind": "above", "threshold": 70.0, **values})
    with pytest.raises(ValidationError) as refusal:
        rule.full_clean()
    assert list(refusal.value.message_dict) == [field]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"threshold": 1.7e308},
        {"kind": "below", "threshold": -1.7e308, "hysteresis": 10},
        {"kind": "rate", "threshold": 5, "hysteresis": 5},
        {"kind": "silent", "threshold": None, "hold_seconds": 1},
        {"hold_seconds": 86_400},
    ],
)
def test_a_condition_that_makes_sense_is_taken(metric: Metric, values: dict[str, Any]) -> None:
    Rule(metric=metric, **{"kind": "above", "threshold": 70.0, **values}).full_clean()


@pytest.mark.parametrize(
    ("name", "kind", "threshold", "hysteresis", "field"),
    [
        ("cpu", "above", 100, 0, "threshold"),
        ("cpu", "above", 99, 0, None),
        ("cpu", "below", 0, 0, "threshold"),
        ("cpu", "above", 90, 91, "hysteresis"),
        ("cpu", "above", 90, 90, None),
        ("memory", "below", 10, 91, "hysteresis"),
        ("memory", "above", -1, 0, "threshold"),
        ("memory", "rate", 6000, 0, "threshold"),
        ("memory", "rate", 600, 0, None),
        ("network.in", "above", 1_000_000, 0, None),
        ("network.in", "below", 0, 0, "threshold"),
    ],
)
def test_of_our_own_machine_it_is_known_what_can_be(
    name: str, kind: str, threshold: float, hysteresis: float, field: str | None
) -> None:
    own = Metric.objects.create(device=Device.objects.create(slug="host", name="host"), name=name)
    rule = Rule(metric=own, kind=kind, threshold=float(threshold), hysteresis=float(hysteresis))
    if field is None:
        rule.full_clean()
        return
    with pytest.raises(ValidationError) as refusal:
        rule.full_clean()
    assert list(refusal.value.message_dict) == [field]


def test_the_bounds_of_our_own_machine_are_of_what_it_records() -> None:
    assert conditions.BOUNDS_OF_HOST.keys() == host.UNITS.keys()


@pytest.mark.parametrize("form", [PAGE, "/admin/two/rule/add/"])
def test_the_very_same_rule_is_refused(admin: Client, metric: Metric, form: str) -> None:
    for values in (GOOD, {**GOOD, "kind": "silent"}):
        assert admin.post(form, {**values, "metric": metric.pk}).status_code == 302
        again = admin.post(form, {**values, "metric": metric.pk, "is_enabled": "", "webhook_url": HOOK})
        assert "There is this very rule already." in again.content.decode()
    for change in ({"hysteresis": "3"}, {"hold_seconds": "61"}, {"threshold": "71"}, {"kind": "below"}):
        assert admin.post(form, {**GOOD, **change, "metric": metric.pk}).status_code == 302
    assert Rule.objects.count() == 6


def test_one_of_two_that_are_the_same_can_be_switched_off_but_none_made_the_same(staff: Client, metric: Metric) -> None:
    same = {"hold_seconds": 60, "hysteresis": 2}
    make_rule(metric, **same)
    path, other = (f"{PAGE}{make_rule(metric, **values).pk}/" for values in (same, {}))
    assert staff.post(path, {**GOOD, "is_enabled": ""}).status_code == 302
    assert "There is this very rule already." in staff.post(other, GOOD).content.decode()


def test_the_list_shows_a_hysteresis_where_there_is_one(staff: Client, metric: Metric) -> None:
    make_rule(metric, hysteresis=0)
    assert "Hysteresis 2.5 °C" not in staff.get(PAGE).content.decode()
    make_rule(metric, hysteresis=2.5)
    page = staff.get(PAGE).content.decode()
    assert page.count('<p class="rule-webhook">Hysteresis') == 1
    assert "Hysteresis 2.5 °C" in page


def test_silence_that_takes_no_time_is_told_what_it_needs(staff: Client, metric: Metric) -> None:
    page = add(staff, metric, kind="silent", hold_seconds="0").content.decode()
    assert "Silence needs at least 1 second" in page


def test_silence_has_neither_threshold_nor_hysteresis(staff: Client, metric: Metric) -> None:
    add(staff, metric, kind="silent")
    rule = Rule.objects.get()
    assert (rule.threshold, rule.hysteresis, rule.hold_seconds) == (None, 0, 60)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("threshold", "nan"),
        ("threshold", "1e999"),
        ("threshold", ""),
        ("threshold", "much"),
        ("threshold", "9" * 5000),
        ("hold_seconds", ""),
        ("hysteresis", "-inf"),
        ("kind", "sideways"),
        ("metric", "99999999999999999999"),
        ("metric", ""),
        ("webhook_url", "https://example.com/" + "x" * 500),
        ("webhook_url", "https://example.com/\0"),
    ],
)
def test_a_mistake_in_the_form_is_told_at_its_field(staff: Client, metric: Metric, field: str, value: str) -> None:
    answer = staff.post(PAGE, {**GOOD, "metric": metric.pk, field: value})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Rule.objects.exists()


def test_a_device_has_a_bounded_number_of_rules(staff: Client, metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_RULES_OF_DEVICE", 2)
    full = [make_rule(metric) for _ in range(2)]
    assert "at most 100 rules" in add(staff, metric).content.decode()
    assert staff.post(f"{PAGE}{full[0].pk}/", GOOD).status_code == 302  # no further one
    monkeypatch.setattr(rules, "MAX_RULES", 2)
    oven = Metric.objects.create(device=Device.objects.create(slug="oven", name="Oven"), name="t")
    answer = staff.post("/two/device/oven/rules/", {**GOOD, "metric": oven.pk})
    assert "10,000 rules already" in answer.content.decode()
    assert Rule.objects.count() == 2


# Beginning anew


@pytest.mark.parametrize("change", [{"threshold": "71"}, {"is_enabled": ""}, {"hold_seconds": "5"}, {"kind": "below"}])
def test_a_new_condition_ends_the_open_alarm(staff: Client, metric: Metric, change: dict[str, str]) -> None:
    rule = make_rule(metric, phase="raised", hold_seconds=60, hysteresis=2)
    earlier = make_alarm(rule, 1, cleared_ns=2)
    alarm = make_alarm(rule, 3)
    before_ns = time.time_ns()
    data = {**GOOD, **change}
    staff.post(f"{PAGE}{rule.pk}/", {key: value for key, value in data.items() if value})
    rule.refresh_from_db()
    alarm.refresh_from_db()
    earlier.refresh_from_db()
    assert rule.phase == "clear"
    assert before_ns <= rule.settled_ns <= time.time_ns()
    assert {rule.since_ns, alarm.cleared_ns} == {rule.settled_ns}
    assert earlier.cleared_ns == 2


def test_an_alarm_of_a_clock_ahead_does_not_end_before_it_began(metric: Metric) -> None:
    rule = make_rule(metric, phase="raised")
    ahead_ns = time.time_ns() + 60 * 10**9
    alarm = make_alarm(rule, ahead_ns)
    rules.restart(rule)
    alarm.refresh_from_db()
    assert alarm.cleared_ns == ahead_ns


def test_another_webhook_leaves_the_alarm_open(staff: Client, metric: Metric) -> None:
    rule = make_rule(metric, hold_seconds=60, hysteresis=2)
    staff.get(f"{PAGE}{rule.pk}/")
    Rule.objects.update(phase="raised", since_ns=5, settled_ns=5)
    alarm = make_alarm(rule, 5)
    staff.post(f"{PAGE}{rule.pk}/", {**GOOD, "webhook_url": "https://example.com/"})
    rule.refresh_from_db()
    alarm.refresh_from_db()
    assert (rule.phase, rule.settled_ns, alarm.cleared_ns) == ("raised", 5, None)


def test_what_was_evaluated_meanwhile_stays(metric: Metric) -> None:
    stale = make_rule(metric)
    Rule.objects.update(phase="raised", since_ns=5, settled_ns=5, told_on=timezone.now())
    stale.webhook_url = "https://example.com/"
    rules.save(stale, ["webhook_url"])
    fresh = Rule.objects.get()
    assert (fresh.phase, fresh.since_ns, fresh.settled_ns) == ("raised", 5, 5)
    assert fresh.told_on
    assert fresh.webhook_secret


@pytest.mark.parametrize("page", [f"{PAGE}1/", "/admin/two/rule/1/change/"])
def test_a_rule_that_was_deleted_while_it_was_changed_is_not_found(
    admin: Client, metric: Metric, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    rule = make_rule(metric, pk=1)

    def delete(*args: Any) -> None:
        Rule.objects.filter(pk=rule.pk).delete()

    monkeypatch.setattr("two.models.check_condition", delete)
    assert admin.post(page, GOOD).status_code == 404


# The admin


def test_the_admin_makes_rules_with_the_same_form(admin: Client, metric: Metric) -> None:
    url = reverse("admin:two_rule_add")
    data = {**GOOD, "metric": metric.pk, "webhook_url": "https://example.com/"}
    refused = admin.post(url, {**data, "threshold": "nan", "webhook_url": "http://10.0.0.1/"})
    assert set(refused.context["adminform"].form.errors) == {"threshold", "webhook_url"}
    assert admin.post(url, data).status_code == 302
    rule = Rule.objects.get()
    assert rule.settled_ns
    assert rule.webhook_secret
    Rule.objects.update(phase="raised")
    alarm = make_alarm(rule, 1)
    change = reverse("admin:two_rule_change", args=[rule.pk])
    assert admin.get(change).status_code == 200
    assert admin.post(change, {**data, "threshold": "71"}).status_code == 302
    rule.refresh_from_db()
    alarm.refresh_from_db()
    assert (rule.threshold, rule.phase) == (71, "clear")
    assert alarm.cleared_ns


def test_the_admin_offers_metrics_with_their_devices(admin: Client, metric: Metric) -> None:
    asked = {"app_label": "two", "model_name": "rule", "field_name": "metric", "term": "temperature"}
    offered = admin.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert [one["text"] for one in offered] == [f"{metric.device.name} · temperature"]


def test_the_admin_shows_alarms_and_deliveries_and_changes_none(admin: Client, metric: Metric) -> None:
    rule = make_rule(metric)
    rows = {
        "alarm": make_alarm(rule, time.time_ns()).pk,
        "delivery": Delivery.objects.create(rule=rule, body='{"a": 1}').pk,
    }
    assert admin.get(reverse("admin:two_rule_changelist")).status_code == 200
    for name, key in rows.items():
        assert "boiler: temperature" in admin.get(reverse(f"admin:two_{name}_changelist")).content.decode()
        assert admin.get(reverse(f"admin:two_{name}_change", args=[key])).status_code == 200
        assert admin.post(reverse(f"admin:two_{name}_change", args=[key]), {}).status_code == 403
        assert admin.get(reverse(f"admin:two_{name}_add")).status_code == 403
        assert admin.post(reverse(f"admin:two_{name}_delete", args=[key]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("what", ["rule", "metric", "device"])
@pytest.mark.parametrize("many", [False, True])
def test_the_admin_deletes_with_alarms_and_deliveries(admin: Client, metric: Metric, what: str, many: bool) -> None:
    rule = make_rule(metric)
    make_alarm(rule, 1)
    Delivery.objects.create(rule=rule, body="{}")
    key = {"rule": rule.pk, "metric": metric.pk, "device": metric.device_id}[what]
    if many:
        url = reverse(f"admin:two_{what}_changelist")
        data = {"action": "delete_selected", "_selected_action": key, "post": "yes"}
    else:
        url, data = reverse(f"admin:two_{what}_delete", args=[key]), {"post": "yes"}
    assert admin.post(url, data).status_code == 302
    assert not Rule.objects.exists()
    assert not Alarm.objects.exists()
    assert not Delivery.objects.exists()


# Retention


def test_what_is_over_is_forgotten_and_what_is_not_stays(metric: Metric, settings: Settings) -> None:
    rule = make_rule(metric)
    now = timezone.now()
    now_ns = time.time_ns()
    long_ago_ns = now_ns - (settings.MINUTE_DAYS + 1) * NS_PER_DAY
    make_alarm(rule, long_ago_ns, cleared_ns=long_ago_ns)
    kept = [
        make_alarm(rule, long_ago_ns, cleared_ns=now_ns),
        make_alarm(rule, long_ago_ns),
    ]
    old, young = now - timedelta(days=DELIVERY_DAYS + 1), now - timedelta(days=DELIVERY_DAYS - 1)
    Delivery.objects.create(rule=rule, body="done", created=old, next_on=None)
    Delivery.objects.create(rule=rule, body="waits", created=old)
    Delivery.objects.create(rule=rule, body="young", created=young, next_on=None)
    assert list(prune(now_ns)) == [1, 1]
    assert set(Alarm.objects.all()) == set(kept)
    assert set(Delivery.objects.values_list("body", flat=True)) == {"waits", "young"}
