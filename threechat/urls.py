from django.urls import path

from threechat import views

urlpatterns = [
    path("chat/", views.chat, name="chat"),
    path("chat/<str:room>/", views.room, name="room"),
]
