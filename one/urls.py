from django.urls import path

from one import views

urlpatterns = [path("one/", views.one, name="one")]
