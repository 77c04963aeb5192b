from django.urls import path

from two import views

urlpatterns = [
    path("two/", views.two, name="two"),
    path("two/readings/", views.readings, name="two-readings"),
]
