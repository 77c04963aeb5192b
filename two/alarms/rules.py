"""Making and changing rules, for the device's page and the admin alike."""

import secrets
import time
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from examplechannels.announcements import announce
from two.alarms.addresses import BadWebhook, target_of
from two.live import EVENTS, LOOK_AGAIN
from two.models import Alarm, Delivery, Device, Metric, Rule

MAX_RULES = 10_000
MAX_RULES_OF_DEVICE = 100
MOST_WRITTEN_OUT = 1e15
CONDITION_FIELDS = ["metric", "kind", "threshold", "hold_seconds", "hysteresis"]  # no two rules have them alike
RESTARTING_FIELDS = [*CONDITION_FIELDS, "is_enabled"]  # when one is changed, the rule begins anew
FIELDS = [*RESTARTING_FIELDS, "webhook_url"]


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks what needs the database or this site's settings; what a rule alone can tell, `Rule.clean` checks."""

    class Meta:
        model = Rule
        fields = FIELDS
        widgets = {"webhook_url": forms.URLInput({"class": "vURLField"})}  # the class is the admin's, for its width
        help_texts = {
            "threshold": gettext_lazy("In the metric's unit; of a change, that much a minute. Not for silence."),
            "hold_seconds": gettext_lazy("How long it has to hold, or be silent, before there is an alarm."),
            "hysteresis": gettext_lazy("How far it has to come back before the alarm ends."),
            "webhook_url": gettext_lazy("Gets a signed POST when the alarm is raised and when it ends."),
        }

    def clean_webhook_url(self) -> str:
        """One that was taken once stays, whatever is allowed now: what is sent is checked anyway."""
        url: str = self.cleaned_data["webhook_url"]
        try:
            if url and "webhook_url" in self.changed_data:
                target_of(url)
        except BadWebhook as error:
            raise forms.ValidationError(str(error), code="bad-webhook") from None
        return url

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.initial.items():
            if isinstance(value, float) and value.is_integer() and abs(value) < MOST_WRITTEN_OUT:
                self.initial[name] = int(value)  # 70, as it was typed in, not 70.0
        if self.instance.pk:
            self.fields["metric"].disabled = True  # its alarms were about this one

    def clean_metric(self) -> Metric:
        metric: Metric = self.cleaned_data["metric"]
        others = Rule.objects.exclude(pk=self.instance.pk)
        if others.filter(metric__device=metric.device_id).count() >= MAX_RULES_OF_DEVICE:
            raise forms.ValidationError(_("A device has at most 100 rules."), code="too-many-rules")
        if others.count() >= MAX_RULES:
            raise forms.ValidationError(_("There are 10,000 rules already."), code="too-many-rules")
        return metric

    def validate_unique(self) -> None:
        """As the model has it by now: of silence neither threshold nor hysteresis counts."""
        super().validate_unique()
        is_other = not self.instance.pk or not set(CONDITION_FIELDS).isdisjoint(self.changed_data)
        if self.errors or not is_other:
            return
        values = {name: getattr(self.instance, name) for name in CONDITION_FIELDS}
        if Rule.objects.exclude(pk=self.instance.pk).filter(**values).exists():
            self.add_error(None, forms.ValidationError(_("There is this very rule already."), code="no-other"))


class MetricField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, metric: Metric) -> str:
        return f"{metric.name} ({metric.unit})" if metric.unit else metric.name


class RuleOfDeviceForm(RuleForm):
    """With the metrics of one device to choose from."""

    def __init__(self, device: Device, data: QueryDict | None = None, instance: Rule | None = None) -> None:
        super().__init__(data, instance=instance)
        self.fields["metric"] = MetricField(device.metrics.select_related("device"), disabled=bool(self.instance.pk))


@transaction.atomic
def save(rule: Rule, changed: list[str]) -> None:
    """Saves what a form has changed of a rule, and nothing that its evaluation may have changed meanwhile.

    A new condition begins anew. The webhook's secret comes and goes with the webhook.

    Raises:
        Http404: somebody has deleted it meanwhile.
    """
    is_new = rule.pk is None
    if not rule.webhook_url:
        rule.webhook_secret = ""
    elif not rule.webhook_secret:
        rule.webhook_secret = secrets.token_urlsafe(32)
    if is_new:
        rule.settled_ns = time.time_ns()
        rule.save()
        return
    get_object_or_404(Rule.objects.select_for_update(), pk=rule.pk)
    rule.save(update_fields=[*FIELDS, "webhook_secret"])
    if not set(RESTARTING_FIELDS).isdisjoint(changed):
        restart(rule)


@transaction.atomic
def restart(rule: Rule) -> None:
    """Begins anew: readings up to now count no more, and an open alarm ends."""
    now_ns = time.time_ns()
    list(Rule.objects.select_for_update().filter(pk=rule.pk))
    rule.phase, rule.since_ns, rule.settled_ns = Rule.Phase.CLEAR, now_ns, now_ns
    rule.save(update_fields=["phase", "since_ns", "settled_ns"])
    if Alarm.objects.filter(rule=rule, cleared_ns=None).update(cleared_ns=Greatest("raised_ns", now_ns)):
        announce(EVENTS, LOOK_AGAIN)


@receiver(post_delete, sender=Rule, dispatch_uid="two.rule_deleted")
def rule_deleted(**kwargs: Any) -> None:
    """Perhaps with an open alarm, perhaps with its device."""
    announce(EVENTS, LOOK_AGAIN)


def rules_of(device: Device) -> "QuerySet[Rule]":
    """Each with `last_error`, `last_attempts`, … of its latest delivery; null where there was none."""
    latest = Delivery.objects.filter(rule=OuterRef("pk")).order_by("-pk")
    return (
        Rule.objects.filter(metric__device=device)
        .select_related("metric__device")
        .annotate(
            last_error=Subquery(latest.values("error")[:1]),
            last_attempts=Subquery(latest.values("attempts")[:1]),
            last_next_on=Subquery(latest.values("next_on")[:1]),
            last_created=Subquery(latest.values("created")[:1]),
            last_is_test=Subquery(latest.values("is_test")[:1]),
        )
    )
