"""Devices, their metrics, every reading, what is kept of readings per minute and hour, and alarms.

Times are Unix nanoseconds: a reading's identity is its metric and its nanosecond, and the first value wins.
"""

import hashlib
import secrets
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from two.alarms.conditions import check_condition
from two.alarms.words import describe

MAX_SLUG_CHARACTERS = 64
MAX_METRIC_CHARACTERS = 100
MAX_UNIT_CHARACTERS = 20


def lock(*found: "QuerySet[Any]") -> None:
    """Lets the writers of these rows finish, and the next ones wait, before they are deleted.

    Without it PostgreSQL finds rows that came meanwhile and refuses, or each waits for the other.
    """
    for rows in found:
        list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk"))


class Device(models.Model):
    name = models.CharField(_("name"), max_length=100)
    slug = models.CharField(_("slug"), max_length=MAX_SLUG_CHARACTERS, unique=True)
    interval_seconds = models.FloatField(
        _("expected interval in seconds"),
        null=True,
        blank=True,
        help_text=_(
            "A device that is silent for 2.5 times as long is shown as silent. Empty: learned from its readings."
        ),
    )
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        ordering = ["slug"]
        verbose_name, verbose_name_plural = _("device"), _("devices")

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """With all of its readings."""
        with transaction.atomic():
            lock(Device.objects.filter(pk=self.pk), self.metrics.all(), Rule.objects.filter(metric__device=self))
            return super().delete(*args, **kwargs)


