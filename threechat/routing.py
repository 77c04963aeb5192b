from django.urls import path

from threechat.consumers import RoomConsumer, RoomsConsumer

websocket_urlpatterns = [
    path("ws/chat/", RoomsConsumer.as_asgi()),
    path("ws/chat/room/<int:room_id>/", RoomConsumer.as_asgi()),
    path("ws/chat/<str:room>/", RoomConsumer.as_asgi()),
]
