from django.urls import path

from two.consumers import TwoConsumer

websocket_urlpatterns = [
    path("ws/two_url/", TwoConsumer.as_asgi()),
    path("ws/two/", TwoConsumer.as_asgi()),
]
