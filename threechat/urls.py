from django.urls import path

from threechat import staff_views, views

urlpatterns = [
    path("chat/", views.chat, name="chat"),
    path("chat/room/<int:number>/", views.room_by_number, name="room-by-number"),
    path("chat/join/<str:code>/", views.join, name="join"),
    path("chat/<str:room>/", views.room, name="room"),
    path("chat/<str:room>/messages/", views.messages, name="messages"),
    path("chat/<str:room>/messages/<int:number>/", staff_views.message, name="message"),
    path("chat/<str:room>/settings/", staff_views.room_settings, name="room-settings"),
    path("chat/<str:room>/members/", staff_views.members, name="members"),
    path("chat/<str:room>/members/<int:user>/", staff_views.member, name="member"),
    path("chat/<str:room>/invitation/", staff_views.invitation, name="invitation"),
]