class Metric(models.Model):
    device = models.ForeignKey(Device, models.CASCADE, related_name="metrics", verbose_name=_("device"))
    name = models.CharField(_("name"), max_length=MAX_METRIC_CHARACTERS)
    unit = models.CharField(_("unit"), max_length=MAX_UNIT_CHARACTERS, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["device", "name"], name="two_metric_of_device")]
        verbose_name, verbose_name_plural = _("metric"), _("metrics")

    def __str__(self) -> str:
        return f"{self.device.name} · {self.name}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """With all of its readings."""
        with transaction.atomic():
            lock(Metric.objects.filter(pk=self.pk), self.rules.all())
            return super().delete(*args, **kwargs)


class Reading(models.Model):
    """One value. Its primary key is also the index that every question about the past uses."""

    pk = models.CompositePrimaryKey("metric_id", "at_ns")
    metric = models.ForeignKey(Metric, models.CASCADE, related_name="+", db_index=False)
    at_ns = models.BigIntegerField()
    value = models.FloatField()


class Rollup(models.Model):
    """The readings of one metric in one period.

    The sum is kept divided by 2**64, which is exact, so that readings near the largest float do not overflow it.
    """

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="+", db_index=False)
    start_ns = models.BigIntegerField()
    count = models.BigIntegerField()
    scaled_sum = models.FloatField()
    minimum = models.FloatField()
    maximum = models.FloatField()

    class Meta:
        abstract = True


class MinuteRollup(Rollup):
    pk = models.CompositePrimaryKey("metric_id", "start_ns")


class HourRollup(Rollup):
    pk = models.CompositePrimaryKey("metric_id", "start_ns")


class AccessToken(models.Model):
    """What a device, a whole site or a wall shows instead of a password. Only its digest is kept."""

    class Scope(models.TextChoices):
        DEVICE = "device", _("writes for one device")
        SITE = "site", _("writes for any device, and creates devices by writing")
        VIEW = "view", _("opens pages and sockets to look at")

    scope = models.CharField(_("scope"), max_length=6, choices=Scope.choices)
    device = models.ForeignKey(
        Device, models.CASCADE, related_name="tokens", null=True, blank=True, verbose_name=_("device")
    )
    label = models.CharField(_("label"), max_length=100, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    revoked = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        verbose_name, verbose_name_plural = _("access token"), _("access tokens")

    def __str__(self) -> str:
        return self.label or f"{self.scope} {self.pk}"

    @staticmethod
    def digest_of(token: str) -> str:
        """SHA-256 as hex: a token is 256 random bits, so nothing slower is needed."""
        return hashlib.sha256(token.encode(errors="replace")).hexdigest()

    @classmethod
    def issue(cls, scope: "AccessToken.Scope", device: Device | None = None, label: str = "") -> str:
        """Makes a token and returns it; this is the only time that it can be seen."""
        row = cls(scope=scope, device=device, label=label)
        token = row.fill()
        row.save()
        return token

    def fill(self) -> str:
        """Gives an unsaved row a new token and returns that."""
        token = secrets.token_urlsafe(32)
        self.digest = self.digest_of(token)
        return token


class Rule(models.Model):
    """When a metric raises an alarm; with it, how far that is.

    Readings up to `settled_ns` count no more: what was said of them stays said.
    """

    class Kind(models.TextChoices):
        ABOVE = "above", _("above")
        BELOW = "below", _("below")
        RATE = "rate", _("changes faster than")
        SILENT = "silent", _("silent for")

    class Phase(models.TextChoices):
        CLEAR = "clear", _("clear")
        PENDING = "pending", _("pending")  # it holds, but not for long enough yet
        RAISED = "raised", _("raised")

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="rules", verbose_name=_("metric"))
    kind = models.CharField(_("condition"), max_length=6, choices=Kind.choices)
    # In the metric's unit; of a rate, that much per minute.
    threshold = models.FloatField(_("threshold"), null=True, blank=True)
    hold_seconds = models.FloatField(_("for seconds"), default=0)
    hysteresis = models.FloatField(_("hysteresis"), default=0)
    # No URLField: that one refuses the names that containers have. two/alarms/addresses.py says what may stand here.
    webhook_url = models.CharField(_("webhook"), max_length=500, blank=True)
    webhook_secret = models.CharField(_("webhook secret"), max_length=64, blank=True, editable=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    phase = models.CharField(max_length=7, choices=Phase.choices, default=Phase.CLEAR, editable=False)
    since_ns = models.BigIntegerField(default=0, editable=False)
    settled_ns = models.BigIntegerField(default=0, editable=False)
    told_on = models.DateTimeField(null=True, editable=False)  # when it last spoke in the device's room
    untold = models.BigIntegerField(default=0, editable=False)  # alarms since then that were counted, but not kept

    class Meta:
        ordering = ["metric__device__slug", "metric__name", "pk"]
        verbose_name, verbose_name_plural = _("alarm rule"), _("alarm rules")

    def clean(self) -> None:
        check_condition(self)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """With its alarms; what was said of them stays."""
        with transaction.atomic():
            lock(Rule.objects.filter(pk=self.pk))
            return super().delete(*args, **kwargs)

    def __str__(self) -> str:
        return describe(self.kind, self.metric.name, self.metric.unit, self.threshold, self.hold_seconds)


class Alarm(models.Model):
    """A rule's condition, as it was then, held from `raised_ns` until `cleared_ns`. At most one of a rule is open."""

    class Told(models.IntegerChoices):
        NOTHING = 0
        RAISED = 1
        ALL = 2

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="alarms", verbose_name=_("rule"))
    kind = models.CharField(_("condition"), max_length=6, choices=Rule.Kind.choices)
    threshold = models.FloatField(_("threshold"), null=True)
    hold_seconds = models.FloatField(_("for seconds"))
    raised_ns = models.BigIntegerField(_("raised"))
    cleared_ns = models.BigIntegerField(_("cleared"), null=True)
    value = models.FloatField(_("value"), null=True)  # that raised it; none of silence
    told = models.PositiveSmallIntegerField(choices=Told.choices, default=Told.NOTHING)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=150, blank=True)
    acknowledged_on = models.DateTimeField(_("acknowledged"), null=True)

    class Meta:
        ordering = ["-raised_ns"]
        verbose_name, verbose_name_plural = _("alarm"), _("alarms")
        constraints = [
            models.UniqueConstraint(fields=["rule"], condition=models.Q(cleared_ns=None), name="two_open_alarm_once"),
        ]
        indexes = [
            models.Index(fields=["raised_ns"], name="two_alarm_raised"),
            models.Index(fields=["raised_ns"], condition=models.Q(cleared_ns=None), name="two_alarm_open"),
            models.Index(fields=["rule"], condition=models.Q(told__lt=2), name="two_alarm_untold"),
        ]

    def __str__(self) -> str:
        metric = self.rule.metric
        return describe(self.kind, metric.name, metric.unit, self.threshold, self.hold_seconds)

    @classmethod
    def of(cls, rule: Rule, raised_ns: int, value: float | None) -> "Alarm":
        """A new one, which is not saved."""
        condition = {"kind": rule.kind, "threshold": rule.threshold, "hold_seconds": rule.hold_seconds}
        return cls(rule=rule, raised_ns=raised_ns, value=value, **condition)


class Delivery(models.Model):
    """A message of an alarm on its way to a webhook."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="deliveries", verbose_name=_("rule"))
    body = models.TextField(_("body"))  # JSON, as it is signed and sent
    is_test = models.BooleanField(_("test"), default=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created = models.DateTimeField(_("created"), default=timezone.now)
    next_on = models.DateTimeField(_("next attempt"), default=timezone.now, null=True)  # none: it is done with
    error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("webhook delivery"), _("webhook deliveries")
        indexes = [
            models.Index(fields=["next_on"], condition=models.Q(next_on__isnull=False), name="two_delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} · {self.pk}"
