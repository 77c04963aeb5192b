from django.urls import path, re_path

from threechat import moment_views, staff_views, views
from threechat.media import views as media_views

urlpatterns = [
    path("chat/", views.chat, name="chat"),
    path("chat/room/<int:room_id>/", views.room_by_id, name="room-by-id"),
    # As long as codes are, so that a room called "join" has its pages too.
    re_path(r"^chat/join/(?P<code>[\w-]{24})/$", views.join, name="join"),
    path("chat/<str:room>/", views.room, name="room"),
    path("chat/media/<str:name>", media_views.media_file, name="media-file"),
    path("chat/<str:room>/media/", media_views.upload, name="upload"),
    path("chat/<str:room>/messages/", views.messages, name="messages"),
    path("chat/<str:room>/messages/<int:number>/", staff_views.message, name="message"),
    path("chat/<str:room>/settings/", staff_views.room_settings, name="room-settings"),
    path("chat/<str:room>/members/", staff_views.members, name="members"),
    path("chat/<str:room>/members/<int:user>/", staff_views.member, name="member"),
    path("chat/<str:room>/invitation/", staff_views.invitation, name="invitation"),
    path("two/moments/", moment_views.moments, name="two-moments"),
    path("two/alarms/", moment_views.alarms, name="two-alarms"),
    path("two/alarms/<int:alarm>/acknowledge/", moment_views.acknowledgement, name="acknowledge"),
]
