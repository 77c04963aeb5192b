"""A device, another's device, and those who write for them."""

from dataclasses import dataclass
from typing import Any

from two.models import AccessToken, Alarm, Device, Metric, Rule


@dataclass(frozen=True)
class Cast:
    boiler: str  # tokens
    oven: str
    site: str
    wall: str
    revoked: str


def make_cast() -> Cast:
    boiler = Device.objects.create(name="Boiler", slug="boiler", interval_seconds=10)
    oven = Device.objects.create(name="Oven", slug="oven")
    revoked = AccessToken.issue(AccessToken.Scope.DEVICE, boiler)
    AccessToken.objects.update(revoked="2026-01-01T00:00:00Z")
    return Cast(
        boiler=AccessToken.issue(AccessToken.Scope.DEVICE, boiler),
        oven=AccessToken.issue(AccessToken.Scope.DEVICE, oven),
        site=AccessToken.issue(AccessToken.Scope.SITE),
        wall=AccessToken.issue(AccessToken.Scope.VIEW),
        revoked=revoked,
    )


def make_rule(
    kind: str = "above", threshold: float = 70, device: str = "boiler", metric: str = "temperature", **more: Any
) -> Rule:
    """A rule on a metric, with what is missing of that."""
    owner, _ = Device.objects.get_or_create(slug=device, defaults={"name": device.title()})
    watched, _ = Metric.objects.get_or_create(device=owner, name=metric, defaults={"unit": "°C"})
    if kind == Rule.Kind.SILENT:
        return Rule.objects.create(metric=watched, kind=kind, **more)
    return Rule.objects.create(metric=watched, kind=kind, threshold=threshold, **more)


def make_alarm(rule: Rule, raised_ns: int, **more: Any) -> Alarm:
    alarm = Alarm.of(rule, raised_ns, more.pop("value", None))
    for field, value in more.items():
        setattr(alarm, field, value)
    alarm.save()
    return alarm
