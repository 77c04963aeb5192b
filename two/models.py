"""Devices, their metrics, every reading, and what is kept of readings per minute and hour.

Times are Unix nanoseconds: a reading's identity is its metric and its nanosecond, and the first value wins.
"""

import hashlib
import secrets
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_SLUG_CHARACTERS = 64
MAX_METRIC_CHARACTERS = 100
MAX_UNIT_CHARACTERS = 20


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
        """With all of its readings. Writers wait meanwhile: otherwise PostgreSQL would refuse the deletion."""
        with transaction.atomic():
            list(Device.objects.select_for_update().filter(pk=self.pk))
            list(self.metrics.select_for_update().order_by("pk"))
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
        return self.name


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
