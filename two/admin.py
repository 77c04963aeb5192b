from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from two.alarms import admin as alarms  # noqa: F401 it registers its own
from two.devices import MAX_INTERVAL_SECONDS, MIN_INTERVAL_SECONDS
from two.models import AccessToken, Device, Metric


class MetricInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Metric
    extra = 0
    can_delete = False
    fields = ["name", "unit"]
    readonly_fields = ["name"]

    def has_add_permission(self, request: HttpRequest, obj: Device | None = None) -> bool:
        return False


class WithoutReadings(admin.ModelAdmin):  # type: ignore[type-arg]
    """Says what goes with a deletion without loading every reading, as the admin otherwise does."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a device needs a token ("+ Add a device", `manage.py device`); metrics come by themselves

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        named = [gettext("%(what)s, with all of its readings") % {"what": one} for one in objs]
        return named, {str(self.opts.verbose_name_plural): len(named)}, set(), []

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        for one in queryset:
            one.delete()


@admin.register(Device)
class DeviceAdmin(WithoutReadings):
    list_display = ["name", "slug", "interval_seconds", "created"]
    search_fields = ["name", "slug"]
    readonly_fields = ["slug", "created"]
    inlines = [MetricInline]

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "interval_seconds":
            kwargs |= {"min_value": MIN_INTERVAL_SECONDS, "max_value": MAX_INTERVAL_SECONDS}
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Metric)
class MetricAdmin(WithoutReadings):
    list_display = ["name", "device", "unit"]
    list_editable = ["unit"]
    search_fields = ["name", "device__slug", "device__name"]
    readonly_fields = ["device", "name"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("device")


class NewTokenForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = AccessToken
        fields = ["scope", "device", "label"]

    def clean(self) -> None:
        super().clean()
        is_for_device = self.cleaned_data.get("scope") == AccessToken.Scope.DEVICE
        if is_for_device != bool(self.cleaned_data.get("device")):
            self.add_error("device", _("A token that writes for one device needs a device; no other has one."))


@admin.register(AccessToken)
class AccessTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["label", "scope", "device", "created", "revoked"]
    list_filter = ["scope"]
    list_select_related = ["device"]
    search_fields = ["label", "device__slug"]
    actions = ["revoke"]
    form = NewTokenForm

    def has_change_permission(self, request: HttpRequest, obj: AccessToken | None = None) -> bool:
        return obj is None and super().has_change_permission(request)  # revoke it and make a new one

    def save_model(self, request: HttpRequest, obj: AccessToken, form: NewTokenForm, change: bool) -> None:
        token = obj.fill()
        super().save_model(request, obj, form, change)
        text = gettext("The token, which is shown this once: %(token)s") % {"token": token}
        messages.warning(request, text)

    @admin.action(description=_("Revoke the selected tokens"))
    def revoke(self, request: HttpRequest, queryset: "QuerySet[AccessToken]") -> None:
        count = queryset.filter(revoked=None).update(revoked=timezone.now())
        self.message_user(request, gettext("%(count)d revoked; they end within 10 seconds.") % {"count": count})
