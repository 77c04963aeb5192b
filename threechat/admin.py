from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from threechat.changes import take_back
from threechat.models import Membership, Message, Room
from threechat.rooms import device_of

MAX_COUNTED = 10_000  # rows; the pages behind them are reached by searching


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than somebody would turn pages."""

    @cached_property
    def count(self) -> int:
        return int(self.object_list[:MAX_COUNTED].count())  # type: ignore[attr-defined]


class ManyRows(admin.ModelAdmin):  # type: ignore[type-arg]
    """For tables of millions: counts and loads no more than a page shows."""

    paginator = BoundedPaginator
    show_full_result_count = False
    sortable_by = ()
    list_per_page = 50

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        return [str(one) for one in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    raw_id_fields = ["user"]
    extra = 0


@admin.register(Room)
class RoomAdmin(ManyRows):
    list_display = ["name", "last_on", "last_id", "members_only", "read_only"]
    list_filter = ["members_only", "read_only", "last_on"]
    search_fields = ["name"]
    ordering = ["-last_on"]
    fields = ["name", "members_only", "read_only"]
    inlines = [MembershipInline]

    def save_model(self, request: HttpRequest, obj: Room, form: Any, change: bool) -> None:
        """Says what changed: dashboards ask anew after some of it alone."""
        obj.save(update_fields=form.changed_data if change else None)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        _named, counts, missing, protected = super().get_deleted_objects(objs, request)
        reopens = gettext("%(room)s: the next alarm of its device makes a new one, open to everybody")
        named = [reopens % {"room": one} if device_of(one.name) else str(one) for one in objs]
        return named, counts, missing, protected


@admin.register(Message)
class MessageAdmin(ManyRows):
    list_display = ["sent_on", "room", "username", "guest", "content"]
    list_display_links = ["sent_on"]
    list_filter = ["kind", "guest", "sent_on"]
    list_select_related = ["room", "media"]
    search_fields = ["text", "username", "room__name"]
    raw_id_fields = ["room", "user", "media"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Message]":
        return super().get_queryset(request).exclude(kind=Message.Kind.DELETED)

    @admin.display(description=_("content"))
    def content(self, message: Message) -> str:
        if message.media:
            return f"{message.get_kind_display()}: {message.media}"
        return message.text if len(message.text) <= 80 else f"{message.text[:79]}…"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False  # what somebody said is theirs; it can be deleted

    def delete_model(self, request: HttpRequest, obj: Message) -> None:
        take_back(obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Message]") -> None:
        for message in queryset:
            take_back(message)
