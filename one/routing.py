from django.urls import path

from one.consumers import OneConsumer

websocket_urlpatterns = [
    path("ws/any_url/", OneConsumer.as_asgi()),
    path("ws/one/", OneConsumer.as_asgi()),
]
