from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from two.alarms.rules import FIELDS, RuleForm, save
from two.models import Alarm, Delivery, Rule
from two.nanoseconds import NS_PER_SECOND


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RuleForm
    fields = [*FIELDS, "phase", "webhook_secret", "created"]
    readonly_fields = ["phase", "webhook_secret", "created"]
    autocomplete_fields = ["metric"]
    list_display = ["__str__", "device", "phase", "is_enabled", "webhook_url"]
    list_filter = ["phase", "is_enabled", "kind"]
    list_select_related = ["metric__device"]
    search_fields = ["metric__device__slug", "metric__name"]

    @admin.display(description=_("device"), ordering="metric__device__slug")
    def device(self, rule: Rule) -> str:
        return rule.metric.device.slug

    def save_model(self, request: HttpRequest, obj: Rule, form: RuleForm, change: bool) -> None:
        save(obj, form.changed_data)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Without loading every alarm, as the admin otherwise does."""
        open_one = gettext("%(what)s, with all of its alarms; nobody hears that the open one ends")
        others = gettext("%(what)s, with all of its alarms")
        named = [(open_one if one.phase == Rule.Phase.RAISED else others) % {"what": one} for one in objs]
        return named, {str(self.opts.verbose_name_plural): len(named)}, set(), []

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Rule]") -> None:
        for rule in queryset:
            rule.delete()


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    show_full_result_count = False
    search_fields = ["rule__metric__device__slug", "rule__metric__name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("rule__metric__device")

    @admin.display(description=_("rule"), ordering="rule")
    def which(self, row: Alarm | Delivery) -> str:
        return f"{row.rule.metric.device.slug}: {row.rule}"


@admin.register(Alarm)
class AlarmAdmin(ReadOnly):
    list_display = ["id", "which", "raised", "cleared", "value", "acknowledged_by", "acknowledged_on"]
    fields = ["which", "raised", "cleared", "value", "acknowledged_by", "acknowledged_on"]

    @admin.display(description=_("raised"), ordering="raised_ns")
    def raised(self, alarm: Alarm) -> datetime:
        return _moment(alarm.raised_ns)

    @admin.display(description=_("cleared"), ordering="cleared_ns")
    def cleared(self, alarm: Alarm) -> datetime | None:
        return None if alarm.cleared_ns is None else _moment(alarm.cleared_ns)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ["id", "which", "is_test", "created", "attempts", "next_on", "error"]
    fields = ["which", "is_test", "body", "created", "attempts", "next_on", "error"]


def _moment(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / NS_PER_SECOND, UTC)
